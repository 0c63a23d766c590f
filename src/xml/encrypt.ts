import type { KeyObject } from 'node:crypto';
import { GatewayError, systemRandom, type RandomBytes } from '../shared/index.js';
import { attribute, element } from './build.js';
import { canonicalOctets } from './canonicalize.js';
import { CONTENT_CIPHERS, encryptContent, type ContentAlgorithm } from './content-cipher.js';
import { MGF1_SHA256, RSA_OAEP, RSA_OAEP_MGF1P } from './key-transport.js';
import { XMLDSIG_NAMESPACE, XMLENC11_NAMESPACE, XMLENC_NAMESPACE } from './namespaces.js';
import { oaepEncrypt } from './oaep.js';
import { digestIdentifier } from './signature-algorithms.js';
import type { XmlElement, XmlNode } from './tree.js';

export interface EncryptionRecipient {
  /** RSA. */
  readonly publicKey: KeyObject;
  /** Base64 DER; written into the EncryptedKey, so that the recipient can tell its keys apart. */
  readonly certificate?: string;
}

export interface EncryptionAlgorithms {
  /** Default aes-256-gcm. */
  readonly content?: ContentAlgorithm;
  /**
   * RSA-OAEP with SHA-1, as digest and for MGF1 (default: every implementation must have it, xmlenc-core1 §5.1, and
   * SHA-1's weakness does not touch OAEP), or with SHA-256 throughout.
   */
  readonly keyTransport?: 'rsa-oaep-mgf1p' | 'rsa-oaep-sha256';
}

function xenc(localName: string, children: readonly XmlNode[], algorithm?: string): XmlElement {
  const attributes = algorithm === undefined ? [] : [attribute('Algorithm', algorithm)];
  return element({ prefix: 'xenc', localName, namespace: XMLENC_NAMESPACE, attributes, children });
}

function ds(localName: string, children: readonly XmlNode[], algorithm?: string): XmlElement {
  const attributes = algorithm === undefined ? [] : [attribute('Algorithm', algorithm)];
  return element({ prefix: 'ds', localName, namespace: XMLDSIG_NAMESPACE, attributes, children });
}

function cipherData(bytes: Buffer): XmlElement {
  return xenc('CipherData', [xenc('CipherValue', [bytes.toString('base64')])]);
}

function keyTransportMethod(digest: 'sha1' | 'sha256'): XmlElement {
  const digestMethod = ds('DigestMethod', [], digestIdentifier(digest));
  if (digest === 'sha1') return xenc('EncryptionMethod', [digestMethod], RSA_OAEP_MGF1P);
  const mask = element({
    prefix: 'xenc11',
    localName: 'MGF',
    namespace: XMLENC11_NAMESPACE,
    attributes: [attribute('Algorithm', MGF1_SHA256)],
  });
  return xenc('EncryptionMethod', [digestMethod, mask], RSA_OAEP);
}

function encryptedKey(
  sessionKey: Uint8Array,
  { publicKey, certificate }: EncryptionRecipient,
  { keyTransport = 'rsa-oaep-mgf1p' }: EncryptionAlgorithms,
): XmlElement {
  if (publicKey.asymmetricKeyType !== 'rsa') {
    throw new GatewayError('ENCRYPTION_ALGORITHM', 'RSA-OAEP asks for an RSA key.');
  }
  const digest = keyTransport === 'rsa-oaep-mgf1p' ? 'sha1' : 'sha256';
  const keyInfo =
    certificate === undefined ? [] : [ds('KeyInfo', [ds('X509Data', [ds('X509Certificate', [certificate])])])];
  return xenc('EncryptedKey', [
    keyTransportMethod(digest),
    ...keyInfo,
    cipherData(oaepEncrypt(publicKey, sessionKey, digest)),
  ]);
}

/**
 * The xenc:EncryptedData that stands for the element, its session key inside.
 *
 * @param inclusivePrefixes as for `canonicalize`: those that a signature inside was made with.
 * @throws GatewayError ENCRYPTION_ALGORITHM where the key is no RSA key.
 */
export function encryptElement(
  plain: XmlElement,
  recipient: EncryptionRecipient,
  algorithms: EncryptionAlgorithms = {},
  { inclusivePrefixes, random = systemRandom }: { inclusivePrefixes?: readonly string[]; random?: RandomBytes } = {},
): XmlElement {
  const cipher = CONTENT_CIPHERS[algorithms.content ?? 'aes-256-gcm'];
  const sessionKey = random(cipher.keyLength);
  const plaintext = canonicalOctets(plain, inclusivePrefixes);
  return element({
    prefix: 'xenc',
    localName: 'EncryptedData',
    namespace: XMLENC_NAMESPACE,
    attributes: [attribute('Type', `${XMLENC_NAMESPACE}Element`)],
    children: [
      xenc('EncryptionMethod', [], cipher.identifier),
      ds('KeyInfo', [encryptedKey(sessionKey, recipient, algorithms)]),
      cipherData(encryptContent(cipher, sessionKey, plaintext, random)),
    ],
  });
}
