import type { Clock } from '../../shared/index.js';
import type { Backend } from '../queue.js';
import { createAsk, type Connection } from './ask.js';
import { RedisBudget } from './budget.js';
import { RedisQueue } from './queue.js';
import { RedisRecords } from './records.js';

export interface RedisBackendOptions {
  /** A connection for commands, bounded in time and without an offline queue; stays the caller's to close. */
  readonly connection: Connection;
  /** Opens a connection whose commands wait (`maxRetriesPerRequest: null`); closed with the backend. */
  readonly openBlocking: () => Connection;
  /** First part of every key. Default `claims-gateway`. */
  readonly prefix?: string;
  /** Milliseconds after which a silent worker loses its job. Default 30 000. */
  readonly leaseTime?: number;
  /** A clock that is never set. Default: the time since this process began. */
  readonly monotonic?: Clock;
  /** Told of errors that BullMQ meets between calls; it goes on by itself. */
  readonly onError?: (error: Error) => void;
}

/** Queue, records and budget of several machines on one Redis (single, Sentinel or Cluster). */
export function createRedisBackend(options: RedisBackendOptions): Backend {
  const prefix = options.prefix ?? 'claims-gateway';
  const { connection, openBlocking } = options;
  const { ask, close } = createAsk(connection);
  const queue = new RedisQueue({
    connection,
    ask,
    openBlocking,
    prefix,
    leaseTime: options.leaseTime ?? 30_000,
    onError: options.onError ?? (() => undefined),
  });
  return {
    queue,
    records: new RedisRecords(connection, prefix, ask),
    budget: new RedisBudget(connection, prefix, ask, options.monotonic ?? { now: () => performance.now() }),
    close: () => {
      close();
      return queue.close();
    },
  };
}
