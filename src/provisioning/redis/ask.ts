import type { Cluster, Redis } from 'ioredis';
import { GatewayError } from '../../shared/index.js';

export type Connection = Redis | Cluster;

/** Runs a command; whatever goes wrong becomes `STORE_UNAVAILABLE`. */
export async function ask<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command();
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('STORE_UNAVAILABLE', `Redis did not answer: ${detail}`, { cause });
  }
}

/** Resolves as `action` does, or fails after `limit` milliseconds; for calls that wait for a connection by themselves. */
export async function within<T>(limit: number, action: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${limit} ms`));
    }, limit);
  });
  try {
    return await Promise.race([action(), late]);
  } finally {
    clearTimeout(timer);
  }
}
