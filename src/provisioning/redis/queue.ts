import { Queue, type Job } from 'bullmq';
import { GatewayError } from '../../shared/index.js';
import type { QueuedJob } from '../job.js';
import { ENDS, type DeadLetter, type Failure, type JobQueue, type Lease, type QueueDepth } from '../queue.js';
import { within, type Ask, type Connection } from './ask.js';
import { Consumer, QUEUE_NAME, type JobData } from './consumer.js';
import { tenantPrefix } from './keys.js';

export interface RedisQueueOptions {
  readonly connection: Connection;
  readonly ask: Ask;
  /** Opens a connection whose commands wait; called once per tenant that jobs are taken of. */
  readonly openBlocking: () => Connection;
  readonly prefix: string;
  /** Milliseconds. */
  readonly leaseTime: number;
  readonly onError: (error: Error) => void;
}

// BullMQ waits for a connection by itself; a login does not.
const LONGEST_ANSWER = 2_000;

/** BullMQ, one queue per tenant: so one tenant's pause or backlog is nobody else's. */
export class RedisQueue implements JobQueue {
  readonly leaseTime: number;
  readonly #options: RedisQueueOptions;
  readonly #queues = new Map<string, Queue<JobData>>();
  readonly #consumers = new Map<string, Consumer>();
  #closed = false;

  constructor(options: RedisQueueOptions) {
    this.#options = options;
    this.leaseTime = options.leaseTime;
  }

  async add(job: QueuedJob, delay = 0): Promise<void> {
    const { id, tenant, payload, since } = job;
    await this.#ask(tenant, (queue) =>
      queue.add(
        'account',
        { tenant, payload, since },
        {
          jobId: id,
          delay,
          // Ours to decide: see Lease.retry and Lease.bury.
          attempts: Number.MAX_SAFE_INTEGER,
          backoff: { type: 'worker' },
          stackTraceLimit: 0,
          removeOnComplete: true,
          removeOnFail: false,
        },
      ),
    );
  }

  async take(tenant: string, signal?: AbortSignal): Promise<Lease | null> {
    if (this.#closed) return null;
    const { openBlocking, prefix, leaseTime, onError } = this.#options;
    let consumer = this.#consumers.get(tenant);
    if (consumer === undefined) {
      consumer = new Consumer(openBlocking(), tenantPrefix(prefix, tenant), leaseTime, onError);
      this.#consumers.set(tenant, consumer);
    }
    return consumer.take(signal);
  }

  pause(tenant: string): Promise<void> {
    return this.#ask(tenant, (queue) => queue.pause());
  }

  resume(tenant: string): Promise<void> {
    return this.#ask(tenant, (queue) => queue.resume());
  }

  isPaused(tenant: string): Promise<boolean> {
    return this.#ask(tenant, (queue) => queue.isPaused());
  }

  depth(tenant: string): Promise<QueueDepth> {
    return this.#ask(tenant, async (queue) => {
      const counts = await queue.getJobCounts('wait', 'delayed', 'active', 'failed');
      const ends = await Promise.all(
        (['wait', 'delayed'] as const).flatMap((state) => [
          queue.getJobs([state], 0, ENDS - 1, true),
          queue.getJobs([state], 0, ENDS - 1, false),
        ]),
      );
      const since = ends.flat().map((job) => job.data.since);
      return {
        waiting: counts['wait'] ?? 0,
        delayed: counts['delayed'] ?? 0,
        active: counts['active'] ?? 0,
        dead: counts['failed'] ?? 0,
        oldestSince: since.length === 0 ? null : Math.min(...since),
      };
    });
  }

  deadLetters(tenant: string, offset: number, limit: number): Promise<DeadLetter[]> {
    if (limit <= 0) return Promise.resolve([]);
    return this.#ask(tenant, async (queue) =>
      (await queue.getJobs(['failed'], offset, offset + limit - 1, true)).flatMap((job) => deadLetter(job) ?? []),
    );
  }

  deadLetter(tenant: string, id: string): Promise<DeadLetter | null> {
    return this.#ask(tenant, async (queue) => {
      const job = await dead(queue, id);
      return job === null ? null : deadLetter(job);
    });
  }

  revive(tenant: string, id: string, since: number): Promise<boolean> {
    return this.#ask(tenant, async (queue) => {
      const job = await dead(queue, id);
      if (job === null) return false;
      await job.updateData({ ...job.data, since });
      await job.retry('failed', { resetAttemptsMade: true });
      return true;
    });
  }

  discard(tenant: string, id: string): Promise<boolean> {
    return this.#ask(tenant, async (queue) => {
      const job = await dead(queue, id);
      if (job === null) return false;
      await job.remove();
      return true;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.close()));
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }

  #ask<T>(tenant: string, action: (queue: Queue<JobData>) => Promise<T>): Promise<T> {
    const { ask, connection } = this.#options;
    return ask(async () => {
      // A queue that is made while Redis is away stays broken, so it is made at the first use with Redis there.
      if (connection.status !== 'ready') throw new GatewayError('STORE_UNAVAILABLE', 'Redis is not connected');
      return within(LONGEST_ANSWER, () => action(this.#queue(tenant)));
    });
  }

  #queue(tenant: string): Queue<JobData> {
    const known = this.#queues.get(tenant);
    if (known !== undefined) return known;
    const prefix = tenantPrefix(this.#options.prefix, tenant);
    const queue = new Queue<JobData>(QUEUE_NAME, { connection: this.#options.connection, prefix });
    queue.on('error', this.#options.onError);
    queue.waitUntilReady().catch(() => {
      this.#queues.delete(tenant);
    });
    this.#queues.set(tenant, queue);
    return queue;
  }
}

async function dead(queue: Queue<JobData>, id: string): Promise<Job<JobData> | null> {
  const job = (await queue.getJob(id)) as Job<JobData> | undefined;
  return job !== undefined && (await job.isFailed()) ? job : null;
}

function deadLetter(job: Job<JobData>): DeadLetter | null {
  if (job.id === undefined) return null;
  const { tenant, payload, since } = job.data;
  return {
    job: { id: job.id, tenant, payload, since },
    failure: readFailure(job.failedReason, job.finishedOn),
    attempts: job.attemptsMade,
  };
}

function readFailure(reason: string, finishedOn: number | undefined): Failure {
  try {
    return JSON.parse(reason) as Failure;
  } catch {
    // BullMQ itself buried the job; its own words are then all that there is.
    return {
      class: 'unreadable',
      status: null,
      detail: reason,
      remedy: 'Retry it; the queue gave it up by itself.',
      at: finishedOn ?? 0,
    };
  }
}
