import type { Cluster, Redis } from 'ioredis';
import { GatewayError } from '../shared/index.js';
import type { StateStore } from './store.js';

export interface RedisStoreOptions {
  /** A connection for commands (`connectRedis(address, 'commands')`); stays the caller's to close. */
  readonly connection: Redis | Cluster;
  /** First part of every key. Default `claims-gateway`. */
  readonly prefix?: string;
}

/**
 * The store of several machines. Expiry is Redis's own (PXAT, Redis 6.2): its clock decides, so that all gateways
 * agree. Each command is bounded in time by the connection's options.
 */
class RedisStore implements StateStore {
  readonly #connection: Redis | Cluster;
  readonly #prefix: string;

  constructor(options: RedisStoreOptions) {
    this.#connection = options.connection;
    this.#prefix = options.prefix ?? 'claims-gateway';
  }

  claimOnce(key: string, expiresAt: number): Promise<boolean> {
    return this.#ask(async () => {
      const reply = await this.#connection.set(this.#key('claim', key), '1', 'PXAT', Math.ceil(expiresAt), 'NX');
      return reply === 'OK';
    });
  }

  async putRequest(id: string, record: string, expiresAt: number): Promise<void> {
    await this.#ask(() => this.#connection.set(this.#key('request', id), record, 'PXAT', Math.ceil(expiresAt)));
  }

  findRequest(id: string): Promise<string | null> {
    return this.#ask(() => this.#connection.get(this.#key('request', id)));
  }

  takeRequest(id: string): Promise<string | null> {
    return this.#ask(() => this.#connection.getdel(this.#key('request', id)));
  }

  async ping(): Promise<void> {
    await this.#ask(() => this.#connection.ping());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #key(collection: string, id: string): string {
    return `${this.#prefix}:${collection}:${id}`;
  }

  async #ask<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new GatewayError('STORE_UNAVAILABLE', `Redis did not answer: ${detail}`, { cause });
    }
  }
}

export function createRedisStore(options: RedisStoreOptions): StateStore {
  return new RedisStore(options);
}
