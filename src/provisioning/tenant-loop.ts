import { setMaxListeners } from 'node:events';
import { probeCall } from './calls.js';
import { runJob, type RunContext } from './job-run.js';
import type { JobQueue, Lease } from './queue.js';
import { pause } from './sleep.js';

export interface TenantLoopOptions {
  readonly tenant: string;
  readonly queue: JobQueue;
  /** Built anew for each job, so that a reload takes effect. */
  readonly context: () => RunContext;
  /** Jobs in hand at a time. */
  readonly concurrency: number;
  /** Milliseconds between two probes of a refused credential, over all workers. */
  readonly probeEvery: number;
}

const AFTER_FAULT = 1_000;

/** Works on the jobs of one tenant until it is stopped. */
export class TenantLoop {
  readonly #options: TenantLoopOptions;
  readonly #stopping = new AbortController();
  readonly #inHand = new Set<Promise<void>>();
  readonly #running: Promise<void>;

  constructor(options: TenantLoopOptions) {
    this.#options = options;
    // Each job in hand may wait for the budget.
    setMaxListeners(0, this.#stopping.signal);
    this.#running = this.#run();
  }

  /** How many jobs are in hand. */
  get held(): number {
    return this.#inHand.size;
  }

  /** Takes no more jobs, lets calls that are under way finish, and puts back what still waits for the budget. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** If the tenant is paused and nobody probed lately, asks Zivver whether the credential is good again. */
  async probe(): Promise<void> {
    const { tenant, queue, probeEvery } = this.#options;
    const context = this.#options.context();
    // Record and queue change one after the other, so a kill or a late 401 may leave one without the other.
    if ((await context.ledger.pause(tenant)) === null && !(await queue.isPaused(tenant))) return;
    if (!(await context.ledger.claimProbe(tenant, probeEvery))) return;
    const answer = await probeCall(context, tenant, this.#stopping.signal);
    if (answer.kind !== 'ok') return;
    await queue.resume(tenant);
    await context.ledger.forgetPause(tenant);
    context.events.onResumed?.(tenant);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (this.#inHand.size >= this.#options.concurrency) {
        await Promise.race(this.#inHand);
        continue;
      }
      const lease = await this.#take();
      if (lease !== null) this.#begin(lease);
    }
    await Promise.all(this.#inHand);
  }

  async #take(): Promise<Lease | null> {
    const { tenant, queue } = this.#options;
    try {
      return await queue.take(tenant, this.#stopping.signal);
    } catch (error) {
      this.#report(error);
      await pause(AFTER_FAULT, this.#stopping.signal);
      return null;
    }
  }

  #begin(lease: Lease): void {
    const work = this.#work(lease).finally(() => this.#inHand.delete(work));
    this.#inHand.add(work);
  }

  async #work(lease: Lease): Promise<void> {
    const extend = (): void => {
      lease.extend().catch((error: unknown) => {
        this.#report(error);
      });
    };
    const keeper = setInterval(extend, this.#options.queue.leaseTime / 3);
    try {
      await runJob(this.#options.context(), lease, this.#stopping.signal);
    } catch (error) {
      // The job is not lost: its lease runs out, and it is taken again.
      this.#report(error);
    } finally {
      clearInterval(keeper);
    }
  }

  #report(error: unknown): void {
    this.#options.context().events.onFault?.(this.#options.tenant, error);
  }
}
