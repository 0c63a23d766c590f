/**
 * Which public sentence the person who logs in sees. Deliberately few: the sentence must not tell an attacker
 * which check failed. The sentences themselves, in English and Dutch, are the gateway's error page.
 */
export type PublicMessage =
  | 'unreadable'
  | 'refused'
  | 'start-again'
  | 'identity-provider-refused'
  | 'account-data-missing'
  | 'too-large'
  | 'too-many-requests'
  | 'not-found'
  | 'unavailable'
  | 'upstream-unreachable'
  | 'upstream-timeout'
  | 'internal';

/** One row of the error table. */
export interface ErrorEntry {
  /** HTTP status of the answer to the browser. */
  readonly status: number;
  readonly public: PublicMessage;
  /** What happened, for the operator. */
  readonly meaning: string;
  /** What the operator can do about it. */
  readonly remedy: string;
}

/** Keeps the literal keys of a family while checking its rows. */
export function family<Code extends string>(rows: Record<Code, ErrorEntry>): Readonly<Record<Code, ErrorEntry>> {
  return rows;
}
