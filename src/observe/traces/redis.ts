import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '../../shared/index.js';
import {
  EVICTIONS_PER_WRITE,
  MAX_ENTRIES,
  type Trace,
  type TraceBounds,
  type TraceEntry,
  type TraceStore,
} from './trace.js';

export interface RedisTraceOptions {
  /** Stays the caller's: `close` leaves it open. Its commandTimeout bounds every call. */
  readonly connection: Redis | Cluster;
  readonly clock: Clock;
  readonly bounds: TraceBounds;
}

// One hash tag: on a cluster all traces lie in one slot, which the script below needs.
const INDEX = '{claims-gateway:traces}:index';
const TRACE = '{claims-gateway:traces}:trace:';

/**
 * Appends an entry, notes the trace's age at its first one, and takes away what is too old or too much. One script,
 * so that two workers that write to one trace at once do not lose each other's entry.
 */
const ADD = `
local reference, entry, at, now = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local age, count, entries, evictions = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local key = KEYS[2] .. reference
redis.call('ZADD', KEYS[1], 'NX', at, reference)
if redis.call('LLEN', key) >= entries then redis.call('LSET', key, -1, entry) else redis.call('RPUSH', key, entry) end
redis.call('PEXPIRE', key, age)
redis.call('PEXPIRE', KEYS[1], age)
local excess = redis.call('ZCARD', KEYS[1]) - count
local oldest = redis.call('ZRANGE', KEYS[1], 0, evictions - 1, 'WITHSCORES')
for i = 1, #oldest, 2 do
  if excess <= 0 and tonumber(oldest[i + 1]) > now - age then break end
  redis.call('DEL', KEYS[2] .. oldest[i])
  redis.call('ZREM', KEYS[1], oldest[i])
  excess = excess - 1
end
return 1`;

export function createRedisTraceStore(options: RedisTraceOptions): TraceStore {
  return new RedisTraceStore(options);
}

class RedisTraceStore implements TraceStore {
  readonly #connection: Redis | Cluster;
  readonly #clock: Clock;
  readonly #bounds: TraceBounds;

  constructor({ connection, clock, bounds }: RedisTraceOptions) {
    this.#connection = connection;
    this.#clock = clock;
    this.#bounds = bounds;
  }

  async add(reference: string, entry: TraceEntry): Promise<void> {
    const { age, count } = this.#bounds;
    const bounds = [age, count, MAX_ENTRIES, EVICTIONS_PER_WRITE];
    const now = this.#clock.now();
    await this.#connection.eval(ADD, 2, INDEX, TRACE, reference, JSON.stringify(entry), entry.at, now, ...bounds);
  }

  async find(reference: string): Promise<Trace | null> {
    const at = await this.#connection.zscore(INDEX, reference);
    if (at === null || Number(at) <= this.#oldest()) return null;
    return this.#read(reference);
  }

  async recent(limit: number): Promise<readonly Trace[]> {
    const references = await this.#connection.zrange(
      INDEX,
      '+inf',
      `(${this.#oldest()}`,
      'BYSCORE',
      'REV',
      'LIMIT',
      0,
      limit,
    );
    const traces = await Promise.all(references.map((reference) => this.#read(reference)));
    return traces.filter((trace) => trace !== null);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #oldest(): number {
    return this.#clock.now() - this.#bounds.age;
  }

  async #read(reference: string): Promise<Trace | null> {
    const entries = await this.#connection.lrange(TRACE + reference, 0, -1);
    return entries.length === 0
      ? null
      : { reference, entries: entries.map((entry) => JSON.parse(entry) as TraceEntry) };
  }
}
