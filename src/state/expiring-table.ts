import type { Database } from 'lmdb';

/**
 * A table whose entries expire. There is no index by expiry, which would take more room than the entries and be written
 * with each of them: the table is gone through from end to end instead, a piece at a time.
 */
export class ExpiringTable<V> {
  readonly #database: Database<V, string>;
  readonly #expiryOf: (value: V) => number;
  /** The key that was looked at last in this round; null at the beginning of one. */
  #lookedAt: string | null = null;

  /** @param expiryOf when an entry expires, in milliseconds since the epoch */
  constructor(database: Database<V, string>, expiryOf: (value: V) => number) {
    this.#database = database;
    this.#expiryOf = expiryOf;
  }

  /** The entry, unless it has expired. */
  live(key: string, now: number): V | null {
    const value = this.#database.get(key);
    return value !== undefined && this.#expiryOf(value) > now ? value : null;
  }

  /** Only in a transaction, as `remove`. */
  put(key: string, value: V): void {
    this.#database.putSync(key, value);
  }

  remove(key: string): void {
    this.#database.removeSync(key);
  }

  /** Looks at the next entries, at most `limit`. `isEnd`: they were the last ones, and the next call begins anew. */
  nextExpired(now: number, limit: number): { readonly keys: string[]; readonly isEnd: boolean } {
    const keys: string[] = [];
    const from = this.#lookedAt === null ? {} : { start: this.#lookedAt, exclusiveStart: true };
    let looked = 0;
    let last: string | null = null;
    for (const { key, value } of this.#database.getRange({ ...from, limit })) {
      looked++;
      last = key;
      if (this.#expiryOf(value) <= now) keys.push(key);
    }
    const isEnd = looked < limit;
    this.#lookedAt = isEnd ? null : last;
    return { keys, isEnd };
  }

  /** How many entries are on disk, expired ones included. */
  size(): number {
    return this.#database.getKeysCount();
  }
}
