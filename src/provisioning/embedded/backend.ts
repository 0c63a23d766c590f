import { Sweeper, systemClock, type Clock } from '../../shared/index.js';
import type { Backend } from '../queue.js';
import { EmbeddedBudget } from './budget.js';
import { EmbeddedDatabase } from './database.js';
import { EmbeddedQueue } from './queue.js';
import { EmbeddedRecords, SWEEP_LIMIT } from './records.js';

export interface EmbeddedBackendOptions {
  /**
   * Directory of the database; made if it is missing, readable by its owner only. One process must not open it twice
   * (lmdb would wait for itself); any number of processes may open it.
   */
  readonly path: string;
  readonly clock?: Clock;
  /** A clock that never jumps, the same for all processes of the machine. Default: the machine's own since its start. */
  readonly monotonic?: Clock;
  /** Milliseconds after which a silent worker loses its job. Default 30 000. */
  readonly leaseTime?: number;
  /** Milliseconds between two rounds of removing expired records. Default 10 000. */
  readonly sweepEvery?: number;
}

const machineClock: Clock = { now: () => Number(process.hrtime.bigint() / 1_000_000n) };

/** Queue, records and budget of one machine. Throws `STORE_UNAVAILABLE` when the directory cannot be used. */
export function createEmbeddedBackend(options: EmbeddedBackendOptions): Backend {
  const clock = options.clock ?? systemClock;
  const database = new EmbeddedDatabase(options.path);
  const queue = new EmbeddedQueue(database, clock, options.leaseTime ?? 30_000);
  const records = new EmbeddedRecords(database, clock);
  const sweeper = new Sweeper(async () => (await records.sweep()) === SWEEP_LIMIT, options.sweepEvery ?? 10_000);
  return {
    queue,
    records,
    budget: new EmbeddedBudget(database, options.monotonic ?? machineClock),
    close: async () => {
      await sweeper.stop();
      queue.close();
      await database.close();
    },
  };
}
