import type { QueuedJob } from './job.js';

export type FailureClass = 'transient' | 'throttled' | 'credential' | 'permanent' | 'suspect' | 'absent' | 'unreadable';

/** Why a job needs a person. */
export interface Failure {
  readonly class: FailureClass;
  /** HTTP status of Zivver's last answer; null when there was none. */
  readonly status: number | null;
  /** What was answered, redacted. */
  readonly detail: string;
  /** What the person can do about it. */
  readonly remedy: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface DeadLetter {
  readonly job: QueuedJob;
  readonly failure: Failure;
  /** Attempts that counted, the last one included. */
  readonly attempts: number;
}

/** Why a tenant's queue stands still. */
export interface Pause {
  readonly status: number;
  readonly detail: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** How many jobs at either end of a queue are looked at for the oldest one. */
export const ENDS = 20;

export interface QueueDepth {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly dead: number;
  /**
   * `since` of the oldest job that waits or is delayed, as far as the first and the last few tell: those that were tried
   * most wait longest for their turn. Null when there is none.
   */
  readonly oldestSince: number | null;
}

/**
 * A job in one worker's hands. A worker that dies loses it after the lease time, and another takes it over. Each way of
 * letting go throws when the lease was lost meanwhile.
 */
export interface Lease {
  readonly job: QueuedJob;
  /** Attempts that counted before this one. */
  readonly attempts: number;
  /** Holds it for another lease time. Returns false when it was lost. */
  extend(): Promise<boolean>;
  /** Done: the job is gone, and another for the same account may be queued. */
  complete(): Promise<void>;
  /** Back to the queue, due in `delay` milliseconds; counts as an attempt. */
  retry(delay: number): Promise<void>;
  /** Back to the front of the queue; does not count as an attempt. */
  release(): Promise<void>;
  /** To the dead letters. */
  bury(failure: Failure): Promise<void>;
}

/**
 * The jobs of all tenants, each tenant's apart. Methods throw `STORE_UNAVAILABLE` when the queue cannot be reached,
 * but `take`, which goes on trying.
 */
export interface JobQueue {
  /** Milliseconds after which a worker that does not `extend` loses its job. */
  readonly leaseTime: number;
  /** Adds a job, due in `delay` milliseconds; nothing happens when the account has one already, dead letters included. */
  add(job: QueuedJob, delay?: number): Promise<void>;
  /**
   * The next due job of a tenant that is not paused; waits at most about a second, then returns null. The signal asks
   * to stop waiting, which the queue may take a second or two to do.
   */
  take(tenant: string, signal?: AbortSignal): Promise<Lease | null>;
  pause(tenant: string): Promise<void>;
  resume(tenant: string): Promise<void>;
  isPaused(tenant: string): Promise<boolean>;
  depth(tenant: string): Promise<QueueDepth>;
  /** Oldest first. */
  deadLetters(tenant: string, offset: number, limit: number): Promise<DeadLetter[]>;
  deadLetter(tenant: string, id: string): Promise<DeadLetter | null>;
  /** Puts a dead letter back, as if queued at `since`. Returns false when there is none of this id. */
  revive(tenant: string, id: string, since: number): Promise<boolean>;
  /** Removes a dead letter. Returns false when there is none of this id. */
  discard(tenant: string, id: string): Promise<boolean>;
}

/** Small shared records of a tenant, with or without expiry. Throws `STORE_UNAVAILABLE`. */
export interface RecordStore {
  get(tenant: string, keys: readonly string[]): Promise<(string | null)[]>;
  /** @param lifetime milliseconds; null: kept until removed */
  set(tenant: string, key: string, value: string, lifetime: number | null): Promise<void>;
  /** Sets the key when it is not there; atomic. Returns whether this call did. */
  claim(tenant: string, key: string, value: string, lifetime: number | null): Promise<boolean>;
  remove(tenant: string, key: string): Promise<boolean>;
  /** Puts an entry into a list, replacing the one of the same id. */
  listPut(tenant: string, list: string, id: string, value: string): Promise<void>;
  listRemove(tenant: string, list: string, id: string): Promise<boolean>;
  /** In no particular order, about `limit` at most. */
  listEntries(tenant: string, list: string, limit: number): Promise<{ readonly id: string; readonly value: string }[]>;
  listCount(tenant: string, list: string): Promise<number>;
}

export interface BudgetLimit {
  readonly requests: number;
  /** Milliseconds. */
  readonly per: number;
}

export type Grant =
  { readonly granted: true; readonly slot: string } | { readonly granted: false; readonly wait: number };

/**
 * One budget of requests per tenant, shared by all workers. A slot is taken before a request leaves and comes free one
 * window after its answer came in, so that whichever window the server counts by, it never sees more than the limit:
 * the server counted the request at some moment between the two.
 */
export interface Budget {
  /**
   * @param longest milliseconds that the request may take; a worker that dies leaves its slot taken for that long
   *   and a window
   * @returns a slot, or after how many milliseconds to ask again: the soonest that one can come free
   */
  acquire(tenant: string, limit: BudgetLimit, longest: number): Promise<Grant>;
  /** The answer came, or the request was given up. */
  settle(tenant: string, slot: string, limit: BudgetLimit): Promise<void>;
  /** No slot for anybody during the next `duration` milliseconds. */
  hold(tenant: string, duration: number): Promise<void>;
}

/** Where jobs and what is known about them live: Redis for several machines, lmdb for one. */
export interface Backend {
  readonly queue: JobQueue;
  readonly records: RecordStore;
  readonly budget: Budget;
  close(): Promise<void>;
}
