import { EventEmitter } from 'node:events';
import type { Clock } from '../../shared/index.js';
import type { QueuedJob } from '../job.js';
import { ENDS, type DeadLetter, type Failure, type JobQueue, type Lease, type QueueDepth } from '../queue.js';
import { nextSequence, type EmbeddedDatabase, type JobRow, type Tables } from './database.js';
import {
  changeRow,
  countJobs,
  firstWaiting,
  hasWork,
  insertJob,
  jobsOf,
  promoteDue,
  removeRow,
  toBack,
  toFront,
} from './job-table.js';

// Another process's job is seen by looking; a read of lmdb costs microseconds.
const LOOK_EVERY = 100;
const LONGEST_TAKE = 1_000;

/** The queue of one machine. A job added in this process wakes its workers at once. */
export class EmbeddedQueue implements JobQueue {
  readonly leaseTime: number;
  readonly #database: EmbeddedDatabase;
  readonly #clock: Clock;
  readonly #added = new EventEmitter();
  #closed = false;

  constructor(database: EmbeddedDatabase, clock: Clock, leaseTime: number) {
    this.#database = database;
    this.#clock = clock;
    this.leaseTime = leaseTime;
    this.#added.setMaxListeners(0);
  }

  async add(job: QueuedJob, delay = 0): Promise<void> {
    const due = delay > 0 ? this.#clock.now() + delay : null;
    await this.#database.write((tables) => insertJob(tables, job, due));
    this.#wake(job.tenant);
  }

  async take(tenant: string, signal?: AbortSignal): Promise<Lease | null> {
    const deadline = performance.now() + LONGEST_TAKE;
    while (!this.#closed && signal?.aborted !== true && performance.now() < deadline) {
      const worthTrying = this.#database.read(
        (tables) => !isPaused(tables, tenant) && hasWork(tables, tenant, this.#clock.now(), this.leaseTime),
      );
      const lease = worthTrying ? await this.#tryTake(tenant) : null;
      if (lease !== null) return lease;
      await this.#nextLook(tenant);
    }
    return null;
  }

