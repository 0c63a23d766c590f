import { open, type Database, type RootDatabase } from 'lmdb';
import { DiskRoom, reasonOfFailedCommit, type Clock } from '../../shared/index.js';
import {
  EVICTIONS_PER_WRITE,
  MAX_ENTRIES,
  type Trace,
  type TraceBounds,
  type TraceEntry,
  type TraceStore,
} from './trace.js';

interface Stored {
  /** Time of the first entry, ms since 1970: the trace's age counts from here. */
  readonly at: number;
  readonly entries: readonly TraceEntry[];
}

type IndexKey = [at: number, reference: string];

export interface EmbeddedTraceOptions {
  /** A directory of its own. Several processes of one machine may share it. */
  readonly path: string;
  readonly clock: Clock;
  readonly bounds: TraceBounds;
}

export function createEmbeddedTraceStore(options: EmbeddedTraceOptions): TraceStore {
  return new EmbeddedTraceStore(options);
}

class EmbeddedTraceStore implements TraceStore {
  readonly #clock: Clock;
  readonly #bounds: TraceBounds;
  readonly #room: DiskRoom;
  readonly #root: RootDatabase;
  readonly #traces: Database<Stored, string>;
  readonly #index: Database<true, IndexKey>;

  constructor({ path, clock, bounds }: EmbeddedTraceOptions) {
    this.#clock = clock;
    this.#bounds = bounds;
    this.#room = new DiskRoom(path);
    // Of a batch that cannot be committed (disk full) lmdb rejects a promise that nobody holds, which ends the process.
    this.#root = open({ path, eventTurnBatching: false });
    this.#traces = this.#root.openDB<Stored, string>({ name: 'traces', encoding: 'json' });
    this.#index = this.#root.openDB<true, IndexKey>({ name: 'index', encoding: 'json' });
  }

  async add(reference: string, entry: TraceEntry): Promise<void> {
    this.#room.require();
    try {
      await this.#root.transaction(() => {
        const known = this.#traces.get(reference);
        const { at, entries } = known ?? { at: entry.at, entries: [] };
        this.#traces.putSync(reference, { at, entries: [...entries.slice(0, MAX_ENTRIES - 1), entry] });
        if (known === undefined) this.#index.putSync([at, reference], true);
        this.#evict();
      });
    } catch (error) {
      throw await reasonOfFailedCommit(error);
    }
  }

  find(reference: string): Promise<Trace | null> {
    const stored = this.#traces.get(reference);
    if (stored === undefined || this.#tooOld(stored.at)) return Promise.resolve(null);
    return Promise.resolve({ reference, entries: stored.entries });
  }

  recent(limit: number): Promise<readonly Trace[]> {
    const found: Trace[] = [];
    for (const [at, reference] of this.#index.getKeys({ reverse: true, limit })) {
      const stored = this.#traces.get(reference);
      if (stored !== undefined && !this.#tooOld(at)) found.push({ reference, entries: stored.entries });
    }
    return Promise.resolve(found);
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  #tooOld(at: number): boolean {
    return at <= this.#clock.now() - this.#bounds.age;
  }

  #evict(): void {
    let excess = entryCount(this.#index) - this.#bounds.count;
    // Copied first: removing under a running cursor would move it.
    for (const key of [...this.#index.getKeys({ limit: EVICTIONS_PER_WRITE })]) {
      const [at, reference] = key;
      if (excess <= 0 && !this.#tooOld(at)) return;
      this.#traces.removeSync(reference);
      this.#index.removeSync(key);
      excess -= 1;
    }
  }
}

// lmdb keeps the count in the database's header; getCount() would walk over all keys.
function entryCount(database: Database<true, IndexKey>): number {
  const stats: unknown = database.getStats();
  if (typeof stats === 'object' && stats !== null && 'entryCount' in stats && typeof stats.entryCount === 'number') {
    return stats.entryCount;
  }
  throw new TypeError('lmdb tells no entry count');
}
