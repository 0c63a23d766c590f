import type { Clock } from '../../shared/index.js';

/** So many requests in any window of this length. */
export interface RequestBudget {
  readonly requests: number;
  readonly windowMs: number;
}

/**
 * Counts admitted requests in a sliding window, the strictest reading of "50 per 10 seconds": nobody knows where
 * Zivver's own window starts, so a client must hold in each.
 */
export class BudgetCounter {
  readonly budget: RequestBudget;
  readonly #clock: Clock;
  /** Times of admission, oldest first; those before `#first` have left the window. */
  readonly #admitted: number[] = [];
  #first = 0;

  constructor(budget: RequestBudget, clock: Clock) {
    this.budget = budget;
    this.#clock = clock;
  }

  /** Admits the request, or answers false where the window is full. A refused request costs nothing. */
  admit(): boolean {
    if (this.remaining() === 0) return false;
    this.#admitted.push(this.#clock.now());
    return true;
  }

  remaining(): number {
    const since = this.#clock.now() - this.budget.windowMs;
    while ((this.#admitted[this.#first] ?? Number.POSITIVE_INFINITY) <= since) this.#first += 1;
    // Seldom, so that each admission costs the same however large the budget is.
    if (this.#first > 1024 && this.#first * 2 > this.#admitted.length) {
      this.#admitted.splice(0, this.#first);
      this.#first = 0;
    }
    return Math.max(0, this.budget.requests - (this.#admitted.length - this.#first));
  }

  /** Milliseconds until a request would be admitted. */
  waitMs(): number {
    if (this.remaining() > 0) return 0;
    const oldest = this.#admitted[this.#first] ?? this.#clock.now();
    return oldest + this.budget.windowMs - this.#clock.now();
  }
}
