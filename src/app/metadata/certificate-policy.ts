import type { VerificationKey } from '../../xml/index.js';
import { GatewayError } from '../../shared/index.js';

/** What of a parsed document matters here. */
export interface MetadataFacts {
  readonly entityId: string;
  /** Keys of the signing certificates, those without `use` included. */
  readonly signingKeys: readonly VerificationKey[];
  /** Ms since 1970; null = no end. */
  readonly validUntil: number | null;
  /** Null = as the reader likes. */
  readonly cacheDurationMs: number | null;
}

/** What a key must be so that the signature check would use it; the IdP file's `signature` options. */
export interface KeyRules {
  readonly allowRsa1024: boolean;
  readonly refuseExpiredCertificates: boolean;
}

export interface CertificateRules {
  /** What a signing certificate that was not there before does. */
  readonly onNewCertificate: 'trust' | 'hold';
  readonly keys: KeyRules;
  /** Is metadata without a usable certificate worthless? True for an IdP. */
  readonly certificateRequired: boolean;
  /** The operator's word on whose metadata it must be; else the first document's entity is pinned. */
  readonly expectedEntityId: string | null;
}

/** What was known before the document came. */
export interface Known {
  readonly entityId: string | null;
  /** Fingerprints in use until now; null = never had a document, so the first one is taken as it is. */
  readonly accepted: ReadonlySet<string> | null;
  /** Fingerprints that an operator approved. */
  readonly approved: ReadonlySet<string>;
}

interface SortedCertificates {
  /** Keys that verify from now on. */
  readonly usable: readonly VerificationKey[];
  /** Keys that wait for an operator. */
  readonly candidates: readonly VerificationKey[];
}

type Judgement = SortedCertificates & {
  /** Why the document must not replace the last good one; null = it may. */
  readonly refusal: GatewayError | null;
};

/** Would the signature check work with this key at all? */
export function isFit(key: VerificationKey, rules: KeyRules, now: number): boolean {
  const bits = key.publicKey.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < (rules.allowRsa1024 ? 1024 : 2048)) return false;
  if (!rules.refuseExpiredCertificates) return true;
  return (key.notBefore ?? -Infinity) <= now && now < (key.notAfter ?? Infinity);
}

/** Which of a document's certificates are in use and which wait. */
export function sortCertificates(
  keys: readonly VerificationKey[],
  known: Known,
  policy: CertificateRules['onNewCertificate'],
): SortedCertificates {
  const { accepted, approved } = known;
  if (policy === 'trust' || accepted === null) return { usable: keys, candidates: [] };
  const familiar = (key: VerificationKey) => accepted.has(key.fingerprint) || approved.has(key.fingerprint);
  return { usable: keys.filter(familiar), candidates: keys.filter((key) => !familiar(key)) };
}

/** May this document take the place of the last good one, and what of it counts? */
export function judgeDocument(document: MetadataFacts, known: Known, rules: CertificateRules, now: number): Judgement {
  const wanted = rules.expectedEntityId ?? known.entityId;
  if (wanted !== null && document.entityId !== wanted) {
    // Its certificates are somebody else's: they are not even offered for approval.
    const evidence = { expected: wanted, seen: document.entityId };
    const detail = `The metadata describes ${document.entityId} instead of ${wanted}.`;
    return { usable: [], candidates: [], refusal: new GatewayError('METADATA_ENTITY_CHANGED', detail, { evidence }) };
  }
  if (isLapsed(document, now)) {
    return { usable: [], candidates: [], refusal: new GatewayError('METADATA_EXPIRED', lapsedDetail(document)) };
  }
  const sorted = sortCertificates(document.signingKeys, known, rules.onNewCertificate);
  const required = rules.certificateRequired || (known.accepted?.size ?? 0) > 0;
  if (!required || sorted.usable.some((key) => isFit(key, rules.keys, now))) return { ...sorted, refusal: null };
  const { length } = document.signingKeys;
  const detail = `Of its ${length} signing certificates ${sorted.candidates.length} wait for approval and none of the others can be used.`;
  return { ...sorted, refusal: new GatewayError('METADATA_NO_USABLE_CERTIFICATE', detail) };
}

/**
 * Past validUntil a document must not be used, the last good one no more than any other (saml-metadata §4.3.1:
 * caching must not exceed it).
 */
export function isLapsed(document: MetadataFacts, now: number): boolean {
  return document.validUntil !== null && now >= document.validUntil;
}

export function lapsedDetail({ validUntil }: MetadataFacts): string {
  return `validUntil was ${new Date(validUntil ?? 0).toISOString()}.`;
}
