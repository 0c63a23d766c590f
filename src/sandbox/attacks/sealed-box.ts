import { constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto';
import type { GoodResponse } from './attack.js';
import { declaredSaml } from './evil-parts.js';
import { replace, textOf } from './markup.js';
import { bare, DS, seal } from './signature.js';

/** XML encryption by hand, with nothing of the gateway's. */
export const XENC = 'http://www.w3.org/2001/04/xmlenc#';
export const XENC11 = 'http://www.w3.org/2009/xmlenc11#';

/** What may be different from a good EncryptedAssertion. */
export interface BoxTricks {
  readonly content?: 'aes-256-gcm' | 'aes-256-cbc';
  /** Of the octets that are encrypted. */
  readonly plaintext?: (text: string) => string | Buffer;
  /** Of IV, ciphertext and tag. */
  readonly ciphertext?: (bytes: Buffer) => Buffer;
  /** Of the encrypted session key. */
  readonly wrapped?: (bytes: Buffer) => Buffer;
  readonly sessionKey?: (key: Buffer) => Buffer;
  readonly padding?: number;
  /** Of the finished EncryptedData. */
  readonly data?: (xml: string) => string;
}

function enciphered({ content = 'aes-256-gcm' }: BoxTricks, key: Buffer, plaintext: Buffer): Buffer {
  if (content === 'aes-256-gcm') {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final()]);
}

const cipherData = (bytes: Buffer) =>
  `<xenc:CipherData><xenc:CipherValue>${bytes.toString('base64')}</xenc:CipherValue></xenc:CipherData>`;

/** EncryptedData to the gateway's public key, which anybody has. */
export function encryptedData(good: GoodResponse, text: string, tricks: BoxTricks = {}): string {
  const same = <Value>(value: Value) => value;
  const sessionKey = randomBytes(32);
  const ciphertext = enciphered(tricks, sessionKey, Buffer.from((tricks.plaintext ?? same)(text) as string));
  const wrapped = publicEncrypt(
    { key: good.gatewayEncryption, padding: tricks.padding ?? constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
    (tricks.sessionKey ?? same)(sessionKey),
  );
  const algorithm = tricks.content === 'aes-256-cbc' ? `${XENC}aes256-cbc` : `${XENC11}aes256-gcm`;
  return (tricks.data ?? same)(
    `<xenc:EncryptedData xmlns:xenc="${XENC}" Type="${XENC}Element">` +
      `<xenc:EncryptionMethod Algorithm="${algorithm}"></xenc:EncryptionMethod><ds:KeyInfo xmlns:ds="${DS}">` +
      `<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="${XENC}rsa-oaep-mgf1p"></xenc:EncryptionMethod>` +
      `${cipherData((tricks.wrapped ?? same)(wrapped))}</xenc:EncryptedKey></ds:KeyInfo>` +
      `${cipherData((tricks.ciphertext ?? same)(ciphertext))}</xenc:EncryptedData>`,
  );
}

export function encryptedAssertion(good: GoodResponse, assertion: string, tricks?: BoxTricks): string {
  return declaredSaml(good, 'EncryptedAssertion', encryptedData(good, assertion, tricks));
}

/** The good response with its assertion encrypted, signed before and around it as the good one was. */
export function encrypted(good: GoodResponse, tricks?: BoxTricks): string {
  const plain = bare(good);
  const inner = good.signed === 'response' ? plain : seal(plain, 'Assertion', good.idp);
  const box = encryptedAssertion(good, textOf(inner, 'Assertion'), tricks);
  const response = replace(inner, 'Assertion', () => box);
  return good.signed === 'assertion' ? response : seal(response, 'Response', good.idp);
}

/** A Response without signature around something encrypted. */
export function posted(good: GoodResponse, assertion: string, tricks?: BoxTricks): string {
  return replace(bare(good), 'Assertion', () => encryptedAssertion(good, assertion, tricks));
}
