import { X509Certificate, type KeyObject } from 'node:crypto';
import type { IdpConfig } from '../../config/index.js';
import type { IdentityProvider, IdpMetadata } from '../../saml/index.js';
import { verificationKeyOf, type VerificationKey } from '../../xml/index.js';
import { certificatesIn } from './certificates.js';

/** What an IdP is, apart from its file: its metadata as now in force, and our keys that decrypt for it. */
export interface IdentityProviderFacts {
  /** `null` where the file names no metadata, or none could be had yet. */
  readonly metadata: IdpMetadata | null;
  /** Signing certificates of the metadata that are in use; a certificate that waits for approval is not. */
  readonly metadataCertificates: readonly X509Certificate[];
  readonly decryptionKeys: readonly KeyObject[];
}

/**
 * The compiled policy of one IdP. Its entity id is empty where neither file nor metadata gives one (yet): no response
 * can carry that, so every login is refused until the metadata is there.
 */
export function identityProvider(config: IdpConfig, facts: IdentityProviderFacts): IdentityProvider {
  return {
    name: config.name,
    entityId: config.entityId ?? facts.metadata?.entityId ?? '',
    signingKeys: signingKeys(config, facts),
    decryptionKeys: facts.decryptionKeys,
    signatures: {
      allowSha1: config.signature.allowSha1,
      allowRsa1024: config.signature.allowRsa1024,
      refuseExpiredCertificates: config.signature.expiredCertificates === 'refuse',
    },
    encryption: config.encryption,
    clockSkewMs: config.clockSkew,
    unsolicited: config.unsolicited === 'allow',
    expected: config.expected,
    domainKey: config.domainKey,
    claims: config.claims,
    required: { attributes: config.requiredClaims.attributes, emailNameId: config.requiredClaims.emailNameId },
    wantsSignedRequests: wantsSignedRequests(config, facts.metadata),
    sso: ssoEndpoints(config, facts.metadata),
  };
}

function signingKeys(config: IdpConfig, { metadataCertificates }: IdentityProviderFacts): readonly VerificationKey[] {
  const configured = config.certificates.flatMap(({ pem }) => certificatesIn(pem));
  const keys = [...configured, ...metadataCertificates].map(verificationKeyOf);
  return [...new Map(keys.map((key) => [key.fingerprint, key])).values()];
}

function wantsSignedRequests({ request }: IdpConfig, metadata: IdpMetadata | null): boolean {
  return request.sign === 'always' || (request.sign === 'auto' && (metadata?.wantsSignedRequests ?? false));
}

function ssoEndpoints({ sso }: IdpConfig, metadata: IdpMetadata | null): IdentityProvider['sso'] {
  const redirect = sso.redirect ?? metadata?.sso.redirect;
  const post = sso.post ?? metadata?.sso.post;
  return { ...(redirect === undefined ? {} : { redirect }), ...(post === undefined ? {} : { post }) };
}
