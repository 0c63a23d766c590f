const DAY = 86_400_000;

/** How near the end is; the steps are 60, 30 and 7 days. */
export type ExpiryLevel = 'fine' | 'notice' | 'warning' | 'critical' | 'expired';

export interface Expiry {
  /** Whole days left; negative once it is over. */
  readonly days: number;
  readonly level: ExpiryLevel;
}

/** How long until `notAfter` (milliseconds since the epoch). */
export function expiryOf(notAfter: number, now: number): Expiry {
  const left = notAfter - now;
  const days = Math.floor(left / DAY);
  if (left <= 0) return { days, level: 'expired' };
  if (left <= 7 * DAY) return { days, level: 'critical' };
  if (left <= 30 * DAY) return { days, level: 'warning' };
  return { days, level: left <= 60 * DAY ? 'notice' : 'fine' };
}
