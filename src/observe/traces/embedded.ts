import { mkdirSync } from 'node:fs';
import { open, type Database, type RootDatabase } from 'lmdb';
import { DiskRoom, LMDB_OPTIONS, reasonOfFailedCommit, type Clock } from '../../shared/index.js';
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

/** Entries that are written together. */
interface Batch {
  readonly entries: Map<string, TraceEntry[]>;
  readonly written: Promise<void>;
  /** Writes it now. */
  readonly begin: () => void;
}

/** Traces in one transaction at most: it holds up the event loop for as long as they take. */
const MOST_AT_ONCE = 64;

export interface EmbeddedTraceOptions {
  /** A directory of its own. Several processes of one machine may share it. */
  readonly path: string;
  readonly clock: Clock;
  readonly bounds: TraceBounds;
  /**
   * How long entries are gathered before they are written together, ms. Default 200: each flush to disk makes the claims of
   * logins wait for theirs.
   */
  readonly gatherFor?: number;
}

export function createEmbeddedTraceStore(options: EmbeddedTraceOptions): TraceStore {
  return new EmbeddedTraceStore(options);
}

class EmbeddedTraceStore implements TraceStore {
  readonly #clock: Clock;
  readonly #bounds: TraceBounds;
  readonly #gatherFor: number;
  readonly #room: DiskRoom;
  readonly #root: RootDatabase;
  readonly #traces: Database<Stored, string>;
  readonly #index: Database<true, IndexKey>;
  #batch: Batch | null = null;

  constructor({ path, clock, bounds, gatherFor = 200 }: EmbeddedTraceOptions) {
    this.#clock = clock;
    this.#bounds = bounds;
    this.#gatherFor = gatherFor;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    this.#room = new DiskRoom(path);
    this.#root = open({ path, ...LMDB_OPTIONS });
    this.#traces = this.#root.openDB<Stored, string>({ name: 'traces', encoding: 'json' });
    this.#index = this.#root.openDB<true, IndexKey>({ name: 'index', encoding: 'json' });
  }

  /** Resolves when the entry is written, with those of other logins of the same moment. */
  async add(reference: string, entry: TraceEntry): Promise<void> {
    this.#room.require();
    const { entries, written, begin } = (this.#batch ??= this.#gather());
    const others = entries.get(reference);
    if (others === undefined) entries.set(reference, [entry]);
    else others.push(entry);
    if (entries.size >= MOST_AT_ONCE) begin();
    await written;
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
    const last = this.#batch;
    last?.begin();
    // Whoever added to it is told of a failure.
    await last?.written.catch(() => undefined);
    await this.#root.close();
  }

  #gather(): Batch {
    const entries: Batch['entries'] = new Map();
    let begin: Batch['begin'] = () => undefined;
    const due = new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        begin();
      }, this.#gatherFor);
      begin = () => {
        clearTimeout(timer);
        this.#batch = null;
        resolve();
      };
    });
    return { entries, written: due.then(() => this.#write(entries)), begin };
  }

  async #write(batch: Batch['entries']): Promise<void> {
    try {
      await this.#root.transaction(() => {
        for (const [reference, entries] of batch) this.#append(reference, entries);
        this.#evict(Math.max(EVICTIONS_PER_WRITE, 2 * batch.size));
      });
    } catch (error) {
      throw await reasonOfFailedCommit(error);
    }
  }

  #append(reference: string, added: readonly TraceEntry[]): void {
    const known = this.#traces.get(reference);
    const at = known?.at ?? added[0]?.at ?? this.#clock.now();
    const entries = [...(known?.entries ?? [])];
    for (const entry of added) entries.splice(MAX_ENTRIES - 1, 1, entry);
    this.#traces.putSync(reference, { at, entries });
    if (known === undefined) this.#index.putSync([at, reference], true);
  }

  #tooOld(at: number): boolean {
    return at <= this.#clock.now() - this.#bounds.age;
  }

  #hasOld(): boolean {
    return [...this.#index.getKeys({ limit: 1 })].some(([at]) => this.#tooOld(at));
  }

  #evict(limit: number): void {
    let excess = entryCount(this.#index) - this.#bounds.count;
    if (excess <= 0 && !this.#hasOld()) return;
    // Copied first: removing under a running cursor would move it.
    for (const key of [...this.#index.getKeys({ limit })]) {
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
