import { timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../shared/index.js';
import { canonicalOctets, canonicalParts } from './canonicalize.js';
import type { VerificationKey } from './keys.js';
import { XMLDSIG_NAMESPACE } from './namespaces.js';
import { attributeValue, childrenNamed, withChildren } from './navigate.js';
import { isSignedBy } from './octets.js';
import { digestOf, signatureMethodOf, type DigestName, type SignatureMethod } from './signature-algorithms.js';
import { readSignature, type SignatureForm } from './signature-form.js';
import { explainStranger } from './signer-explanation.js';
import { digestOfText, type TextParts } from './text-parts.js';
import type { VerifiedElement, XmlElement, XmlNode } from './tree.js';
import { brandVerified } from './verified.js';

export interface SignaturePolicy {
  /** Lets RSA-SHA1 and SHA-1 digests pass; the verification says that they were used. */
  readonly allowSha1: boolean;
  /** Lowers the least RSA modulus from 2048 to 1024 bits. */
  readonly allowRsa1024: boolean;
  /** Whether a key outside its certificate's validity is refused; otherwise the verification says so. */
  readonly refuseExpiredCertificates: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface Verification {
  /** The very tree that was hashed: the element without this Signature. */
  readonly element: VerifiedElement;
  readonly key: VerificationKey;
  /** Identifier of the signature algorithm. */
  readonly algorithm: string;
  /** InclusiveNamespaces PrefixList: prefixes whose meaning was hashed wherever they are in scope, used or not. */
  readonly inclusivePrefixes: readonly string[];
  /** SHA-1 was used, in the signature or the digest. */
  readonly sha1: boolean;
  /** The RSA key has fewer than 2048 bits. */
  readonly shortKey: boolean;
  /** Now is outside the validity of the key's certificate. */
  readonly certificateExpired: boolean;
}

/** A copy without that child; the text on both its sides becomes one run, as everywhere in a tree. */
function without(parent: XmlElement, removed: XmlElement): XmlElement {
  const at = parent.children.indexOf(removed);
  const [before, after] = [parent.children[at - 1], parent.children[at + 1]];
  const joined = typeof before === 'string' && typeof after === 'string';
  const children: XmlNode[] = joined
    ? parent.children.toSpliced(at - 1, 3, before + after)
    : parent.children.toSpliced(at, 1);
  return withChildren(parent, children);
}

function onlySignature(element: XmlElement): XmlElement {
  const [signature, ...more] = childrenNamed(element, XMLDSIG_NAMESPACE, 'Signature');
  if (signature === undefined) throw new GatewayError('SIGNATURE_MISSING');
  if (more.length > 0) throw new GatewayError('SIGNATURE_MISPLACED', 'An element carries two signatures.');
  return signature;
}

function checkReference(element: XmlElement, form: SignatureForm): void {
  const id = attributeValue(element, 'ID') ?? '';
  if (id === '' || form.referenceUri !== `#${id}`) {
    throw new GatewayError(
      'SIGNATURE_FORM',
      'The Reference does not point at the element that carries the signature.',
      {
        evidence: { expected: `#${id}`, seen: form.referenceUri.slice(0, 160) },
      },
    );
  }
}

function checkDigest(content: TextParts, form: SignatureForm, digest: DigestName): void {
  const actual = digestOfText(digest, content);
  if (actual.length !== form.digestValue.length || !timingSafeEqual(actual, form.digestValue)) {
    throw new GatewayError('SIGNATURE_DIGEST_MISMATCH');
  }
}

async function signerOf(
  form: SignatureForm,
  method: SignatureMethod,
  keys: readonly VerificationKey[],
): Promise<VerificationKey> {
  const signedBytes = canonicalOctets(form.signedInfo, form.signedInfoPrefixes);
  for (const key of keys) {
    if (await isSignedBy(key, method, signedBytes, form.signatureValue)) return key;
  }
  throw explainStranger(form.keyInfo, keys);
}

function modulusLength(key: VerificationKey): number {
  return key.publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
}

function checkKeyLength(key: VerificationKey, method: SignatureMethod, allowRsa1024: boolean): boolean {
  if (method.keyType !== 'rsa') return false;
  const bits = modulusLength(key);
  const least = allowRsa1024 ? 1024 : 2048;
  if (bits < least) {
    throw new GatewayError('SIGNATURE_KEY_TOO_SHORT', undefined, {
      evidence: { expected: `at least ${least} bits`, seen: `${bits} bits` },
    });
  }
  return bits < 2048;
}

function checkValidity(key: VerificationKey, { now, refuseExpiredCertificates }: SignaturePolicy): boolean {
  const { notBefore = -Infinity, notAfter = Infinity } = key;
  const expired = now < notBefore || now > notAfter;
  if (expired && refuseExpiredCertificates) {
    throw new GatewayError('SIGNATURE_CERTIFICATE_EXPIRED', `The certificate ${key.fingerprint} is not valid now.`);
  }
  return expired;
}

/**
 * Begins to verify the one enveloped signature that is a direct child of the element, under one of the configured keys.
 * What its form and its digest show is thrown at once; the promise is about the key. What comes back is the tree whose
 * canonical form was hashed; nothing is looked up by its ID.
 *
 * @throws GatewayError SIGNATURE_MISSING, SIGNATURE_MISPLACED, SIGNATURE_FORM, SIGNATURE_ALGORITHM,
 *   SIGNATURE_DIGEST_MISMATCH, SIGNATURE_INVALID, SIGNATURE_KEY_TOO_SHORT or SIGNATURE_CERTIFICATE_EXPIRED.
 */
export function beginVerification(
  element: XmlElement,
  keys: readonly VerificationKey[],
  policy: SignaturePolicy,
): Promise<Verification> {
  const signature = onlySignature(element);
  const form = readSignature(signature);
  checkReference(element, form);
  const method = signatureMethodOf(form.signatureMethod, policy.allowSha1);
  const digest = digestOf(form.digestMethod, policy.allowSha1);
  // Where the thread pool verifies the signature, it does so while this thread works on the digest.
  const signer = signerOf(form, method, keys);
  // A refusal of the key must not count as unhandled where the digest is refused first.
  signer.catch(() => undefined);
  const content = without(element, signature);
  checkDigest(canonicalParts(content, form.contentPrefixes), form, digest);
  return signer.then((key) => ({
    shortKey: checkKeyLength(key, method, policy.allowRsa1024),
    certificateExpired: checkValidity(key, policy),
    element: brandVerified(content),
    key,
    algorithm: form.signatureMethod,
    inclusivePrefixes: form.contentPrefixes,
    sha1: method.digest === 'sha1' || digest === 'sha1',
  }));
}

/** `beginVerification`, every refusal as a rejection. */
export async function verifySignature(
  element: XmlElement,
  keys: readonly VerificationKey[],
  policy: SignaturePolicy,
): Promise<Verification> {
  return await beginVerification(element, keys, policy);
}
