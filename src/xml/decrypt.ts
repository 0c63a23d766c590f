import type { KeyObject } from 'node:crypto';
import { GatewayError, systemRandom } from '../shared/index.js';
import { decodeBase64 } from './base64.js';
import { cipherIdentified, decryptContent, type ContentCipher } from './content-cipher.js';
import { isEncryptedKey, readKeyTransport, refuseAlgorithm } from './key-transport.js';
import type { XmlLimits } from './limits.js';
import { XMLDSIG_NAMESPACE, XMLENC_NAMESPACE } from './namespaces.js';
import { attributeValue, childElements, childrenNamed, isNamed, textContent } from './navigate.js';
import { oaepDecrypt, type OaepParameters } from './oaep.js';
import { parseXmlInScope } from './parse.js';
import type { NamespaceScope, VerifiedElement, XmlElement } from './tree.js';

export interface DecryptionPolicy {
  /** Lets AES-CBC pass, which is not authenticated: only under a verified signature, or at the operator's word. */
  readonly allowCbc: boolean;
}

/** Real messages carry one EncryptedKey. */
const MOST_ENCRYPTED_KEYS = 2;
/**
 * Anybody can ask for them, without any signature, and they hold up every other request: Node has no asynchronous
 * decryption. With more configured keys than that, of one EncryptedKey each key is still tried.
 */
const MOST_RSA_OPERATIONS = 4;
const ELEMENT_TYPE = `${XMLENC_NAMESPACE}Element`;

/** Without any detail: whoever can tell the reasons apart can decrypt (xmlenc-core1 §6.1). */
function fail(): never {
  throw new GatewayError('DECRYPTION_FAILED');
}

function contentCipherOf(data: XmlElement, { allowCbc }: DecryptionPolicy): ContentCipher {
  const [method] = childrenNamed(data, XMLENC_NAMESPACE, 'EncryptionMethod');
  if (method === undefined) return refuseAlgorithm('no EncryptionMethod');
  const identifier = attributeValue(method, 'Algorithm') ?? '';
  const cipher = cipherIdentified(identifier);
  if (cipher === undefined || !(cipher.authenticated || allowCbc)) return refuseAlgorithm(identifier);
  if (!childElements(method).every((child) => isKeySize(child, cipher.keyLength))) refuseAlgorithm('unknown parameter');
  return cipher;
}

function isKeySize(parameter: XmlElement, keyLength: number): boolean {
  return isNamed(parameter, XMLENC_NAMESPACE, 'KeySize') && textContent(parameter).trim() === String(keyLength * 8);
}

/**
 * The encrypted session keys: inside the KeyInfo of EncryptedData, and beside EncryptedData, of which a
 * RetrievalMethod picks those with its Id. Never sought elsewhere in the document.
 */
function encryptedKeysOf(container: XmlElement, data: XmlElement): XmlElement[] {
  const keyInfos = childrenNamed(data, XMLDSIG_NAMESPACE, 'KeyInfo');
  const inside = keyInfos.flatMap((keyInfo) => childElements(keyInfo).filter(isEncryptedKey));
  const wanted = keyInfos
    .flatMap((keyInfo) => childrenNamed(keyInfo, XMLDSIG_NAMESPACE, 'RetrievalMethod'))
    .map((method) => attributeValue(method, 'URI'));
  const beside = childElements(container)
    .filter(isEncryptedKey)
    .filter((key) => wanted.length === 0 || wanted.includes(`#${attributeValue(key, 'Id') ?? ''}`));
  return [...inside, ...beside];
}

interface WrappedKey {
  readonly parameters: OaepParameters;
  readonly encrypted: Buffer;
}

/** Those that may be used; where there are some but none may, the first one's refusal. */
function wrappedKeys(encryptedKeys: readonly XmlElement[]): WrappedKey[] {
  let refusal: unknown;
  const wrapped: WrappedKey[] = [];
  for (const key of encryptedKeys) {
    try {
      wrapped.push({ parameters: readKeyTransport(key), encrypted: cipherValue(key) });
    } catch (fault) {
      refusal ??= fault;
    }
  }
  if (wrapped.length === 0 && refusal !== undefined) throw refusal as Error;
  return wrapped;
}

