import { sign, verify, type KeyObject, type SignKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';
import type { SigningKey, VerificationKey } from './keys.js';
import { identifiersOf, type SignatureMethod } from './signature-algorithms.js';

// With a callback both work on the thread pool.
const signBytes = promisify(sign);
const verifyBytes = promisify(verify);

/** xmldsig-core1 §6.4.3: an ECDSA value is r and s, each as long as the curve's order. An RSA key is taken as it is. */
function inForm(key: KeyObject): KeyObject | SignKeyObjectInput {
  return key.asymmetricKeyType === 'rsa' ? key : { key, dsaEncoding: 'ieee-p1363' };
}

const CURVES: readonly (string | undefined)[] = ['prime256v1', 'secp384r1', 'secp521r1'];

/** A key of another type than the algorithm's is never tried, whatever a library would make of it. */
function fits({ publicKey }: VerificationKey, { keyType }: SignatureMethod): boolean {
  if (publicKey.type !== 'public' || publicKey.asymmetricKeyType !== keyType) return false;
  return keyType === 'rsa' || CURVES.includes(publicKey.asymmetricKeyDetails?.namedCurve);
}

/** Whether that key made the signature; found out on the thread pool. */
export async function isSignedBy(
  key: VerificationKey,
  method: SignatureMethod,
  octets: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return fits(key, method) && (await verifyBytes(method.digest, octets, inForm(key.publicKey), signature));
}

/** Signs octets, on the thread pool. */
export function signOctets(octets: Uint8Array, { privateKey, algorithm }: SigningKey): Promise<Buffer> {
  return signBytes(identifiersOf(algorithm).method.digest, octets, inForm(privateKey));
}
