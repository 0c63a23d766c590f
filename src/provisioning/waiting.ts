import type { Ledger, Outcome } from './ledger.js';
import type { AccountIds } from './seal.js';

const LOOK_EVERY = 50;

interface Waiter {
  readonly tenant: string;
  readonly ids: AccountIds;
  readonly resolve: (outcome: Outcome | null) => void;
}

/**
 * Waits for outcomes that another process records. All waiters of a process share one look every 50 ms, so a burst
 * of first logins costs the store one read per look and tenant, not one per person.
 */
export class OutcomeWaiters {
  readonly #ledger: Ledger;
  readonly #waiters = new Set<Waiter>();
  #timer: NodeJS.Timeout | undefined;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Resolves with the outcome, or with null after `limit` milliseconds. */
  wait(tenant: string, ids: AccountIds, limit: number): Promise<Outcome | null> {
    return new Promise((resolve) => {
      const finish = (outcome: Outcome | null): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve(outcome);
      };
      const timer = setTimeout(() => {
        finish(null);
      }, limit);
      const waiter: Waiter = { tenant, ids, resolve: finish };
      this.#waiters.add(waiter);
      this.#timer ??= setTimeout(() => void this.#look(), LOOK_EVERY);
    });
  }

  /** Nobody waits any longer. */
  close(): void {
    clearTimeout(this.#timer);
    for (const waiter of [...this.#waiters]) waiter.resolve(null);
  }

  async #look(): Promise<void> {
    const waiting = [...this.#waiters];
    for (const tenant of new Set(waiting.map((waiter) => waiter.tenant))) {
      const ours = waiting.filter((waiter) => waiter.tenant === tenant);
      // While the store is away the waiters simply wait on; their time limit holds.
      const wanted = [...new Set(ours.flatMap(({ ids }) => ids))];
      const outcomes = await this.#ledger.outcomes(tenant, wanted).catch(() => []);
      const known = new Map(wanted.map((id, at) => [id, outcomes[at] ?? null]));
      for (const { ids, resolve } of ours) {
        const outcome = ids.map((id) => known.get(id) ?? null).find((each) => each !== null);
        if (outcome !== undefined) resolve(outcome);
      }
    }
    this.#timer = this.#waiters.size === 0 ? undefined : setTimeout(() => void this.#look(), LOOK_EVERY);
  }
}