/** Never a CipherReference: it would have us fetch what the message names. */
function cipherValue(encrypted: XmlElement): Buffer {
  const [value, ...more] = childrenNamed(encrypted, XMLENC_NAMESPACE, 'CipherData').flatMap(childElements);
  if (value === undefined || more.length > 0 || !isNamed(value, XMLENC_NAMESPACE, 'CipherValue')) return fail();
  return decodeBase64(textContent(value)) ?? fail();
}

function mostEncryptedKeys(keys: number): number {
  return keys * MOST_ENCRYPTED_KEYS <= MOST_RSA_OPERATIONS ? MOST_ENCRYPTED_KEYS : 1;
}

/** Tries every pair, also after a success, so that the time does not tell which one it was. */
function unwrap(wrapped: readonly WrappedKey[], keys: readonly KeyObject[], length: number): Buffer | null {
  let found: Buffer | null = null;
  for (const key of keys) {
    for (const { parameters, encrypted } of wrapped) {
      const candidate = oaepDecrypt(key, encrypted, parameters);
      if (candidate?.length === length) found ??= candidate;
    }
  }
  return found;
}

/** Null where it cannot be decrypted to one well-formed element within the limits. */
function elementIn(
  encrypted: Buffer,
  cipher: ContentCipher,
  sessionKey: Uint8Array,
  limits: XmlLimits,
  scope: NamespaceScope | null,
): XmlElement | null {
  try {
    const { plaintext, sound } = decryptContent(cipher, sessionKey, encrypted);
    const parsed = parseXmlInScope(plaintext, limits, scope);
    return sound ? parsed : null;
  } catch {
    return null;
  }
}

/**
 * Decrypts the EncryptedData that is the one such child of `container` (a saml:EncryptedAssertion, for example) and
 * parses what it holds, in the container's namespaces and within the same limits. What lies inside a verified element
 * comes out verified: then the signature covers the ciphertext.
 *
 * @param keys private RSA keys, all of which are tried.
 * @throws GatewayError ENCRYPTION_ALGORITHM, or DECRYPTION_FAILED for whatever goes wrong after that.
 */
export function decryptElement(
  container: VerifiedElement,
  keys: readonly KeyObject[],
  policy: DecryptionPolicy,
  limits: XmlLimits,
): VerifiedElement;
export function decryptElement(
  container: XmlElement,
  keys: readonly KeyObject[],
  policy: DecryptionPolicy,
  limits: XmlLimits,
): XmlElement;
export function decryptElement(
  container: XmlElement,
  keys: readonly KeyObject[],
  policy: DecryptionPolicy,
  limits: XmlLimits,
): XmlElement {
  const [data, ...more] = childrenNamed(container, XMLENC_NAMESPACE, 'EncryptedData');
  if (data === undefined || more.length > 0) return fail();
  const cipher = contentCipherOf(data, policy);
  const encryptedKeys = encryptedKeysOf(container, data);
  const rsaKeys = keys.filter((key) => key.type === 'private' && key.asymmetricKeyType === 'rsa');
  if (encryptedKeys.length > mostEncryptedKeys(rsaKeys.length)) return fail();
  const wrapped = wrappedKeys(encryptedKeys);
  if ((attributeValue(data, 'Type') ?? ELEMENT_TYPE) !== ELEMENT_TYPE) return fail();
  const encrypted = cipherValue(data);
  const sessionKey = unwrap(wrapped, rsaKeys, cipher.keyLength);
  // With no session key the work goes on with a random one (RFC 3218 §2.3.2), and fails where a forged one would.
  const found = elementIn(encrypted, cipher, sessionKey ?? systemRandom(cipher.keyLength), limits, container.scope);
  return sessionKey !== null && found !== null ? found : fail();
}
