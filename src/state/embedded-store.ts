import { DiskRoom, GatewayError, reasonOfFailedCommit, Sweeper, type Clock } from '../shared/index.js';
import { openEmbeddedTables, type EmbeddedTables } from './embedded-tables.js';
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

// A sweep holds the thread, and the write lock that every login needs, so one pass stays short however much there is.
const SWEEP_LIMIT = 500;

// The claim that a ping writes; those of logins are longer.
const PROOF = 'proof';

// A write that went through proves for so long that the next one will. Milliseconds.
const PROVED_FOR = 30_000;

/**
 * The store of one machine, on lmdb: durable (a promise resolves after the flush to disk) and safe for several
 * processes, because lmdb runs a write transaction of any of them alone.
 */
export class EmbeddedStore implements StateStore {
  readonly #clock: Clock;
  readonly #room: DiskRoom;
  readonly #tables: EmbeddedTables;
  /** Where a round of the sweep is: first the claims, then the requests. */
  #sweeping: 'claims' | 'requests' = 'claims';
  readonly #sweeper: Sweeper | null;
  /** Time of the last write that went through; null after one that did not. */
  #provedAt: number | null = null;

  constructor(options: EmbeddedStoreOptions) {
    this.#clock = options.clock;
    this.#room = new DiskRoom(options.path);
    this.#tables = opened(options.path);
    const every = options.sweepEvery ?? 10_000;
    this.#sweeper = every > 0 ? new Sweeper(() => this.sweep(), every) : null;
  }

  claimOnce(key: string, expiresAt: number): Promise<boolean> {
    const { claims } = this.#tables;
    return this.#write(() => {
      if (claims.live(key, this.#clock.now()) !== null) return false;
      claims.put(key, expiresAt);
      return true;
    });
  }

  /** Looks without claiming; cheap (no transaction, no flush), and false when the store cannot be read. */
  isClaimed(key: string): boolean {
    try {
      return this.#tables.claims.live(key, this.#clock.now()) !== null;
    } catch {
      return false;
    }
  }

  async putRequest(id: string, record: string, expiresAt: number): Promise<void> {
    await this.#write(() => {
      this.#tables.requests.put(id, { expiresAt, record });
    });
  }

  findRequest(id: string): Promise<string | null> {
    return this.#guard(() => this.#tables.requests.live(id, this.#clock.now())?.record ?? null);
  }

  takeRequest(id: string): Promise<string | null> {
    const { requests } = this.#tables;
    return this.#write(() => {
      const request = requests.live(id, this.#clock.now());
      if (request !== null) requests.remove(id);
      return request?.record ?? null;
    });
  }

  async ping(): Promise<void> {
    this.#room.require();
    const now = this.#clock.now();
    if (this.#provedAt !== null && Math.abs(now - this.#provedAt) < PROVED_FOR) {
      await this.#guard(() => this.#tables.claims.live(PROOF, now));
      return;
    }
    // A full disk can be read. The entry has expired as it is written, so a sweep takes it.
    await this.#write(() => {
      this.#tables.claims.put(PROOF, now);
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

  /**
   * One pass of the sweep: removes what has expired of the next 500 entries at most. Resolves to whether the round has more
   * entries to look at.
   */
  async sweep(): Promise<boolean> {
    const swept = this.#sweeping;
    const table = this.#tables[swept];
    const { keys, upTo } = await this.#guard(() => table.nextExpired(this.#clock.now(), SWEEP_LIMIT));
    if (keys.length > 0) {
      await this.#write(() => {
        // One that was claimed anew since it was looked at stays.
        for (const key of keys) if (table.live(key, this.#clock.now()) === null) table.remove(key);
      });
    }
    // Not before, so that a pass that fails is made again.
    table.goOn(upTo);
    if (upTo !== null) return true;
    this.#sweeping = swept === 'claims' ? 'requests' : 'claims';
    return swept === 'claims';
  }

  /** How many entries are on disk, expired ones included. */
  size(): number {
    return this.#tables.claims.size() + this.#tables.requests.size();
  }

  async close(): Promise<void> {
    await this.#sweeper?.stop();
    await this.#tables.root.close();
  }

  /** Inside `transaction` the callback runs while no other process can write, so look-then-put is one step. */
  async #write<T>(action: () => T): Promise<T> {
    this.#room.require();
    try {
      const result = await this.#guard(() => this.#tables.root.childTransaction(action));
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

function opened(path: string): EmbeddedTables {
  try {
    return openEmbeddedTables(path);
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
