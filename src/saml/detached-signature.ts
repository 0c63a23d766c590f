import { GatewayError } from '../shared/index.js';
import { isSignedBy, signatureMethodOf, type VerificationKey } from '../xml/index.js';
import type { SignatureRules } from './types.js';

// The signature of the Redirect binding (saml-bindings §3.4.4.1), by the xml room's rules for algorithms and keys.

function modulusLength({ publicKey }: VerificationKey): number {
  return publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
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
  const method = signatureMethodOf(algorithm, rules.allowSha1);
  for (const key of keys) {
    if (!(await isSignedBy(key, method, octets, signature))) continue;
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
