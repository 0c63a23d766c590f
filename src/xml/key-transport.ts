import { GatewayError } from '../shared/index.js';
import { decodeBase64 } from './base64.js';
import { XMLDSIG_NAMESPACE, XMLENC11_NAMESPACE, XMLENC_NAMESPACE } from './namespaces.js';
import { attributeValue, childElements, childrenNamed, isNamed, textContent } from './navigate.js';
import type { OaepParameters } from './oaep.js';
import { digestNamed, type DigestName } from './signature-algorithms.js';
import type { XmlElement } from './tree.js';

/** Fixes MGF1 to SHA-1, whatever the digest (xmlenc-core1 §5.5.2). */
export const RSA_OAEP_MGF1P = 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p';
/** Names MGF1's hash in an MGF element. */
export const RSA_OAEP = 'http://www.w3.org/2009/xmlenc11#rsa-oaep';

export const MGF1_SHA256 = `${XMLENC11_NAMESPACE}mgf1sha256`;

/** xmlenc-core1 §5.5.2, less what is allowed with no digest. */
const MASKS: ReadonlyMap<string, DigestName> = new Map<string, DigestName>([
  [`${XMLENC11_NAMESPACE}mgf1sha1`, 'sha1'],
  [MGF1_SHA256, 'sha256'],
]);

/** What identity providers send, as digest and hash of MGF1; SHA-1 is what both are where nothing is said. */
const ALLOWED_HASHES = {
  [RSA_OAEP_MGF1P]: ['sha1 sha1', 'sha256 sha1'],
  [RSA_OAEP]: ['sha256 sha256', 'sha256 sha1'],
};

/** ENCRYPTION_ALGORITHM, naming what was seen: which algorithm is written in a message is no secret. */
export function refuseAlgorithm(seen: string): never {
  throw new GatewayError('ENCRYPTION_ALGORITHM', undefined, {
    evidence: { expected: 'AES-GCM (AES-CBC where allowed) with RSA-OAEP', seen: seen.slice(0, 160) },
  });
}

function chosen(parameter: XmlElement | undefined, find: (uri: string) => DigestName | undefined): DigestName {
  if (parameter === undefined) return 'sha1';
  const uri = attributeValue(parameter, 'Algorithm') ?? '';
  return find(uri) ?? refuseAlgorithm(uri);
}

/**
 * Reads how a session key was encrypted. RSA PKCS#1 1.5 is not read at all: it is Bleichenbacher's oracle.
 *
 * @throws GatewayError ENCRYPTION_ALGORITHM
 */
export function readKeyTransport(encryptedKey: XmlElement): OaepParameters {
  const [method] = childrenNamed(encryptedKey, XMLENC_NAMESPACE, 'EncryptionMethod');
  if (method === undefined) return refuseAlgorithm('no EncryptionMethod');
  const algorithm = attributeValue(method, 'Algorithm') ?? '';
  if (algorithm !== RSA_OAEP && algorithm !== RSA_OAEP_MGF1P) return refuseAlgorithm(algorithm);
  const [digest] = childrenNamed(method, XMLDSIG_NAMESPACE, 'DigestMethod');
  const [mask] = childrenNamed(method, XMLENC11_NAMESPACE, 'MGF');
  const [label] = childrenNamed(method, XMLENC_NAMESPACE, 'OAEPParams');
  // A second one of them is a stranger too.
  const stranger = childElements(method).find((child) => child !== digest && child !== mask && child !== label);
  if (stranger !== undefined) refuseAlgorithm(`the parameter ${stranger.localName}`);
  if (mask !== undefined && algorithm === RSA_OAEP_MGF1P) refuseAlgorithm('rsa-oaep-mgf1p with MGF');
  const hashes = { digest: chosen(digest, digestNamed), maskDigest: chosen(mask, (uri) => MASKS.get(uri)) };
  if (!ALLOWED_HASHES[algorithm].includes(`${hashes.digest} ${hashes.maskDigest}`)) {
    refuseAlgorithm(`${algorithm} with ${hashes.digest} and MGF1 with ${hashes.maskDigest}`);
  }
  return {
    ...hashes,
    label: label === undefined ? Buffer.alloc(0) : (decodeBase64(textContent(label)) ?? refuseAlgorithm('OAEPParams')),
  };
}

/** Whether the element is an xenc:EncryptedKey. */
export function isEncryptedKey(candidate: XmlElement): boolean {
  return isNamed(candidate, XMLENC_NAMESPACE, 'EncryptedKey');
}
