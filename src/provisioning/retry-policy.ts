import type { Fault } from './scim/judge.js';

/**
 * - `retry`: again in `delay` milliseconds, counted
 * - `bury`: to the dead letters
 * - `wait`: the whole tenant waits `delay` milliseconds, not counted
 * - `pause`: the tenant stands still until the credential is good again, not counted
 */
export type NextStep =
  { readonly step: 'retry' | 'wait'; readonly delay: number } | { readonly step: 'bury' | 'pause' };

export interface RetryContext {
  /** Attempts that counted before this one. */
  readonly attempts: number;
  /** When the job was queued; milliseconds since the epoch. */
  readonly since: number;
  readonly now: number;
  /** Milliseconds that a job is retried for. */
  readonly retryFor: number;
  /** Milliseconds that an account may take to appear (`observe`). */
  readonly observeFor: number;
  /** A number from 0 to 1. */
  readonly chance: number;
}

const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 600_000;
const CONFLICT_ATTEMPTS = 3;
// While a data key is rotated, one process seals with a key that another is about to be told.
const KEY_COMES_WITHIN = 600_000;
// Long waits before the first attempt (a paused tenant, a backlog) must not make the first hiccup the last, nor the first
// worker without the data key the only one.
const FEWEST_ATTEMPTS = 5;

/** What follows a failed attempt (the table of the design page). */
export function nextStep(fault: Fault, context: RetryContext): NextStep {
  switch (fault.class) {
    case 'throttled':
      return { step: 'wait', delay: fault.wait };
    case 'credential':
      return { step: 'pause' };
    case 'permanent':
      return { step: 'bury' };
    case 'unreadable':
      return again(fault, context, KEY_COMES_WITHIN, FEWEST_ATTEMPTS);
    case 'suspect':
      // A taken address whose owner is not listed will not come right by itself; the index may lag, so not at once.
      if (fault.status === 409 && context.attempts + 1 >= CONFLICT_ATTEMPTS) return { step: 'bury' };
      return again(fault, context, context.retryFor, FEWEST_ATTEMPTS);
    case 'transient':
      return again(fault, context, context.retryFor, FEWEST_ATTEMPTS);
    case 'absent':
      return again(fault, context, context.observeFor);
  }
}

function again(fault: Fault, context: RetryContext, limit: number, fewest = 1): NextStep {
  const left = context.since + limit - context.now;
  if (left <= 0 && context.attempts + 1 >= fewest) return { step: 'bury' };
  const full = Math.min(FIRST_DELAY * 2 ** Math.min(context.attempts, 20), LONGEST_DELAY);
  const delay = Math.max(fault.wait, full / 2 + (full / 2) * context.chance);
  // The last attempt is made at the end of the time, not before it.
  return { step: 'retry', delay: left > 0 ? Math.min(delay, left) : delay };
}
