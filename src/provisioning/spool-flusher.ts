import type { Spool } from './embedded/spool.js';
import type { JobQueue } from './queue.js';

const EVERY = 1_000;
const BATCH = 50;
const RIGHT_FOR = 30_000;

/** Moves spooled jobs to the queue, oldest first, as soon as it answers again. */
export class SpoolFlusher {
  readonly #spool: Spool;
  readonly #queue: JobQueue;
  readonly #onFault: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | null = null;

  constructor(spool: Spool, queue: JobQueue, onFault: (error: unknown) => void) {
    this.#spool = spool;
    this.#queue = queue;
    this.#onFault = onFault;
    this.#timer = setInterval(() => void this.flush(), EVERY);
    this.#timer.unref();
  }

  /** Moves what can be moved now. Never throws: what could not be moved stays. */
  flush(): Promise<void> {
    this.#running ??= this.#flush()
      .catch(this.#onFault)
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #flush(): Promise<void> {
    if (this.#spool.depth() === 0) return;
    if (!(await this.#spool.claimFlush(RIGHT_FOR))) return;
    try {
      while (await this.#flushBatch());
    } finally {
      await this.#spool.releaseFlush();
    }
  }

  /** Returns whether there may be more. A job that the queue took is taken off; one that it did not take stays first. */
  async #flushBatch(): Promise<boolean> {
    const batch = this.#spool.first(BATCH);
    const results = await Promise.allSettled(batch.map(({ job, delay }) => this.#queue.add(job, delay)));
    await this.#spool.remove(batch.filter((_, at) => results[at]?.status === 'fulfilled').map(({ place }) => place));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return batch.length === BATCH;
  }
}
