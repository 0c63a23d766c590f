import formbody from '@fastify/formbody';
import Fastify, { type FastifyInstance } from 'fastify';

/** Where to listen. Port 0 takes a free one. */
export interface ListenAddress {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** A Fastify instance that reads forms and that `close()` ends at once, hanging requests included. */
export async function createSite(): Promise<FastifyInstance> {
  const site = Fastify({ forceCloseConnections: true, bodyLimit: 1_048_576 });
  await site.register(formbody);
  return site;
}

/** Listens; answers the base URL without a trailing slash. */
export async function openSite(site: FastifyInstance, address: ListenAddress): Promise<string> {
  return site.listen({ host: address.host ?? '127.0.0.1', port: address.port ?? 0 });
}

/** Does what may fail after the site has opened; where it fails, nothing stays open behind the error. */
export async function orClose<Result>(site: FastifyInstance, action: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    await site.close();
    throw error;
  }
}

/** A form or query parameter that occurs exactly once; else null. */
export function parameter(parameters: unknown, name: string): string | null {
  if (typeof parameters !== 'object' || parameters === null) return null;
  const value: unknown = Object.getOwnPropertyDescriptor(parameters, name)?.value;
  return typeof value === 'string' ? value : null;
}

/** A value that comes later: what the routes need of an address that is only known after listening. */
export class Later<Value> {
  readonly ready: Promise<Value>;
  #resolve: (value: Value) => void = () => undefined;

  constructor() {
    this.ready = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  set(value: Value): void {
    this.#resolve(value);
  }
}
