import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { RandomBytes } from '../shared/index.js';

export type ContentAlgorithm =
  'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' | 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc';

export interface ContentCipher {
  readonly name: ContentAlgorithm;
  readonly identifier: string;
  /** Bytes of the session key. */
  readonly keyLength: number;
  readonly authenticated: boolean;
}

function cipher(bits: 128 | 192 | 256, mode: 'gcm' | 'cbc'): ContentCipher {
  const namespace = mode === 'gcm' ? 'http://www.w3.org/2009/xmlenc11#' : 'http://www.w3.org/2001/04/xmlenc#';
  return {
    name: `aes-${bits}-${mode}`,
    identifier: `${namespace}aes${bits}-${mode}`,
    keyLength: bits / 8,
    authenticated: mode === 'gcm',
  };
}

/** xmlenc-core1 §5.2; Triple DES is not among them. */
export const CONTENT_CIPHERS: Readonly<Record<ContentAlgorithm, ContentCipher>> = {
  'aes-128-gcm': cipher(128, 'gcm'),
  'aes-192-gcm': cipher(192, 'gcm'),
  'aes-256-gcm': cipher(256, 'gcm'),
  'aes-128-cbc': cipher(128, 'cbc'),
  'aes-192-cbc': cipher(192, 'cbc'),
  'aes-256-cbc': cipher(256, 'cbc'),
};

/** The cipher that a message names. */
export function cipherIdentified(identifier: string): ContentCipher | undefined {
  return Object.values(CONTENT_CIPHERS).find((each) => each.identifier === identifier);
}

const BLOCK = 16;
const GCM_IV = 12;
const GCM_TAG = 16;

/** xmlenc-core1 §5.2.1 and §5.2.4: the IV comes first, GCM's tag last. */
export function encryptContent(
  { name, authenticated }: ContentCipher,
  key: Uint8Array,
  plaintext: Uint8Array,
  random: RandomBytes,
): Buffer {
  if (authenticated) {
    const iv = random(GCM_IV);
    const encryptor = createCipheriv(name as 'aes-256-gcm', key, iv);
    return Buffer.concat([iv, encryptor.update(plaintext), encryptor.final(), encryptor.getAuthTag()]);
  }
  const iv = random(BLOCK);
  const padding = Buffer.alloc(BLOCK - (plaintext.length % BLOCK));
  padding[padding.length - 1] = padding.length;
  const encryptor = createCipheriv(name, key, iv).setAutoPadding(false);
  return Buffer.concat([iv, encryptor.update(plaintext), encryptor.update(padding), encryptor.final()]);
}

export interface Decrypted {
  readonly plaintext: Buffer;
  /** False where the padding was wrong; the plaintext is then only there to be worked through as usual. */
  readonly sound: boolean;
}

function decryptGcm(name: ContentAlgorithm, key: Uint8Array, data: Buffer): Decrypted {
  const options = { authTagLength: GCM_TAG };
  const decryptor = createDecipheriv(name as 'aes-256-gcm', key, data.subarray(0, GCM_IV), options);
  decryptor.setAuthTag(data.subarray(-GCM_TAG));
  return {
    plaintext: Buffer.concat([decryptor.update(data.subarray(GCM_IV, -GCM_TAG)), decryptor.final()]),
    sound: true,
  };
}

/** The padding's last byte is its length, from 1, and the rest is arbitrary (xmlenc-core1 §5.2). */
function decryptCbc(name: ContentAlgorithm, key: Uint8Array, data: Buffer): Decrypted {
  const decryptor = createDecipheriv(name, key, data.subarray(0, BLOCK)).setAutoPadding(false);
  const padded = Buffer.concat([decryptor.update(data.subarray(BLOCK)), decryptor.final()]);
  // A length of 0 takes nothing off, and leaves a NUL behind, which no document may hold.
  const length = padded.at(-1) ?? 0;
  return { plaintext: padded.subarray(0, padded.length - length), sound: length <= BLOCK };
}

/** Throws where the length or GCM's tag is wrong: what is not authentic is not worked through. */
export function decryptContent({ name, authenticated }: ContentCipher, key: Uint8Array, data: Buffer): Decrypted {
  return authenticated ? decryptGcm(name, key, data) : decryptCbc(name, key, data);
}
