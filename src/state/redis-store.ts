import type { Cluster, Redis } from 'ioredis';
import { CircuitBreaker, GatewayError } from '../shared/index.js';
import { redisConcerns } from './redis-settings.js';
import type { StateStore, StoreConcern } from './store.js';

export interface RedisStoreOptions {
  /** A connection for commands (`connectRedis(address, 'commands')`); stays the caller's to close. */
  readonly connection: Redis | Cluster;
  /** First part of every key. Default `claims-gateway`. */
  readonly prefix?: string;
}

// ioredis gives the error of `commandTimeout` no code and no class of its own.
const COMMAND_TIMED_OUT = 'Command timed out';

const PROBE_LIFETIME = 60_000;

/**
 * The store of several machines. Expiry is Redis's own (PXAT, Redis 6.2): its clock decides, so that all gateways
 * agree. Each command is bounded in time by the connection's options; after one that took too long the next ones fail
 * at once, until Redis answers again.
 */
class RedisStore implements StateStore {
  readonly #connection: Redis | Cluster;
  readonly #prefix: string;
  readonly #breaker: CircuitBreaker;

  constructor(options: RedisStoreOptions) {
    this.#connection = options.connection;
    this.#prefix = options.prefix ?? 'claims-gateway';
    this.#breaker = new CircuitBreaker({
      name: 'Redis',
      probe: () => this.#connection.ping(),
      isHang: (error) => error instanceof Error && error.message === COMMAND_TIMED_OUT,
    });
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
    // A Redis that is full, or a replica, answers PING and takes no claim.
    await this.#ask(() => this.#connection.set(this.#key('probe', 'write'), '1', 'PX', PROBE_LIFETIME));
  }

  ready(): Promise<void> {
    return this.ping();
  }

  concerns(): Promise<StoreConcern[]> {
    return this.#ask(() => redisConcerns(this.#connection));
  }

  close(): Promise<void> {
    this.#breaker.close();
    return Promise.resolve();
  }

  #key(collection: string, id: string): string {
    return `${this.#prefix}:${collection}:${id}`;
  }

  async #ask<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await this.#breaker.run(command);
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new GatewayError('STORE_UNAVAILABLE', `Redis did not answer: ${detail}`, { cause });
    }
  }
}

export function createRedisStore(options: RedisStoreOptions): StateStore {
  return new RedisStore(options);
}
