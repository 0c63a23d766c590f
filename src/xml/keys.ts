import type { KeyObject, X509Certificate } from 'node:crypto';

/** A key that may have made a signature; always out of the configuration, never out of a message. */
export interface VerificationKey {
  readonly publicKey: KeyObject;
  /** SHA-256, lower-case hex, of the DER certificate, or of the SubjectPublicKeyInfo where there is none. */
  readonly fingerprint: string;
  readonly subject?: string;
  /** Start of the certificate's validity, in milliseconds since 1970. */
  readonly notBefore?: number;
  /** End of the certificate's validity, in milliseconds since 1970. */
  readonly notAfter?: number;
}

export type SignatureAlgorithm =
  'rsa-sha256' | 'rsa-sha384' | 'rsa-sha512' | 'ecdsa-sha256' | 'ecdsa-sha384' | 'ecdsa-sha512';

/** A key that we sign with. */
export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  /** Base64 of the DER certificate, without armour or line breaks. */
  readonly certificate: string;
  readonly algorithm: SignatureAlgorithm;
}

/** SHA-256 of a certificate's DER, in lower-case hex. */
export function certificateFingerprint(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/** RFC 2253-like on one line: Node puts one attribute on a line. */
export function certificateSubject(certificate: X509Certificate): string {
  // Node's types do not know that a certificate without a subject has none here either.
  const subject = certificate.subject as string | undefined;
  return (subject ?? '').split('\n').reverse().join(', ');
}

/**
 * The verification key that a certificate carries; its signature, purpose and chain are not looked at.
 *
 * @throws TypeError where its times are none: nobody could say when it ends
 */
export function verificationKeyOf(certificate: X509Certificate): VerificationKey {
  const [notBefore, notAfter] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (Number.isNaN(notBefore + notAfter)) throw new TypeError('the validity of the certificate cannot be read');
  return {
    publicKey: certificate.publicKey,
    fingerprint: certificateFingerprint(certificate),
    subject: certificateSubject(certificate),
    notBefore,
    notAfter,
  };
}
