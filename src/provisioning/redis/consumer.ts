import { UnrecoverableError, Worker, type Job } from 'bullmq';
import { randomUUID } from 'node:crypto';
import type { Failure, Lease } from '../queue.js';
import type { Connection } from './ask.js';
import { unlessStopped } from './patience.js';

/** What BullMQ keeps as a job's data. */
export interface JobData {
  readonly tenant: string;
  readonly payload: string;
  readonly since: number;
}

export const QUEUE_NAME = 'accounts';

// BullMQ asks for a job for at most a second at a time (`drainDelay`).
const LAST_ANSWER = 2_000;

/** Carries the delay to `backoffStrategy`, which makes "count the attempt and delay" one atomic step of BullMQ. */
class RetryLater extends Error {
  readonly delay: number;

  constructor(delay: number) {
    super('retry later');
    this.delay = delay;
  }
}

/**
 * Takes jobs of one tenant by hand (docs.bullmq.io/patterns/manually-fetching-jobs), so that both queues share one
 * worker. BullMQ gives a job whose worker fell silent to another.
 */
export class Consumer {
  readonly #worker: Worker<JobData>;
  readonly #connection: Connection;
  readonly #leaseTime: number;

  constructor(connection: Connection, prefix: string, leaseTime: number, onError: (error: Error) => void) {
    this.#connection = connection;
    this.#leaseTime = leaseTime;
    this.#worker = new Worker<JobData>(QUEUE_NAME, null, {
      connection,
      prefix,
      autorun: false,
      drainDelay: 1,
      lockDuration: leaseTime,
      stalledInterval: Math.max(1, Math.ceil(leaseTime / 2)),
      // A worker that dies is no fault of the job; finding before creating makes another try safe.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      settings: {
        backoffStrategy: (_attempts, _type, error) => (error instanceof RetryLater ? Math.max(1, error.delay) : -1),
      },
    });
    this.#worker.on('error', onError);
    void this.#worker.startStalledCheckTimer();
  }

  /** @param signal asks to stop waiting: at once where Redis is away, else after the answer that is due */
  async take(signal?: AbortSignal): Promise<Lease | null> {
    const fetching = this.#next();
    if (signal === undefined) return fetching;
    // BullMQ waits without end for a Redis that is away.
    const patience = (): number => (this.#connection.status === 'ready' ? LAST_ANSWER : 0);
    const lease = await unlessStopped(fetching, signal, patience);
    // What comes too late goes back; where that fails, another takes it over when the lease has run out.
    if (lease === null) fetching.then((late) => late?.release()).catch(() => undefined);
    return lease;
  }

  async #next(): Promise<Lease | null> {
    const token = randomUUID();
    // BullMQ's declaration leaves out that a closed worker and an empty queue give undefined.
    const job = (await this.#worker.getNextJob(token, { block: true })) as Job<JobData> | undefined;
    return job?.id === undefined ? null : this.#lease(job, job.id, token);
  }

  async close(): Promise<void> {
    // `true`: the blocking connection is cut instead of waiting for the next job.
    await this.#worker.close(true);
    this.#connection.disconnect();
  }

  #lease(job: Job<JobData>, id: string, token: string): Lease {
    const { tenant, payload, since } = job.data;
    return {
      job: { id, tenant, payload, since },
      attempts: job.attemptsMade,
      extend: async () => (await job.extendLock(token, this.#leaseTime)) === 1,
      complete: async () => {
        await job.moveToCompleted(null, token, false);
      },
      retry: async (delay) => {
        await job.moveToFailed(new RetryLater(delay), token, false);
      },
      release: async () => {
        await job.moveToWait(token);
      },
      bury: async (failure: Failure) => {
        await job.moveToFailed(new UnrecoverableError(JSON.stringify(failure)), token, false);
      },
    };
  }
}
