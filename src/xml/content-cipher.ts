import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { RandomBytes } from '../shared/index.js';

export type ContentAlgorithm =
  'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' | 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc';

interface ContentCipher {
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
const CIPHERS: readonly ContentCipher[] = ([128, 192, 256] as const).flatMap((bits) => [
  cipher(bits, 'gcm'),
  cipher(bits, 'cbc'),
]);

/** Finds a cipher by its identifier or by its name. */
export function contentCipher(name: string): ContentCipher | undefined {
  return CIPHERS.find((each) => each.identifier === name || each.name === name);
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
  /** False where tag, length or padding was wrong; the plaintext is then only there to be worked through as usual. */
  readonly sound: boolean;
}

function decryptGcm(name: ContentAlgorithm, key: Uint8Array, data: Buffer): Decrypted {
  if (data.length < GCM_IV + GCM_TAG) return { plaintext: data, sound: false };
  const options = { authTagLength: GCM_TAG };
  const decryptor = createDecipheriv(name as 'aes-256-gcm', key, data.subarray(0, GCM_IV), options);
  decryptor.setAuthTag(data.subarray(-GCM_TAG));
  const plaintext = decryptor.update(data.subarray(GCM_IV, -GCM_TAG));
  try {
    decryptor.final();
    return { plaintext, sound: true };
  } catch {
    return { plaintext, sound: false };
  }
}

/** The padding's last byte is its length and the rest is arbitrary (xmlenc-core1 §5.2). */
function decryptCbc(name: ContentAlgorithm, key: Uint8Array, data: Buffer): Decrypted {
  if (data.length < 2 * BLOCK || data.length % BLOCK !== 0) return { plaintext: data, sound: false };
  const decryptor = createDecipheriv(name, key, data.subarray(0, BLOCK)).setAutoPadding(false);
  const padded = Buffer.concat([decryptor.update(data.subarray(BLOCK)), decryptor.final()]);
  const length = padded.at(-1) ?? 0;
  const sound = length >= 1 && length <= BLOCK;
  return { plaintext: sound ? padded.subarray(0, -length) : padded, sound };
}

export function decryptContent({ name, authenticated }: ContentCipher, key: Uint8Array, data: Buffer): Decrypted {
  return authenticated ? decryptGcm(name, key, data) : decryptCbc(name, key, data);
}
