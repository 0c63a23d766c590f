import { constants, createHash, privateDecrypt, publicEncrypt, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { RandomBytes } from '../shared/index.js';
import type { DigestName } from './signature-algorithms.js';

/** The parameters of RSAES-OAEP (RFC 8017 §7.1). */
export interface OaepParameters {
  readonly digest: DigestName;
  /** The hash of MGF1, which may be another one than the digest. */
  readonly maskDigest: DigestName;
  /** OAEPParams; usually empty. */
  readonly label: Buffer;
}

function mask(seed: Uint8Array, length: number, digest: DigestName): Buffer {
  const blocks: Buffer[] = [];
  for (let made = 0, counter = 0; made < length; counter++) {
    const index = Buffer.alloc(4);
    index.writeUInt32BE(counter);
    const block = createHash(digest).update(seed).update(index).digest();
    blocks.push(block);
    made += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function xor(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)));
}

/** RFC 8017 §7.1.1 step 2. */
function pad(message: Uint8Array, size: number, parameters: OaepParameters, random: RandomBytes): Buffer {
  const { digest, maskDigest, label } = parameters;
  const labelHash = createHash(digest).update(label).digest();
  const zeros = size - message.length - 2 * labelHash.length - 2;
  if (zeros < 0) throw new RangeError('The RSA key is too short for this OAEP digest.');
  const block = Buffer.concat([labelHash, Buffer.alloc(zeros), Buffer.from([1]), message]);
  const seed = random(labelHash.length);
  const maskedBlock = xor(block, mask(seed, block.length, maskDigest));
  const maskedSeed = xor(seed, mask(maskedBlock, seed.length, maskDigest));
  return Buffer.concat([Buffer.from([0]), maskedSeed, maskedBlock]);
}

/** RFC 8017 §7.1.2 step 3: every check is made before any answer, since telling them apart is Manger's attack. */
function unpad(padded: Buffer, { digest, maskDigest, label }: OaepParameters): Buffer | null {
  const labelHash = createHash(digest).update(label).digest();
  const start = 1 + labelHash.length;
  if (padded.length < start + labelHash.length + 1) return null;
  const maskedBlock = padded.subarray(start);
  const seed = xor(padded.subarray(1, start), mask(maskedBlock, labelHash.length, maskDigest));
  const block = xor(maskedBlock, mask(seed, maskedBlock.length, maskDigest));
  let fault = padded[0] ?? 1;
  fault |= timingSafeEqual(block.subarray(0, labelHash.length), labelHash) ? 0 : 1;
  let separator = 0;
  for (let index = labelHash.length; index < block.length; index++) {
    const byte = block[index] ?? 0;
    const searching = separator === 0 ? 1 : 0;
    separator += searching * (byte === 1 ? index : 0);
    fault |= searching * (byte > 1 ? 1 : 0);
  }
  return fault !== 0 || separator === 0 ? null : block.subarray(separator + 1);
}

/** Encrypts to an RSA key. Where both hashes are one, OpenSSL pads, with randomness of its own. */
export function oaepEncrypt(
  key: KeyObject,
  message: Uint8Array,
  parameters: OaepParameters,
  random: RandomBytes,
): Buffer {
  const { digest, maskDigest, label } = parameters;
  if (digest === maskDigest) {
    return publicEncrypt(
      { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: digest, oaepLabel: label },
      message,
    );
  }
  return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, pad(message, sizeOf(key), parameters, random));
}

/** Octets of the modulus of an RSA key. */
function sizeOf(key: KeyObject): number {
  return Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}

/**
 * Decrypts; null for every failure. Node's `oaepHash` sets the digest and the hash of MGF1 together, so where they
 * differ (rsa-oaep-mgf1p fixes MGF1 to SHA-1, xmlenc-core1 §5.5.2) only the modular exponentiation is OpenSSL's.
 */
export function oaepDecrypt(key: KeyObject, encrypted: Uint8Array, parameters: OaepParameters): Buffer | null {
  const { digest, maskDigest, label } = parameters;
  // RFC 8017 §7.1.2 step 1; OpenSSL also takes one whose leading zeros were cut off.
  if (encrypted.length !== sizeOf(key)) return null;
  try {
    if (digest === maskDigest) {
      return privateDecrypt(
        { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: digest, oaepLabel: label },
        encrypted,
      );
    }
    return unpad(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, encrypted), parameters);
  } catch {
    return null;
  }
}
