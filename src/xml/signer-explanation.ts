import { X509Certificate } from 'node:crypto';
import { GatewayError } from '../shared/index.js';
import { decodeBase64 } from './base64.js';
import { certificateFingerprint, certificateSubject, type VerificationKey } from './keys.js';
import { XMLDSIG_NAMESPACE } from './namespaces.js';
import { childrenNamed, textContent } from './navigate.js';
import type { XmlElement } from './tree.js';

function claimedCertificate(keyInfo: XmlElement | undefined): X509Certificate | null {
  const data = keyInfo && childrenNamed(keyInfo, XMLDSIG_NAMESPACE, 'X509Data')[0];
  const certificate = data && childrenNamed(data, XMLDSIG_NAMESPACE, 'X509Certificate')[0];
  const bytes = certificate && decodeBase64(textContent(certificate));
  if (!bytes) return null;
  try {
    return new X509Certificate(bytes);
  } catch {
    // The explanation is a courtesy; what the message says of itself may be anything.
    return null;
  }
}

function describe(fingerprint: string, subject: string | undefined): string {
  return `certificate SHA-256 ${fingerprint}${subject === undefined ? '' : `, subject ${subject.slice(0, 200)}`}`;
}

/** SIGNATURE_INVALID, saying which certificate the message names and which ones are configured. */
export function explainStranger(keyInfo: XmlElement | undefined, keys: readonly VerificationKey[]): GatewayError {
  const claimed = claimedCertificate(keyInfo);
  const expected = keys.map((key) => describe(key.fingerprint, key.subject)).join('; ') || 'no key is configured';
  const seen =
    claimed === null
      ? 'the message names no certificate'
      : describe(certificateFingerprint(claimed), certificateSubject(claimed));
  return new GatewayError('SIGNATURE_INVALID', `Signed with: ${seen}. Expected: ${expected}.`, {
    evidence: { expected, seen },
  });
}
