import type { Cluster, Redis } from 'ioredis';
import { CircuitBreaker, GatewayError } from '../../shared/index.js';

export type Connection = Redis | Cluster;

/** Runs a command; whatever goes wrong becomes `STORE_UNAVAILABLE`. */
export type Ask = <T>(command: () => Promise<T>) => Promise<T>;

/** One for all that use the connection: whoever meets a Redis that hangs spares the others the wait. */
export function createAsk(connection: Connection): { readonly ask: Ask; readonly close: () => void } {
  const breaker = new CircuitBreaker({ name: 'Redis', probe: () => connection.ping(), isHang });
  return {
    ask: async (command) => {
      try {
        return await breaker.run(command);
      } catch (cause) {
        if (cause instanceof GatewayError) throw cause;
        const detail = cause instanceof Error ? cause.message : String(cause);
        throw new GatewayError('STORE_UNAVAILABLE', `Redis did not answer: ${detail}`, { cause });
      }
    },
    close: () => {
      breaker.close();
    },
  };
}

class NoAnswer extends Error {}

// ioredis gives the error of `commandTimeout` no code and no class of its own.
function isHang(error: unknown): boolean {
  return error instanceof NoAnswer || (error instanceof Error && error.message === 'Command timed out');
}

/** Resolves as `action` does, or fails after `limit` milliseconds; for calls that wait for a connection by themselves. */
export async function within<T>(limit: number, action: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new NoAnswer(`no answer within ${limit} ms`));
    }, limit);
  });
  try {
    return await Promise.race([action(), late]);
  } finally {
    clearTimeout(timer);
  }
}
