import type { Clock } from '../shared/index.js';

/** A map whose entries end after a time, and which never grows past its limit: the oldest goes first. */
export class ExpiringMap<Value> {
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  readonly #limit: number;
  readonly #entries = new Map<string, { readonly value: Value; readonly expiresAt: number }>();

  constructor(clock: Clock, lifetimeMs: number, limit = 10_000) {
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
    this.#limit = limit;
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, expiresAt: this.#clock.now() + this.#lifetimeMs });
    // Insertion order is order of age, so what has to go stands first.
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= this.#limit && entry.expiresAt > this.#clock.now()) break;
      this.#entries.delete(oldest);
    }
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.expiresAt > this.#clock.now() ? entry.value : undefined;
  }

  /** Takes the entry out: a second call finds nothing. */
  take(key: string): Value | undefined {
    const value = this.get(key);
    this.#entries.delete(key);
    return value;
  }
}
