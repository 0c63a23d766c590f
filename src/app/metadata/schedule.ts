import type { MetadataFacts } from './certificate-policy.js';

export interface Timing {
  /** Milliseconds between two looks at what other processes wrote to disk. */
  readonly pollEvery: number;
  /** Milliseconds until the first retry after a failure; each further one waits twice as long. */
  readonly retryAfter: number;
  /** Shortest interval in milliseconds that a document's cacheDuration or validUntil can bring about. */
  readonly shortestInterval: number;
}

export const defaultTiming: Timing = { pollEvery: 5_000, retryAfter: 30_000, shortestInterval: 60_000 };

/**
 * Milliseconds between two fetches: as configured, but no more than the document's cacheDuration
 * (saml-metadata §4.3.1), and early enough that it does not lapse in between.
 */
export function refreshInterval(
  refresh: number,
  document: MetadataFacts | null,
  shortest: number,
  fetchedAt: number,
): number {
  const lifetime = ((document?.validUntil ?? Infinity) - fetchedAt) / 2;
  const asked = Math.min(document?.cacheDurationMs ?? Infinity, lifetime);
  return Math.min(refresh, Math.max(asked, shortest));
}

/** Milliseconds to wait; the longest that a timer of Node takes is 2^31 - 1. */
export function delayUntilRefresh(options: {
  readonly interval: number;
  /** When the document was last confirmed; null = never. */
  readonly fetchedAt: number | null;
  readonly now: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly retryAfter: number;
  /** Out of [0, 1). */
  readonly random: number;
}): number {
  const { interval, fetchedAt, now, failures, retryAfter, random } = options;
  // Downwards only, so that the interval stays the upper bound that it is.
  const jitter = 1 - random * 0.1;
  if (failures > 0) return clamp(Math.min(interval, retryAfter * 2 ** Math.min(failures - 1, 20)) * jitter);
  if (fetchedAt === null) return 0;
  // A clock that was set back makes the age negative: then count from now.
  const age = Math.max(0, now - fetchedAt);
  return clamp(interval * jitter - age);
}

function clamp(delay: number): number {
  return Math.min(Math.max(0, Math.round(delay)), 2 ** 31 - 1);
}
