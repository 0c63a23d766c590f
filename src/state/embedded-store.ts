import { mkdirSync } from 'node:fs';
import { open, type Database } from 'lmdb';
import { DiskRoom, GatewayError, reasonOfFailedCommit, Sweeper, type Clock } from '../shared/index.js';
import type { StateStore, StoreConcern } from './store.js';

export interface EmbeddedStoreOptions {
  /**
   * Directory of the database; made if it is missing, readable by its owner only. One process must not open it twice
   * (lmdb would wait for itself); any number of processes may open it.
   */
  readonly path: string;
  readonly clock: Clock;
  /** Milliseconds between two rounds of removing expired entries; 0 leaves it to `sweep`. Default 10 000. */
  readonly sweepEvery?: number;
}

interface Entry {
  readonly expiresAt: number;
  readonly record: string;
}

type Collection = 'claim' | 'request';
type EntryKey = [Collection, string];
type ExpiryKey = [number, Collection, string];

// A sweep holds the write lock that every login needs, so one pass stays short whatever has piled up.
const SWEEP_LIMIT = 500;

// A write that went through proves for so long that the next one will. Milliseconds.
const PROVED_FOR = 30_000;

/**
 * The store of one machine, on lmdb: durable (a promise resolves after the flush to disk) and safe for several
 * processes, because lmdb runs a write transaction of any of them alone.
 */
export class EmbeddedStore implements StateStore {
  readonly #clock: Clock;
  readonly #room: DiskRoom;
  readonly #root: ReturnType<typeof open>;
  readonly #entries: Database<Entry, EntryKey>;
  readonly #expiries: Database<true, ExpiryKey>;
  readonly #sweeper: Sweeper | null;
  /** Time of the last write that went through; null after one that did not. */
  #provedAt: number | null = null;

  constructor(options: EmbeddedStoreOptions) {
    this.#clock = options.clock;
    this.#room = new DiskRoom(options.path);
    const opened = openDatabase(options.path);
    this.#root = opened.root;
    this.#entries = opened.entries;
    this.#expiries = opened.expiries;
    const every = options.sweepEvery ?? 10_000;
    this.#sweeper = every > 0 ? new Sweeper(async () => (await this.sweep()) === SWEEP_LIMIT, every) : null;
  }

  claimOnce(key: string, expiresAt: number): Promise<boolean> {
    return this.#write(() => {
      if (this.#live(['claim', key]) !== null) return false;
      this.#put(['claim', key], { expiresAt, record: '' });
      return true;
    });
  }

  /** Looks without claiming; cheap (no transaction, no flush), and false when the store cannot be read. */
  isClaimed(key: string): boolean {
    try {
      return this.#live(['claim', key]) !== null;
    } catch {
      return false;
    }
  }

  async putRequest(id: string, record: string, expiresAt: number): Promise<void> {
    await this.#write(() => {
      this.#put(['request', id], { expiresAt, record });
    });
  }

  findRequest(id: string): Promise<string | null> {
    return this.#guard(() => this.#live(['request', id])?.record ?? null);
  }

  takeRequest(id: string): Promise<string | null> {
    return this.#write(() => {
      const entry = this.#live(['request', id]);
      if (entry !== null) this.#remove(['request', id], entry.expiresAt);
      return entry?.record ?? null;
    });
  }

  async ping(): Promise<void> {
    this.#room.require();
    const now = this.#clock.now();
    if (this.#provedAt !== null && Math.abs(now - this.#provedAt) < PROVED_FOR) {
      await this.#guard(() => this.#entries.doesExist(['claim', '']));
      return;
    }
    // A full disk can be read. The entry has expired as it is written, so the next sweep takes it.
    await this.#write(() => {
      this.#put(['claim', ''], { expiresAt: now, record: '' });
    });
  }

  ready(): Promise<void> {
    return this.ping();
  }

  clockDifference(): Promise<number | null> {
    return Promise.resolve(null);
  }

  concerns(): Promise<StoreConcern[]> {
    return Promise.resolve([]);
  }

  /** Removes expired entries, at most 500 in one go. Returns how many went. */
  sweep(): Promise<number> {
    return this.#write(() => {
      const due = [...this.#expiries.getKeys({ end: [this.#clock.now(), '\uffff'], limit: SWEEP_LIMIT })];
      for (const [expiresAt, collection, id] of due) {
        const key: EntryKey = [collection, id];
        // An entry claimed anew has another expiry, and its old index row must not take it along.
        if (this.#entries.get(key)?.expiresAt === expiresAt) this.#entries.removeSync(key);
        this.#expiries.removeSync([expiresAt, collection, id]);
      }
      return due.length;
    });
  }

  /** How many entries are on disk, expired ones included. */
  size(): number {
    return this.#entries.getKeysCount();
  }

  async close(): Promise<void> {
    await this.#sweeper?.stop();
    await this.#root.close();
  }

  #live(key: EntryKey): Entry | null {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.expiresAt > this.#clock.now() ? entry : null;
  }

  #put(key: EntryKey, entry: Entry): void {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#expiries.removeSync([before.expiresAt, ...key]);
    this.#entries.putSync(key, entry);
    this.#expiries.putSync([entry.expiresAt, ...key], true);
  }

  #remove(key: EntryKey, expiresAt: number): void {
    this.#entries.removeSync(key);
    this.#expiries.removeSync([expiresAt, ...key]);
  }

  /** Inside `transaction` the callback runs while no other process can write, so look-then-put is one step. */
  async #write<T>(action: () => T): Promise<T> {
    this.#room.require();
    try {
      const result = await this.#guard(() => this.#root.childTransaction(action));
      this.#provedAt = this.#clock.now();
      return result;
    } catch (error) {
      this.#provedAt = null;
      throw error;
    }
  }

  async #guard<T>(action: () => T | Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      const cause = await reasonOfFailedCommit(error);
      throw new GatewayError('STORE_UNAVAILABLE', `the embedded store failed: ${describe(cause)}`, { cause });
    }
  }
}

function openDatabase(path: string): {
  root: ReturnType<typeof open>;
  entries: Database<Entry, EntryKey>;
  expiries: Database<true, ExpiryKey>;
} {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // Of a batch that cannot be committed (disk full) lmdb rejects a promise that nobody holds, which ends the process.
    // With `overlappingSync`, its default, a write is visible, and others build on it, before it is flushed.
    const root = open({ path, maxDbs: 4, eventTurnBatching: false, overlappingSync: false });
    return {
      root,
      entries: root.openDB<Entry, EntryKey>({ name: 'entries' }),
      expiries: root.openDB<true, ExpiryKey>({ name: 'expiries' }),
    };
  } catch (cause) {
    throw new GatewayError('STORE_UNAVAILABLE', `cannot open the embedded store in ${path}: ${describe(cause)}`, {
      cause,
    });
  }
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** Opens (or makes) the embedded store in a directory. Throws `STORE_UNAVAILABLE`. */
export function createEmbeddedStore(options: EmbeddedStoreOptions): EmbeddedStore {
  return new EmbeddedStore(options);
}
