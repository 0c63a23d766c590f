import { sign, verify, type KeyObject, type SignKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';
import type { SigningKey, VerificationKey } from './keys.js';
import { identifiersOf, type SignatureMethod } from './signature-algorithms.js';

// With a callback both work on the thread pool.
const signOnPool = promisify(sign);
const verifyOnPool = promisify(verify);

/** The largest RSA modulus, in bits, with which this thread verifies by itself. */
const LARGEST_IN_PLACE = 4096;
/** The public exponent that all but very old keys have; the cost of a verification grows with its length. */
const USUAL_EXPONENT = 65_537n;
/** The largest RSA modulus, in bits, with which this thread signs by itself. */
const LARGEST_SIGNED_IN_PLACE = 2048;

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

/** Whether to verify takes this thread no longer than to hand it to another one would. Not so with elliptic curves. */
function isQuick({ publicKey }: VerificationKey): boolean {
  const { modulusLength = Infinity, publicExponent = Infinity } = publicKey.asymmetricKeyDetails ?? {};
  return modulusLength <= LARGEST_IN_PLACE && publicExponent <= USUAL_EXPONENT;
}

/** Whether that key made the signature; where that takes long it is found out on the thread pool. */
export async function isSignedBy(
  key: VerificationKey,
  method: SignatureMethod,
  octets: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (!fits(key, method)) return false;
  if (isQuick(key)) return verify(method.digest, octets, inForm(key.publicKey), signature);
  return await verifyOnPool(method.digest, octets, inForm(key.publicKey), signature);
}

/**
 * Signs octets, on the thread pool unless it is quick and holds up nobody.
 *
 * @param alone no other login would be held up: with an RSA key of up to 2048 bits this thread signs by itself
 */
export async function signOctets(
  octets: Uint8Array,
  { privateKey, algorithm }: SigningKey,
  alone = false,
): Promise<Buffer> {
  const { digest } = identifiersOf(algorithm).method;
  const { modulusLength = Infinity } = privateKey.asymmetricKeyDetails ?? {};
  if (alone && modulusLength <= LARGEST_SIGNED_IN_PLACE) return sign(digest, octets, inForm(privateKey));
  return await signOnPool(digest, octets, inForm(privateKey));
}
