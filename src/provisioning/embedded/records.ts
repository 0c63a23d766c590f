import type { Clock } from '../../shared/index.js';
import type { RecordStore } from '../queue.js';
import type { EmbeddedDatabase, Tables } from './database.js';

// One pass holds the write lock that every login's job needs, so it stays short whatever has piled up.
export const SWEEP_LIMIT = 500;

export class EmbeddedRecords implements RecordStore {
  readonly #database: EmbeddedDatabase;
  readonly #clock: Clock;

  constructor(database: EmbeddedDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  get(tenant: string, keys: readonly string[]): Promise<(string | null)[]> {
    return Promise.resolve(this.#database.read((tables) => keys.map((key) => this.#live(tables, tenant, key))));
  }

  async set(tenant: string, key: string, value: string, lifetime: number | null): Promise<void> {
    await this.#database.write((tables) => {
      this.#put(tables, tenant, key, value, lifetime);
    });
  }

  claim(tenant: string, key: string, value: string, lifetime: number | null): Promise<boolean> {
    return this.#database.write((tables) => {
      if (this.#live(tables, tenant, key) !== null && !this.#isBeyond(tables, tenant, key, lifetime)) return false;
      this.#put(tables, tenant, key, value, lifetime);
      return true;
    });
  }

  remove(tenant: string, key: string): Promise<boolean> {
    return this.#database.write((tables) => {
      const live = this.#live(tables, tenant, key) !== null;
      this.#forget(tables, tenant, key);
      return live;
    });
  }

  async listPut(tenant: string, list: string, id: string, value: string): Promise<void> {
    await this.#database.write((tables) => {
      tables.lists.putSync([tenant, list, id], value);
    });
  }

  listRemove(tenant: string, list: string, id: string): Promise<boolean> {
    return this.#database.write((tables) => tables.lists.removeSync([tenant, list, id]));
  }

  listEntries(tenant: string, list: string, limit: number): Promise<{ readonly id: string; readonly value: string }[]> {
    const entries = this.#database.read((tables) => [
      ...tables.lists.getRange({ ...rangeOf(tenant, list), limit }).map(({ key: [, , id], value }) => ({ id, value })),
    ]);
    return Promise.resolve(entries);
  }

  listCount(tenant: string, list: string): Promise<number> {
    return Promise.resolve(this.#database.read((tables) => tables.lists.getKeysCount(rangeOf(tenant, list))));
  }

  /** Removes expired records, at most 500 in one go. Returns how many went. */
  async sweep(): Promise<number> {
    const range = { end: [this.#clock.now(), '\uffff'] as [number, string], limit: SWEEP_LIMIT };
    if (this.#database.read((tables) => tables.expiries.getKeysCount({ ...range, limit: 1 })) === 0) return 0;
    return this.#database.write((tables) => {
      const due = [...tables.expiries.getKeys(range)];
      for (const [, tenant, key] of due) this.#forget(tables, tenant, key);
      return due.length;
    });
  }

  /** A claim that ends later than one made now was made before the clock was set back. */
  #isBeyond(tables: Tables, tenant: string, key: string, lifetime: number | null): boolean {
    const expiresAt = tables.records.get([tenant, key])?.expiresAt ?? null;
    return expiresAt !== null && lifetime !== null && expiresAt > this.#clock.now() + lifetime;
  }

  #live(tables: Tables, tenant: string, key: string): string | null {
    const row = tables.records.get([tenant, key]);
    if (row === undefined) return null;
    return row.expiresAt === null || row.expiresAt > this.#clock.now() ? row.value : null;
  }

  #put(tables: Tables, tenant: string, key: string, value: string, lifetime: number | null): void {
    this.#forget(tables, tenant, key);
    const expiresAt = lifetime === null ? null : this.#clock.now() + lifetime;
    tables.records.putSync([tenant, key], { value, expiresAt });
    if (expiresAt !== null) tables.expiries.putSync([expiresAt, tenant, key], true);
  }

  #forget(tables: Tables, tenant: string, key: string): void {
    const row = tables.records.get([tenant, key]);
    if (row === undefined) return;
    tables.records.removeSync([tenant, key]);
    if (row.expiresAt !== null) tables.expiries.removeSync([row.expiresAt, tenant, key]);
  }
}

function rangeOf(tenant: string, list: string): { start: [string, string]; end: [string, string, string] } {
  // Ids are hexadecimal or UUIDs, so U+FFFF sorts after all of them.
  return { start: [tenant, list], end: [tenant, list, '\uffff'] };
}
