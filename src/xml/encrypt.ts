import type { KeyObject } from 'node:crypto';
import { GatewayError, systemRandom, type RandomBytes } from '../shared/index.js';
import { attribute, element } from './build.js';
import { canonicalize } from './canonicalize.js';
import { contentCipher, encryptContent, type ContentAlgorithm } from './content-cipher.js';
import { maskIdentifier, RSA_OAEP, RSA_OAEP_MGF1P } from './key-transport.js';
import { XMLDSIG_NAMESPACE, XMLENC11_NAMESPACE, XMLENC_NAMESPACE } from './namespaces.js';
import { oaepEncrypt, type OaepParameters } from './oaep.js';
import { digestIdentifier, type DigestName } from './signature-algorithms.js';
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
  /** Default rsa-oaep-mgf1p, which every implementation must have (xmlenc-core1 §5.1). */
  readonly keyTransport?: 'rsa-oaep-mgf1p' | 'rsa-oaep';
  /** OAEP's digest; default SHA-1, whose weakness does not touch OAEP. */
  readonly digest?: DigestName;
  /** The hash of MGF1; default SHA-1, and with rsa-oaep-mgf1p nothing else. */
  readonly maskDigest?: DigestName;
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

function keyTransportMethod(fixedMask: boolean, { digest, maskDigest }: OaepParameters): XmlElement {
  const digestMethod = ds('DigestMethod', [], digestIdentifier(digest));
  if (fixedMask) return xenc('EncryptionMethod', [digestMethod], RSA_OAEP_MGF1P);
  const mask = element({
    prefix: 'xenc11',
    localName: 'MGF',
    namespace: XMLENC11_NAMESPACE,
    attributes: [attribute('Algorithm', maskIdentifier(maskDigest))],
  });
  return xenc('EncryptionMethod', [digestMethod, mask], RSA_OAEP);
}

function encryptedKey(
  sessionKey: Uint8Array,
  { publicKey, certificate }: EncryptionRecipient,
  { keyTransport = 'rsa-oaep-mgf1p', digest = 'sha1', maskDigest = 'sha1' }: EncryptionAlgorithms,
  random: RandomBytes,
): XmlElement {
  const fixedMask = keyTransport === 'rsa-oaep-mgf1p';
  if ((fixedMask && maskDigest !== 'sha1') || publicKey.asymmetricKeyType !== 'rsa') {
    throw new GatewayError(
      'ENCRYPTION_ALGORITHM',
      'RSA-OAEP asks for an RSA key, and rsa-oaep-mgf1p for MGF1 with SHA-1.',
    );
  }
  const parameters: OaepParameters = { digest, maskDigest, label: Buffer.alloc(0) };
  const keyInfo =
    certificate === undefined ? [] : [ds('KeyInfo', [ds('X509Data', [ds('X509Certificate', [certificate])])])];
  return xenc('EncryptedKey', [
    keyTransportMethod(fixedMask, parameters),
    ...keyInfo,
    cipherData(oaepEncrypt(publicKey, sessionKey, parameters, random)),
  ]);
}

/**
 * The xenc:EncryptedData that stands for the element, its session key inside.
 *
 * @param inclusivePrefixes as for `canonicalize`: those that a signature inside was made with.
 * @throws GatewayError ENCRYPTION_ALGORITHM where the key or the algorithms don't fit each other.
 */
export function encryptElement(
  plain: XmlElement,
  recipient: EncryptionRecipient,
  algorithms: EncryptionAlgorithms = {},
  {
    inclusivePrefixes = [],
    random = systemRandom,
  }: { inclusivePrefixes?: readonly string[]; random?: RandomBytes } = {},
): XmlElement {
  const name = algorithms.content ?? 'aes-256-gcm';
  const cipher = contentCipher(name);
  if (cipher === undefined) throw new GatewayError('ENCRYPTION_ALGORITHM', `There is no ${name}.`);
  const sessionKey = random(cipher.keyLength);
  const plaintext = Buffer.from(canonicalize(plain, inclusivePrefixes), 'utf8');
  return element({
    prefix: 'xenc',
    localName: 'EncryptedData',
    namespace: XMLENC_NAMESPACE,
    attributes: [attribute('Type', `${XMLENC_NAMESPACE}Element`)],
    children: [
      xenc('EncryptionMethod', [], cipher.identifier),
      ds('KeyInfo', [encryptedKey(sessionKey, recipient, algorithms, random)]),
      cipherData(encryptContent(cipher, sessionKey, plaintext, random)),
    ],
  });
}
