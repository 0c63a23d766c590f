import type { ResultCode } from '../metrics.js';
import type { RedactedValue } from '../redact.js';

/** One step of a login as it went. */
export interface TraceStep {
  /** A login stage, or a check inside one (`validate: audience`). */
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'skipped';
  /** Milliseconds, with fractions. */
  readonly duration: number;
  readonly code?: ResultCode;
  readonly detail?: string;
  readonly expected?: string;
  readonly seen?: string;
}

/** What became of one attribute, without its values. */
export interface AttributeDifference {
  readonly name: string;
  readonly change: 'same' | 'added' | 'dropped' | 'changed';
  readonly before: readonly RedactedValue[];
  readonly after: readonly RedactedValue[];
}

/** Written by the gateway, once per login. */
export interface LoginEntry {
  readonly kind: 'login';
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly idp: string;
  /** In the configured form. */
  readonly account: string | null;
  readonly code: ResultCode;
  /** Milliseconds. */
  readonly duration: number;
  readonly steps: readonly TraceStep[];
  readonly attributes: readonly AttributeDifference[];
}

/** Written by whoever handles the job, in this process or another. */
export interface ProvisioningEntry {
  readonly kind: 'provisioning';
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event:
    'skipped' | 'queued' | 'spooled' | 'attempt' | 'created' | 'existed' | 'failed' | 'dismissed' | 'follow-up';
  /** In words, with the status of the answer where there was one. */
  readonly detail?: string;
  /** Milliseconds. */
  readonly duration?: number;
}

export type TraceEntry = LoginEntry | ProvisioningEntry;

/** A login from the assertion to the account. Entries are in the order in which they were written. */
export interface Trace {
  readonly reference: string;
  readonly entries: readonly TraceEntry[];
}

export interface TraceBounds {
  /** How many logins are kept. */
  readonly count: number;
  /** How long, ms. */
  readonly age: number;
}

/** Entries of one login beyond this many replace the last one, so that the newest is always there. */
export const MAX_ENTRIES = 64;

/** How many traces that are over the bounds one write takes away at least: more than it adds, and never long. */
export const EVICTIONS_PER_WRITE = 32;

/** Joins what gateway and worker write under one reference. Every method may reject; a login must not fail for it. */
export interface TraceStore {
  /** The entries may come in any order and from several processes at once. */
  add(reference: string, entry: TraceEntry): Promise<void>;
  find(reference: string): Promise<Trace | null>;
  /** The newest logins first. */
  recent(limit: number): Promise<readonly Trace[]>;
  close(): Promise<void>;
}
