import type { KeyObject } from 'node:crypto';
import type { IdpConfig } from '../../config/index.js';
import { verificationKeys } from '../../keys/index.js';
import type { IdentityProvider, IdpMetadata, VerificationKey } from '../../saml/index.js';

/** What an IdP is, apart from its file: its metadata as now in force, and our keys that decrypt for it. */
export interface IdentityProviderFacts {
  /** `null` where the file names no metadata, or none could be had yet. */
  readonly metadata: IdpMetadata | null;
  readonly decryptionKeys: readonly KeyObject[];
  /** All IdP files, those that are switched off too. */
  readonly all: readonly Pick<IdpConfig, 'domain'>[];
}

/**
 * The compiled policy of one IdP. Its entity id is empty where neither file nor metadata gives one (yet): no response
 * can carry that, so every login is refused until the metadata is there.
 */
export function identityProvider(config: IdpConfig, facts: IdentityProviderFacts): IdentityProvider {
  return {
    name: config.name,
    entityId: config.entityId ?? facts.metadata?.entityId ?? '',
    signingKeys: signingKeys(config, facts.metadata),
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
    required: config.requiredClaims,
    foreignDomains: foreignDomains(config, facts.all),
    wantsSignedRequests: wantsSignedRequests(config, facts.metadata),
    sso: ssoEndpoints(config, facts.metadata),
  };
}

/** Whether the file itself gives a certificate, so that logins do not hang on the metadata. */
export function hasOwnCertificates({ entityId, certificates }: IdpConfig): boolean {
  return entityId !== undefined && certificates.length > 0;
}

function foreignDomains({ domain }: IdpConfig, all: IdentityProviderFacts['all']): string[] {
  const others = new Set(all.map((each) => each.domain.toLowerCase()));
  others.delete(domain.toLowerCase());
  return [...others];
}

function signingKeys({ certificates }: IdpConfig, metadata: IdpMetadata | null): readonly VerificationKey[] {
  const keys = [...certificates.flatMap(({ pem }) => verificationKeys(pem)), ...(metadata?.signingKeys ?? [])];
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
