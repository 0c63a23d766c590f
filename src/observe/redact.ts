import { createHmac, hkdfSync } from 'node:crypto';

/** How an account (its e-mail address) appears in log, audit and traces. */
export type AccountNameForm = 'hashed' | 'plain' | 'omitted';

/** The account's name in the configured form; null where it is left out. */
export type AccountNames = (account: string) => string | null;

/**
 * The key of all account name hashes and value fingerprints: HKDF-SHA-256 (RFC 5869) of the data key, so that
 * neither tells anything about the other.
 */
export function deriveRedactionKey(dataKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', dataKey, new Uint8Array(0), 'claims-gateway/redaction/1', 32));
}

/**
 * `acct-` and 64 bits of HMAC-SHA-256 of the lower-cased name. Keyed, since names can be guessed: without the key
 * nobody can try them out. The same account has the same hash wherever the same data key is used.
 */
export function hashAccountName(account: string, key: Uint8Array): string {
  return `acct-${keyedDigest(account.trim().normalize('NFC').toLowerCase(), key)}`;
}

export function createAccountNames(form: AccountNameForm, key: Uint8Array): AccountNames {
  switch (form) {
    case 'hashed':
      return (account) => hashAccountName(account, key);
    case 'plain':
      return (account) => account;
    case 'omitted':
      return () => null;
  }
}

/** What a trace shows of a value: enough to see whether two are equal, too little to know either. */
export interface RedactedValue {
  /** In characters (UTF-16 code units). */
  readonly length: number;
  /** 64 bits of HMAC-SHA-256, hexadecimal. */
  readonly fingerprint: string;
}

export function redactValue(value: string, key: Uint8Array): RedactedValue {
  return { length: value.length, fingerprint: keyedDigest(`value:${value}`, key) };
}

function keyedDigest(text: string, key: Uint8Array): string {
  return createHmac('sha256', key).update(text, 'utf8').digest('hex').slice(0, 16);
}
