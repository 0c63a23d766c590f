import type { QueuedJob } from '../job.js';
import { nextSequence, type JobRow, type JobState, type Tables } from './database.js';

const FRONT = 0;
const BACK = 1;
const PASS_LIMIT = 100;

/** The moves of a job between its states. Every function but the finders runs inside a write transaction. */
export function insertJob(tables: Tables, job: QueuedJob, due: number | null): boolean {
  if (tables.jobs.doesExist([job.tenant, job.id])) return false;
  const row: JobRow = {
    payload: job.payload,
    since: job.since,
    attempts: 0,
    state: due === null ? 'waiting' : 'delayed',
    place: due ?? BACK,
    sequence: nextSequence(tables),
    lease: null,
    failure: null,
  };
  putRow(tables, job.tenant, job.id, row);
  return true;
}

export function changeRow(tables: Tables, tenant: string, id: string, before: JobRow, change: Partial<JobRow>): JobRow {
  tables.order.removeSync([tenant, before.state, before.place, before.sequence]);
  const after = { ...before, ...change };
  putRow(tables, tenant, id, after);
  return after;
}

export function removeRow(tables: Tables, tenant: string, id: string, row: JobRow): void {
  tables.order.removeSync([tenant, row.state, row.place, row.sequence]);
  tables.jobs.removeSync([tenant, id]);
}

export function toFront(tables: Tables, tenant: string, id: string, row: JobRow): void {
  changeRow(tables, tenant, id, row, { state: 'waiting', place: FRONT, lease: null });
}

export function toBack(tables: Tables, tenant: string, id: string, row: JobRow, change: Partial<JobRow>): void {
  changeRow(tables, tenant, id, row, { ...change, state: 'waiting', place: BACK, lease: null });
}

/** Due delayed jobs and jobs whose lease has run out go back to waiting; a bounded number in one transaction. */
export function promoteDue(tables: Tables, tenant: string, now: number, leaseTime: number): void {
  for (const id of dueDelayed(tables, tenant, now, PASS_LIMIT)) {
    const row = tables.jobs.get([tenant, id]);
    if (row !== undefined) toBack(tables, tenant, id, row, {});
  }
  for (const id of abandoned(tables, tenant, now, leaseTime)) {
    const row = tables.jobs.get([tenant, id]);
    if (row !== undefined) toFront(tables, tenant, id, row);
  }
}

export function firstWaiting(tables: Tables, tenant: string): { readonly id: string; readonly row: JobRow } | null {
  for (const { value: id } of tables.order.getRange({ ...rangeOf(tenant, 'waiting'), limit: 1 })) {
    const row = tables.jobs.get([tenant, id]);
    if (row !== undefined) return { id, row };
  }
  return null;
}

export function hasWork(tables: Tables, tenant: string, now: number, leaseTime: number): boolean {
  return (
    firstWaiting(tables, tenant) !== null ||
    dueDelayed(tables, tenant, now, 1).length > 0 ||
    abandoned(tables, tenant, now, leaseTime).length > 0
  );
}

export function countJobs(tables: Tables, tenant: string, state: JobState): number {
  return tables.order.getKeysCount(rangeOf(tenant, state));
}

/** Job ids of a state in its order. */
export function jobsOf(tables: Tables, tenant: string, state: JobState, offset: number, limit: number): string[] {
  return [...tables.order.getRange({ ...rangeOf(tenant, state), offset, limit }).map(({ value }) => value)];
}

function dueDelayed(tables: Tables, tenant: string, now: number, limit: number): string[] {
  const range = { start: [tenant, 'delayed'], end: [tenant, 'delayed', now, Number.MAX_SAFE_INTEGER], limit };
  return [...tables.order.getRange(range).map(({ value }) => value)];
}

function abandoned(tables: Tables, tenant: string, now: number, leaseTime: number): string[] {
  return [
    ...tables.order
      .getRange(rangeOf(tenant, 'active'))
      // A lease that ends later than any that could begin now was written before the clock was set back.
      .filter(({ key: [, , until] }) => until <= now || until > now + leaseTime)
      .map(({ value }) => value),
  ];
}

function rangeOf(tenant: string, state: JobState): { start: [string, JobState]; end: [string, JobState, number] } {
  return { start: [tenant, state], end: [tenant, state, Number.MAX_VALUE] };
}

function putRow(tables: Tables, tenant: string, id: string, row: JobRow): void {
  tables.jobs.putSync([tenant, id], row);
  tables.order.putSync([tenant, row.state, row.place, row.sequence], id);
}
