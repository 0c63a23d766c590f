import type { IdentityProviderHealth } from '../console/index.js';
import type { Application } from './application.js';

/** What `/healthz` says of every configured IdP, the disabled ones included. */
export function identityProviderHealth({ generation, metrics }: Application): IdentityProviderHealth[] {
  return generation.config.idps.map((config) => {
    const policy = generation.runtime.routes.get(config.name)?.idp;
    const live = generation.metadataOf(config.name)?.status();
    return {
      name: config.name,
      enabled: config.enabled,
      entityId: policy?.entityId ?? config.entityId ?? '',
      certificates: (policy?.signingKeys ?? []).map(({ fingerprint, subject, notBefore, notAfter }) => ({
        fingerprint,
        subject: subject ?? null,
        notBefore: notBefore ?? null,
        notAfter: notAfter ?? null,
      })),
      metadata: {
        source: config.metadata?.kind ?? 'none',
        confirmedAt: live?.fetchedAt ?? null,
        validUntil: live?.validUntil ?? null,
      },
      clockDifference: metrics.clockDifferenceOf(config.name),
    };
  });
}
