import { createHmac } from 'node:crypto';
import type { LoginFacts } from './policy.js';

/** What the worker needs to know to create one account; leaves the process only sealed. */
export type AccountRequest = Omit<LoginFacts, 'domain' | 'mode'>;

/** One job as the queue holds it: no name, address or account key in clear text. */
export interface QueuedJob {
  /** `accountId` of the account under the current data key; one account has at most one job, whatever the job's state. */
  readonly id: string;
  readonly tenant: string;
  /** The sealed `AccountRequest`. */
  readonly payload: string;
  /** When the job was first queued, or last put back by a person; milliseconds since the epoch. */
  readonly since: number;
}

/**
 * Identifies an account: HMAC-SHA-256 over tenant and lower-cased address, in hexadecimal. Keyed, since addresses can be
 * guessed: without the key nobody can try them out. Addresses that differ in case only are one account (RFC 7643
 * §4.1.1: userName is case-insensitive).
 */
export function accountId(key: Uint8Array, tenant: string, address: string): string {
  return createHmac('sha256', key).update(tenant).update('\0').update(address.toLowerCase()).digest('hex');
}
