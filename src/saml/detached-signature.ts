import { sign as signBytes, verify as verifyBytes } from 'node:crypto';
import { GatewayError } from '../shared/index.js';
import { identifiersOf, type SignatureAlgorithm, type SigningKey, type VerificationKey } from '../xml/index.js';
import type { SignatureRules } from './types.js';

// Signatures over octets, as the Redirect binding has them; those inside XML are the xml room's.

interface Method {
  readonly digest: string;
  readonly keyType: string;
}

const ALGORITHMS: readonly SignatureAlgorithm[] = [
  'rsa-sha256',
  'rsa-sha384',
  'rsa-sha512',
  'ecdsa-sha256',
  'ecdsa-sha384',
  'ecdsa-sha512',
];

const METHODS: ReadonlyMap<string, Method> = new Map(
  ALGORITHMS.map((name) => {
    const { signature, method } = identifiersOf(name);
    return [signature, method];
  }),
);

const RSA_SHA1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';

function methodOf(identifier: string, { allowSha1 }: SignatureRules): Method {
  const method = METHODS.get(identifier);
  if (method !== undefined) return method;
  if (identifier === RSA_SHA1 && allowSha1) return { digest: 'sha1', keyType: 'rsa' };
  throw new GatewayError('SIGNATURE_ALGORITHM', undefined, {
    evidence: { expected: 'RSA or ECDSA with SHA-256, SHA-384 or SHA-512', seen: identifier.slice(0, 160) },
  });
}

function modulusLength({ publicKey }: VerificationKey): number {
  return publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
}

function madeBy(key: VerificationKey, { digest }: Method, octets: Buffer, signature: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verifyBytes(digest, octets, { key: key.publicKey, dsaEncoding: 'ieee-p1363' }, signature, (fault, valid) => {
      if (fault === null) resolve(valid);
      else reject(fault);
    });
  });
}

/** What was signed, and what with. */
export interface DetachedSignature {
  readonly octets: Buffer;
  readonly signature: Buffer;
  /** Identifier of the signature algorithm. */
  readonly algorithm: string;
}

/**
 * The configured key that made the signature.
 *
 * @param now milliseconds since the epoch
 * @throws GatewayError SIGNATURE_ALGORITHM, SIGNATURE_INVALID, SIGNATURE_KEY_TOO_SHORT or SIGNATURE_CERTIFICATE_EXPIRED
 */
export async function verifyDetached(
  { octets, signature, algorithm }: DetachedSignature,
  keys: readonly VerificationKey[],
  rules: SignatureRules,
  now: number,
): Promise<VerificationKey> {
  const method = methodOf(algorithm, rules);
  for (const key of keys) {
    if (key.publicKey.asymmetricKeyType !== method.keyType) continue;
    if (!(await madeBy(key, method, octets, signature))) continue;
    if (method.keyType === 'rsa' && modulusLength(key) < (rules.allowRsa1024 ? 1024 : 2048)) {
      throw new GatewayError('SIGNATURE_KEY_TOO_SHORT');
    }
    const { notBefore = -Infinity, notAfter = Infinity } = key;
    if (rules.refuseExpiredCertificates && (now < notBefore || now > notAfter)) {
      throw new GatewayError('SIGNATURE_CERTIFICATE_EXPIRED');
    }
    return key;
  }
  throw new GatewayError('SIGNATURE_INVALID');
}

/** Signs octets; ECDSA values are r and s, as xmldsig-core1 §6.4.3 has them. */
export function signDetached(octets: Buffer, { privateKey, algorithm }: SigningKey): Promise<Buffer> {
  const { method } = identifiersOf(algorithm);
  return new Promise((resolve, reject) => {
    signBytes(method.digest, octets, { key: privateKey, dsaEncoding: 'ieee-p1363' }, (fault, signature) => {
      if (fault === null) resolve(signature);
      else reject(fault);
    });
  });
}
