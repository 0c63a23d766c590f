import type { Database } from 'lmdb';

/**
 * A table whose entries expire. There is no index by expiry, which would take more room than the entries and be written
 * with each of them: the table is gone through from end to end instead, a piece at a time.
 */
export class ExpiringTable<V> {
  readonly #database: Database<V, string>;
  readonly #expiryOf: (value: V) => number;
  /** Where `nextExpired` begins. */
  #from: { readonly start?: string } = {};

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

  /**
   * Which of the next entries have expired, and for `goOn` the key that was looked at last, or null where that was the end.
   *
   * @param limit how many entries are looked at, at least 2: it begins with the one that was looked at last
   */
  nextExpired(now: number, limit: number): { readonly keys: string[]; readonly upTo: string | null } {
    const keys: string[] = [];
    let looked = 0;
    let last: string | null = null;
    for (const { key, value } of this.#database.getRange({ ...this.#from, limit })) {
      looked++;
      last = key;
      if (this.#expiryOf(value) <= now) keys.push(key);
    }
    return { keys, upTo: looked < limit ? null : last };
  }

  /** Lets `nextExpired` go on there; at null, begin anew. */
  goOn(upTo: string | null): void {
    this.#from = upTo === null ? {} : { start: upTo };
  }

  /** How many entries are on disk, expired ones included. */
  size(): number {
    return this.#database.getKeysCount();
  }
}
