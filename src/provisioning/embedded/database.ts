import { mkdirSync } from 'node:fs';
import { open, type Database } from 'lmdb';
import { DiskRoom, GatewayError, LMDB_OPTIONS, reasonOfFailedCommit } from '../../shared/index.js';
import type { Failure } from '../queue.js';

export type JobState = 'waiting' | 'delayed' | 'active' | 'dead';

export interface JobRow {
  readonly payload: string;
  readonly since: number;
  readonly attempts: number;
  readonly state: JobState;
  /** Sorts the jobs of a state: due time, end of the lease, time of burial; when waiting, 0 (front) or 1. */
  readonly place: number;
  readonly sequence: number;
  /** Names the lease; null unless active. */
  readonly lease: string | null;
  /** Set when dead. */
  readonly failure: Failure | null;
}

export interface RecordRow {
  readonly value: string;
  readonly expiresAt: number | null;
}

export interface SpoolRow {
  readonly id: string;
  readonly tenant: string;
  readonly payload: string;
  readonly since: number;
  /** When the job is due, milliseconds since the epoch. */
  readonly due: number;
}

/** The tables of one lmdb environment. Several processes of one machine may have it open. */
export interface Tables {
  readonly root: ReturnType<typeof open>;
  /** [tenant, job id] */
  readonly jobs: Database<JobRow, [string, string]>;
  /** [tenant, state, place, sequence] → job id */
  readonly order: Database<string, [string, JobState, number, number]>;
  /** [tenant, key] */
  readonly records: Database<RecordRow, [string, string]>;
  /** [expiresAt, tenant, key] */
  readonly expiries: Database<true, [number, string, string]>;
  /** [tenant, list, id] */
  readonly lists: Database<string, [string, string, string]>;
  /** [tenant, free from (monotonic ms), sequence] → when it was written (monotonic ms) */
  readonly slots: Database<number, [string, number, number]>;
  /** Sequence counter, pauses, holds and since when. */
  readonly marks: Database<number, [string, string]>;
  /** By sequence. */
  readonly spool: Database<SpoolRow, number>;
  /** By job id: its place in the spool. */
  readonly spooled: Database<number, string>;
}

/** One lmdb environment: opens the tables, runs actions on them, and turns every failure into `STORE_UNAVAILABLE`. */
export class EmbeddedDatabase {
  readonly #path: string;
  readonly #room: DiskRoom;
  readonly #tables: Tables;

  constructor(path: string) {
    this.#path = path;
    this.#room = new DiskRoom(path);
    this.#tables = this.#translate(() => openTables(path));
  }

  read<T>(action: (tables: Tables) => T): T {
    return this.#translate(() => action(this.#tables));
  }

  /** Runs alone among all processes; when the promise resolves, the result is on disk. An action that throws is undone. */
  async write<T>(action: (tables: Tables) => T): Promise<T> {
    this.#room.require();
    try {
      return await this.#tables.root.childTransaction(() => action(this.#tables));
    } catch (cause) {
      throw this.#unavailable(await reasonOfFailedCommit(cause));
    }
  }

  close(): Promise<void> {
    return this.#tables.root.close();
  }

  #translate<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw this.#unavailable(cause);
    }
  }

  #unavailable(cause: unknown): GatewayError {
    if (cause instanceof GatewayError) return cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    return new GatewayError('STORE_UNAVAILABLE', `the embedded store in ${this.#path} failed: ${detail}`, { cause });
  }
}

/** The next number of a counter that all processes share; only inside `write`. */
export function nextSequence(tables: Tables): number {
  const next = (tables.marks.get(['sequence', '']) ?? 0) + 1;
  tables.marks.putSync(['sequence', ''], next);
  return next;
}

function openTables(path: string): Tables {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // With `overlappingSync`, its default, a write is visible, and others build on it, before it is flushed.
  const root = open({ path, ...LMDB_OPTIONS, maxDbs: 16, overlappingSync: false });
  return {
    root,
    jobs: root.openDB({ name: 'jobs' }),
    order: root.openDB({ name: 'order' }),
    records: root.openDB({ name: 'records' }),
    expiries: root.openDB({ name: 'expiries' }),
    lists: root.openDB({ name: 'lists' }),
    slots: root.openDB({ name: 'slots' }),
    marks: root.openDB({ name: 'marks' }),
    spool: root.openDB({ name: 'spool' }),
    spooled: root.openDB({ name: 'spooled' }),
  };
}
