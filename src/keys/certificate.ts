import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { GatewayError } from '../shared/index.js';
import { keyKind } from './algorithm.js';
import { readKeyFile } from './read-file.js';

/** What a certificate says. */
export interface CertificateInfo {
  readonly pem: string;
  /** DER in base64 without line breaks, as in ds:X509Certificate. */
  readonly base64: string;
  /** SHA-256 of the DER, in lower-case hexadecimal. */
  readonly fingerprint: string;
  /** Subject on one line, such as `CN=sso.example.org, O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: KeyObject;
  /** `RSA 2048`, `EC prime256v1`. */
  readonly keyKind: string;
}

/** A key that verifies signatures; the shape that the xml room asks for. */
export interface CertificateKey {
  readonly publicKey: KeyObject;
  readonly fingerprint: string;
  readonly subject: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const oneLine = (name: string): string => name.split('\n').join(', ');

/** Reads one DER certificate. Throws KEY_UNREADABLE. */
export function certificateInfo(der: string | Uint8Array, origin = 'the certificate'): CertificateInfo {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(typeof der === 'string' ? der : Buffer.from(der));
    const publicKey = createPublicKey(certificate.publicKey.export({ type: 'spki', format: 'pem' }));
    const [notBefore, notAfter] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
    if (Number.isNaN(notBefore + notAfter)) throw new TypeError('its validity cannot be read');
    return {
      pem: certificate.toString(),
      base64: certificate.raw.toString('base64'),
      fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
      subject: oneLine(certificate.subject),
      issuer: oneLine(certificate.issuer),
      serialNumber: certificate.serialNumber,
      notBefore,
      notAfter,
      publicKey,
      keyKind: keyKind(publicKey),
    };
  } catch (cause) {
    throw new GatewayError('KEY_UNREADABLE', `cannot use ${origin}: it holds no certificate that can be read`, {
      cause,
    });
  }
}

/** All certificates of a PEM text, in order. Throws KEY_UNREADABLE where there is none, or one that is broken. */
export function parseCertificates(pem: string, origin = 'the text'): readonly [CertificateInfo, ...CertificateInfo[]] {
  const [first, ...others] = [...pem.matchAll(BLOCK)].map(([block]) => certificateInfo(block, origin));
  if (first === undefined) {
    throw new GatewayError('KEY_UNREADABLE', `cannot use ${origin}: it holds no PEM certificate`);
  }
  return [first, ...others];
}

/** The first certificate of a file: the one that belongs to the key. */
export function readCertificate(path: string): CertificateInfo {
  return parseCertificates(readKeyFile(path), path)[0];
}

/** The keys of all certificates of a PEM text. */
export function verificationKeys(pem: string, origin?: string): readonly CertificateKey[] {
  return parseCertificates(pem, origin).map(({ publicKey, fingerprint, subject, notBefore, notAfter }) => {
    return { publicKey, fingerprint, subject, notBefore, notAfter };
  });
}
