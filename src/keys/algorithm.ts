import type { KeyObject } from 'node:crypto';

/** How we sign; the names are those of the configuration. */
export type SigningAlgorithm =
  'rsa-sha256' | 'rsa-sha384' | 'rsa-sha512' | 'ecdsa-sha256' | 'ecdsa-sha384' | 'ecdsa-sha512';

export type KeyUse = 'signing' | 'decryption' | 'tls';

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];
const LEAST_RSA_BITS = 2048;
const MOST_RSA_BITS = 4096;

/** `RSA 2048`, `EC prime256v1`, `ed25519`. */
export function keyKind(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined)
    return `${key.asymmetricKeyType === 'rsa' ? 'RSA' : 'RSA-PSS'} ${String(modulusLength)}`;
  return namedCurve === undefined ? String(key.asymmetricKeyType) : `EC ${namedCurve}`;
}

/** RSA keys shorter than the rules allow (saml-rules: 2048 bits). */
export function isShortRsa(key: KeyObject, least = LEAST_RSA_BITS): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return bits !== undefined && bits < least;
}

/** An RSA key so long that each signature costs many times the usual. */
export function isSlowRsa(key: KeyObject): boolean {
  return (key.asymmetricKeyDetails?.modulusLength ?? 0) > MOST_RSA_BITS;
}

/** Why the key cannot do its work, or null. */
export function unfitness(key: KeyObject, use: KeyUse, algorithm: SigningAlgorithm | undefined): string | null {
  const kind = keyKind(key);
  if (isShortRsa(key)) return `the key is ${kind}, and less than ${String(LEAST_RSA_BITS)} bits are refused`;
  if (use === 'tls') return null;
  if (use === 'decryption') return key.asymmetricKeyType === 'rsa' ? null : `the key is ${kind}; decryption needs RSA`;
  if (algorithm?.startsWith('ecdsa-') === true) {
    const curve = key.asymmetricKeyType === 'ec' ? (key.asymmetricKeyDetails?.namedCurve ?? '') : '';
    return CURVES.includes(curve) ? null : `the key is ${kind}; ${algorithm} needs EC P-256, P-384 or P-521`;
  }
  return key.asymmetricKeyType === 'rsa' ? null : `the key is ${kind}; ${algorithm ?? 'signing'} needs RSA`;
}
