import { constants, createHash, publicEncrypt, randomBytes, type KeyObject } from 'node:crypto';

/** RSAES-OAEP (RFC 8017 §7.1.1) by hand, so that any part of the padding can be made otherwise. */
export interface HandmadePadding {
  readonly digest: string;
  /** The hash of MGF1. */
  readonly maskDigest: string;
  readonly label?: Buffer;
  /** The first octet; 0 in what is right. */
  readonly first?: number;
  /** Of the hash of the label. */
  readonly labelHash?: (hash: Buffer) => Buffer;
  /** Of what stands between the label's hash and the message: zeros, and a 1 at the end. */
  readonly between?: (octets: Buffer) => Buffer;
}

function mgf1(seed: Buffer, length: number, digest: string): Buffer {
  const blocks = Array.from({ length: 16 }, (_, counter) =>
    createHash(digest)
      .update(Buffer.concat([seed, Buffer.from([0, 0, 0, counter])]))
      .digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

function masked(octets: Buffer, seed: Buffer, digest: string): Buffer {
  const mask = mgf1(seed, octets.length, digest);
  return Buffer.from(octets.map((octet, at) => octet ^ mask.readUInt8(at)));
}

/** To an RSA key of 2048 bits. */
export function oaepByHand(key: KeyObject, message: Buffer, padding: HandmadePadding): Buffer {
  const same = (octets: Buffer): Buffer => octets;
  const { digest, maskDigest, label = Buffer.alloc(0), first = 0, labelHash = same, between = same } = padding;
  const hash = createHash(digest).update(label).digest();
  const octets = Buffer.alloc(256 - 1 - 2 * hash.length - message.length);
  octets[octets.length - 1] = 1;
  const block = Buffer.concat([labelHash(hash), between(octets), message]);
  const seed = randomBytes(hash.length);
  const maskedBlock = masked(block, seed, maskDigest);
  const maskedSeed = masked(seed, maskedBlock, maskDigest);
  return publicEncrypt(
    { key, padding: constants.RSA_NO_PADDING },
    Buffer.concat([Buffer.from([first]), maskedSeed, maskedBlock]),
  );
}
