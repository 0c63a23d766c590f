import type { Cluster, Redis } from 'ioredis';
import { CircuitBreaker, GatewayError, type Clock } from '../shared/index.js';
import { redisClockDifference } from './redis-clock.js';
import { redisConcerns } from './redis-settings.js';
import { isUnconnected, redisPlace, redisReason } from './redis-words.js';
import type { StateStore, StoreConcern } from './store.js';

export interface RedisStoreOptions {
  /** A connection for commands (`connectRedis(address, 'commands')`); stays the caller's to close. */
  readonly connection: Redis | Cluster;
  readonly clock: Clock;
  /** First part of every key. Default `claims-gateway`. */
  readonly prefix?: string;
}

// ioredis gives the error of `commandTimeout` no code and no class of its own.
const COMMAND_TIMED_OUT = 'Command timed out';

const PROBE_LIFETIME = 60_000;

/**
 * How much longer than its assertion a claim is kept, ms. Another gateway whose clock is behind takes the assertion for
 * longer, and Redis forgets early by as much as its own clock is set forward meanwhile.
 */
const CLAIM_MARGIN = 300_000;

/**
 * The store of several machines. Redis is told how long to keep an entry (PX), never until when: its clock may differ
 * from ours, and a claim that it took for expired would be no claim. Each command is bounded in time by the
 * connection's options; after one that took too long the next ones fail at once, until Redis answers again.
 */
class RedisStore implements StateStore {
  readonly #connection: Redis | Cluster;
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #breaker: CircuitBreaker;
  /** Why there is no connection, while there is none. */
  #lost: Error | null = null;

  constructor(options: RedisStoreOptions) {
    this.#connection = options.connection;
    this.#clock = options.clock;
    this.#prefix = options.prefix ?? 'claims-gateway';
    this.#connection.on('error', (error: Error) => {
      this.#lost = error;
    });
    this.#connection.on('ready', () => {
      this.#lost = null;
    });
    this.#breaker = new CircuitBreaker({
      name: 'Redis',
      probe: () => this.#connection.ping(),
      isHang: (error) => error instanceof Error && error.message === COMMAND_TIMED_OUT,
    });
  }

  claimOnce(key: string, expiresAt: number): Promise<boolean> {
    return this.#ask(async () => {
      const lifetime = this.#until(expiresAt) + CLAIM_MARGIN;
      const reply = await this.#connection.set(this.#key('claim', key), '1', 'PX', lifetime, 'NX');
      return reply === 'OK';
    });
  }

  async putRequest(id: string, record: string, expiresAt: number): Promise<void> {
    await this.#ask(() => this.#connection.set(this.#key('request', id), record, 'PX', this.#until(expiresAt)));
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

  clockDifference(): Promise<number | null> {
    return this.#ask(() => redisClockDifference(this.#connection, this.#clock));
  }

  concerns(): Promise<StoreConcern[]> {
    return this.#ask(() => redisConcerns(this.#connection));
  }

  close(): Promise<void> {
    this.#breaker.close();
    return Promise.resolve();
  }

  /** Milliseconds, at least the one that Redis asks for. */
  #until(expiresAt: number): number {
    return Math.max(1, Math.ceil(expiresAt - this.#clock.now()));
  }

  #key(collection: string, id: string): string {
    return `${this.#prefix}:${collection}:${id}`;
  }

  async #ask<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await this.#breaker.run(command);
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      const known = isUnconnected(cause) ? this.#lost : cause;
      const detail = known === null ? 'there is no connection' : redisReason(known);
      throw new GatewayError('STORE_UNAVAILABLE', `${redisPlace(this.#connection)}: ${detail}`, { cause });
    }
  }
}

export function createRedisStore(options: RedisStoreOptions): StateStore {
  return new RedisStore(options);
}
