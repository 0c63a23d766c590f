import { constants, createHash, privateDecrypt, publicEncrypt, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { DigestName } from './signature-algorithms.js';

/** The parameters of RSAES-OAEP (RFC 8017 §7.1). */
export interface OaepParameters {
  readonly digest: DigestName;
  /** The hash of MGF1, which may be another one than the digest. */
  readonly maskDigest: DigestName;
  /** OAEPParams; usually empty. */
  readonly label: Buffer;
}

/** MGF1 (RFC 8017 §B.2.1). */
function mask(seed: Uint8Array, length: number, digest: DigestName): Buffer {
  let made = Buffer.alloc(0);
  for (let counter = 0; made.length < length; counter++) {
    const index = Buffer.alloc(4);
    index.writeUInt32BE(counter);
    made = Buffer.concat([made, createHash(digest).update(seed).update(index).digest()]);
  }
  return made.subarray(0, length);
}

function xor(left: Uint8Array, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ right.readUInt8(index)));
}

/** RFC 8017 §7.1.2 step 3: every check is made before any answer, since telling them apart is Manger's attack. */
function unpad(padded: Buffer, { digest, maskDigest, label }: OaepParameters): Buffer | null {
  const labelHash = createHash(digest).update(label).digest();
  const maskedSeed = padded.subarray(1, 1 + labelHash.length);
  const maskedBlock = padded.subarray(1 + labelHash.length);
  const seed = xor(maskedSeed, mask(maskedBlock, labelHash.length, maskDigest));
  const block = xor(maskedBlock, mask(seed, maskedBlock.length, maskDigest));
  const content = block.subarray(labelHash.length);
  let fault = padded.readUInt8(0) | (timingSafeEqual(block.subarray(0, labelHash.length), labelHash) ? 0 : 1);
  let searching = 1;
  let start = 0;
  for (const byte of content) {
    start += searching;
    fault |= searching * (byte >> 1);
    searching *= byte === 1 ? 0 : 1;
  }
  return (fault | searching) === 0 ? content.subarray(start) : null;
}

/** Encrypts to an RSA key, with that hash as digest and as MGF1's, and no label. */
export function oaepEncrypt(key: KeyObject, message: Uint8Array, digest: DigestName): Buffer {
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: digest }, message);
}

/** Octets of the modulus of an RSA key. */
function sizeOf(key: KeyObject): number {
  return Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}

/**
 * Decrypts; null for every failure. OpenSSL takes the padding off in constant time, which no JavaScript can promise.
 * But Node's `oaepHash` sets the digest and the hash of MGF1 together, so where they differ (rsa-oaep-mgf1p fixes MGF1
 * to SHA-1, xmlenc-core1 §5.5.2) only the modular exponentiation is OpenSSL's.
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
    // A modulus too short for the hashes ends here too.
    return null;
  }
}
