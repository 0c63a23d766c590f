import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { DataKey } from '../config/index.js';
import { GatewayError, type RandomBytes } from '../shared/index.js';
import { accountId } from './job.js';

/** An account's id under the current data key, then those under the previous ones. */
export type AccountIds = readonly [current: string, ...previous: string[]];

/**
 * Encrypts what waits in a store or on the queue, and names accounts there, so that neither it nor a dump of it tells
 * who they are.
 */
export interface Sealer {
  /** @param context what the record belongs to (the job id); opening it under another context fails */
  seal(text: string, context: string): string;
  /** Throws `SEALED_KEY_UNKNOWN` or `SEALED_RECORD_DAMAGED`. */
  open(sealed: string, context: string): string;
  /** What is queued and recorded goes by the first; after a rotation something may be on record under another. */
  accountIds(tenant: string, address: string): AccountIds;
}

const VERSION = 'v1';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit IV. A sealed record reads `v1.KEY-ID.BASE64URL(IV, tag, text)`.
 * The current key seals, all of them open, so that a new key can take the place of the current one at any time.
 */
export function createSealer(
  keys: { readonly current: DataKey; readonly previous: readonly DataKey[] },
  random: RandomBytes,
): Sealer {
  const current = { id: keys.current.id, bytes: deriveKey(keys.current, SEALED) };
  const byId = new Map(keys.previous.map((key) => [key.id, deriveKey(key, SEALED)]));
  byId.set(current.id, current.bytes);
  const naming = deriveKey(keys.current, ACCOUNT);
  const namedBefore = keys.previous.map((key) => deriveKey(key, ACCOUNT));
  return {
    seal(text, context) {
      const iv = random(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current.bytes, iv).setAAD(Buffer.from(context));
      const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return `${VERSION}.${current.id}.${Buffer.concat([iv, cipher.getAuthTag(), encrypted]).toString('base64url')}`;
    },
    open(sealed, context) {
      const [version, id, encoded, ...rest] = sealed.split('.');
      if (version !== VERSION || id === undefined || encoded === undefined || rest.length > 0) {
        throw new GatewayError('SEALED_RECORD_DAMAGED', 'the record does not have the form of a sealed one');
      }
      const key = byId.get(id);
      if (key === undefined) throw new GatewayError('SEALED_KEY_UNKNOWN', `no data key has the id ${id.slice(0, 16)}`);
      return decrypt(key, Buffer.from(encoded, 'base64url'), context);
    },
    accountIds: (tenant, address) => [
      accountId(naming, tenant, address),
      ...namedBefore.map((key) => accountId(key, tenant, address)),
    ],
  };
}

function decrypt(key: Uint8Array, bytes: Buffer, context: string): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new GatewayError('SEALED_RECORD_DAMAGED', undefined, { cause });
  }
}

// The data key is used for other things too (hashing account names); HKDF (RFC 5869) keeps the uses apart.
const SEALED = 'claims-gateway sealed record';
const ACCOUNT = 'claims-gateway account id';

function deriveKey(key: DataKey, use: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key.bytes.reveal(), new Uint8Array(0), use, 32));
}