  async pause(tenant: string): Promise<void> {
    await this.#database.write((tables) => {
      tables.marks.putSync(['paused', tenant], 1);
    });
  }

  async resume(tenant: string): Promise<void> {
    await this.#database.write((tables) => tables.marks.removeSync(['paused', tenant]));
    this.#wake(tenant);
  }

  isPaused(tenant: string): Promise<boolean> {
    return Promise.resolve(this.#database.read((tables) => isPaused(tables, tenant)));
  }

  depth(tenant: string): Promise<QueueDepth> {
    const depth = this.#database.read((tables) => {
      const [waiting, delayed] = [countJobs(tables, tenant, 'waiting'), countJobs(tables, tenant, 'delayed')];
      const ends = [
        ...jobsOf(tables, tenant, 'waiting', 0, ENDS),
        ...jobsOf(tables, tenant, 'waiting', Math.max(ENDS, waiting - ENDS), ENDS),
        ...jobsOf(tables, tenant, 'delayed', 0, ENDS),
        ...jobsOf(tables, tenant, 'delayed', Math.max(ENDS, delayed - ENDS), ENDS),
      ];
      const since = ends.flatMap((id) => tables.jobs.get([tenant, id])?.since ?? []);
      return {
        waiting,
        delayed,
        active: countJobs(tables, tenant, 'active'),
        dead: countJobs(tables, tenant, 'dead'),
        oldestSince: since.length === 0 ? null : Math.min(...since),
      };
    });
    return Promise.resolve(depth);
  }

  deadLetters(tenant: string, offset: number, limit: number): Promise<DeadLetter[]> {
    const letters = this.#database.read((tables) =>
      jobsOf(tables, tenant, 'dead', offset, limit).flatMap((id) => deadLetter(tables, tenant, id) ?? []),
    );
    return Promise.resolve(letters);
  }

  deadLetter(tenant: string, id: string): Promise<DeadLetter | null> {
    return Promise.resolve(this.#database.read((tables) => deadLetter(tables, tenant, id)));
  }

  async revive(tenant: string, id: string, since: number): Promise<boolean> {
    const revived = await this.#database.write((tables) => {
      const row = tables.jobs.get([tenant, id]);
      if (row?.state !== 'dead') return false;
      const sequence = nextSequence(tables);
      toBack(tables, tenant, id, row, { since, attempts: 0, failure: null, sequence });
      return true;
    });
    if (revived) this.#wake(tenant);
    return revived;
  }

  discard(tenant: string, id: string): Promise<boolean> {
    return this.#database.write((tables) => {
      const row = tables.jobs.get([tenant, id]);
      if (row?.state !== 'dead') return false;
      removeRow(tables, tenant, id, row);
      return true;
    });
  }

  /** Ends waiting `take`s; the database is the owner's to close. */
  close(): void {
    this.#closed = true;
    for (const event of this.#added.eventNames()) this.#added.emit(event);
  }

  #tryTake(tenant: string): Promise<Lease | null> {
    return this.#database.write((tables) => {
      if (isPaused(tables, tenant)) return null;
      const now = this.#clock.now();
      promoteDue(tables, tenant, now, this.leaseTime);
      const found = firstWaiting(tables, tenant);
      if (found === null) return null;
      const lease = String(nextSequence(tables));
      const row = changeRow(tables, tenant, found.id, found.row, {
        state: 'active',
        place: now + this.leaseTime,
        lease,
      });
      return this.#lease(tenant, found.id, row, lease);
    });
  }

  #lease(tenant: string, id: string, taken: JobRow, lease: string): Lease {
    const held = (action: (tables: Tables, row: JobRow) => void): Promise<boolean> =>
      this.#database.write((tables) => {
        const row = tables.jobs.get([tenant, id]);
        if (row?.state !== 'active' || row.lease !== lease) return false;
        action(tables, row);
        return true;
      });
    const letGo = async (action: (tables: Tables, row: JobRow) => void): Promise<void> => {
      if (!(await held(action))) throw new Error(`the lease of job ${id} was lost`);
    };
    return {
      job: { id, tenant, payload: taken.payload, since: taken.since },
      attempts: taken.attempts,
      extend: () =>
        held((tables, row) => {
          changeRow(tables, tenant, id, row, { place: this.#clock.now() + this.leaseTime });
        }),
      complete: () =>
        letGo((tables, row) => {
          removeRow(tables, tenant, id, row);
        }),
      retry: (delay) =>
        letGo((tables, row) => {
          const change = { place: this.#clock.now() + delay, lease: null, attempts: row.attempts + 1 };
          changeRow(tables, tenant, id, row, { state: 'delayed', ...change });
        }),
      release: async () => {
        await letGo((tables, row) => {
          toFront(tables, tenant, id, row);
        });
        this.#wake(tenant);
      },
      bury: (failure: Failure) =>
        letGo((tables, row) => {
          const change = { place: failure.at, lease: null, attempts: row.attempts + 1, failure };
          changeRow(tables, tenant, id, row, { state: 'dead', ...change });
        }),
    };
  }

  #wake(tenant: string): void {
    this.#added.emit(eventOf(tenant));
  }

  async #nextLook(tenant: string): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#added.off(eventOf(tenant), wake);
        resolve();
      };
      const timer = setTimeout(wake, LOOK_EVERY);
      this.#added.on(eventOf(tenant), wake);
    });
  }
}

/** A tenant may be called `error`, which is an event that throws where nobody listens. */
function eventOf(tenant: string): string {
  return `job of ${tenant}`;
}

function isPaused(tables: Tables, tenant: string): boolean {
  return tables.marks.doesExist(['paused', tenant]);
}

function deadLetter(tables: Tables, tenant: string, id: string): DeadLetter | null {
  const row = tables.jobs.get([tenant, id]);
  if (row?.state !== 'dead' || row.failure === null) return null;
  return {
    job: { id, tenant, payload: row.payload, since: row.since },
    failure: row.failure,
    attempts: row.attempts,
  };
}
