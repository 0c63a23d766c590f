import { generateKeyPair as generate, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { GatewayError, type Clock, type RandomBytes } from '../shared/index.js';
import { keyPaths, writeKeyFiles, type WrittenKey } from './key-files.js';

const generateAsync = promisify(generate);
const DAY = 86_400_000;
const CURVES = { 256: 'P-256', 384: 'P-384', 521: 'P-521' } as const;

export interface KeyWish {
  readonly type: 'rsa' | 'ec';
  /** RSA: 2048 (default) to 8192; EC: 256 (default), 384 or 521. */
  readonly bits?: number | undefined;
  /** Common name of the certificate's subject. */
  readonly commonName: string;
  /** Days that the certificate is valid; it begins an hour ago, for clocks that are behind. */
  readonly days: number;
  readonly clock: Clock;
  /** Source of the serial number. The key itself comes from OpenSSL's generator. */
  readonly random: RandomBytes;
}

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly certificatePem: string;
}

async function makePrivateKey(type: 'rsa' | 'ec', bits: number | undefined): Promise<KeyObject> {
  if (type === 'rsa') {
    const modulusLength = bits ?? 2048;
    if (!Number.isInteger(modulusLength) || modulusLength < 2048 || modulusLength > 8192) {
      throw new GatewayError('KEY_REQUEST_INVALID', `RSA keys have 2048 to 8192 bits, not ${String(modulusLength)}`);
    }
    return (await generateAsync('rsa', { modulusLength })).privateKey;
  }
  const namedCurve = CURVES[(bits ?? 256) as keyof typeof CURVES] as string | undefined;
  if (namedCurve === undefined) {
    throw new GatewayError('KEY_REQUEST_INVALID', `EC keys have 256, 384 or 521 bits, not ${String(bits)}`);
  }
  return (await generateAsync('ec', { namedCurve })).privateKey;
}

/** A new key with a self-signed certificate, in memory. Throws KEY_REQUEST_INVALID for a size or lifetime that is not allowed. */
export async function generateKeyPair(wish: KeyWish): Promise<KeyPair> {
  if (!Number.isInteger(wish.days) || wish.days < 1 || wish.days > 36_500) {
    throw new GatewayError(
      'KEY_REQUEST_INVALID',
      `a certificate is valid for 1 to 36500 days, not ${String(wish.days)}`,
    );
  }
  // node-forge takes long to load.
  const { selfSignedCertificate } = await import('./self-signed.js');
  const privateKey = await makePrivateKey(wish.type, wish.bits);
  const now = wish.clock.now();
  const certificatePem = selfSignedCertificate({
    privateKey,
    commonName: wish.commonName,
    notBefore: now - DAY / 24,
    notAfter: now + wish.days * DAY,
    random: wish.random,
  });
  return { privateKey, certificatePem };
}

/** Makes a key and writes `ID.key` (mode 0600) and `ID.crt` into `directory`. Throws KEY_EXISTS, KEY_REQUEST_INVALID, FILE_UNWRITABLE. */
export async function generateSigningKey(
  wish: KeyWish & { readonly id: string; readonly directory: string },
): Promise<WrittenKey> {
  const paths = keyPaths(wish.directory, wish.id);
  const { privateKey, certificatePem } = await generateKeyPair(wish);
  writeKeyFiles(paths, privateKey, certificatePem);
  return paths;
}
