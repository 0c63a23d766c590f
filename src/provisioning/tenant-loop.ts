import { setMaxListeners } from 'node:events';
import { probeCall } from './calls.js';
import { runJob, type RunContext } from './job-run.js';
import type { JobQueue, Lease } from './queue.js';
import type { Judgement } from './scim/judge.js';
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
  /** Told of what is tried again by itself. */
  readonly onFault: (error: unknown) => void;
}

const AFTER_FAULT = 1_000;

/** Works on the jobs of one tenant until it is stopped. */
export class TenantLoop {
  readonly #options: TenantLoopOptions;
  readonly #stopping = new AbortController();
  readonly #inHand = new Set<Promise<void>>();
  readonly #running: Promise<void>;
  #probing: Promise<void> | null = null;

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
    await this.#probing;
  }

  /**
   * If the tenant is paused and nobody probed lately, asks Zivver whether the credential is good again. Nobody waits for
   * that: it takes its turn in the budget, which may be held for an hour.
   */
  probe(): void {
    const { signal } = this.#stopping;
    if (signal.aborted) return;
    this.#probing ??= this.#probe()
      .catch((error: unknown) => {
        if (!signal.aborted) this.#options.onFault(error);
      })
      .finally(() => {
        this.#probing = null;
      });
  }

  async #probe(): Promise<void> {
    const { tenant, queue, probeEvery } = this.#options;
    const context = this.#options.context();
    // Record and queue change one after the other, so a kill or a late 401 may leave one without the other.
    if ((await context.ledger.pause(tenant)) === null && !(await queue.isPaused(tenant))) return;
    if (!(await context.ledger.claimProbe(tenant, probeEvery))) return;
    const answer = await probeCall(context, tenant, this.#stopping.signal);
    if (answer.kind === 'fault' && answer.fault.class === 'throttled') {
      await context.budget.hold(tenant, answer.fault.wait);
      context.events.onThrottled?.(tenant, answer.fault.wait);
    }
    if (!isKeyAccepted(answer)) return;
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
      this.#options.onFault(error);
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
        this.#options.onFault(error);
      });
    };
    const keeper = setInterval(extend, this.#options.queue.leaseTime / 3);
    try {
      await runJob(this.#options.context(), lease, this.#stopping.signal);
    } catch (error) {
      this.#options.onFault(error);
      await this.#putBack(lease);
    } finally {
      clearInterval(keeper);
    }
  }

  /** Not at once, for what failed would fail again. Where even that fails the lease runs out, and the job is taken again. */
  async #putBack(lease: Lease): Promise<void> {
    await pause(AFTER_FAULT, this.#stopping.signal);
    await lease.release().catch(() => undefined);
  }
}

/**
 * Zivver may answer 400 to a search outside of the organisation (facts §4.4), and it does so to a key that it takes. A 404
 * or 415 comes from the wrong place, says nothing about the key, and would bury all that waits.
 */
function isKeyAccepted(answer: Judgement): boolean {
  return answer.kind === 'ok' || (answer.kind === 'fault' && answer.fault.status === 400);
}
