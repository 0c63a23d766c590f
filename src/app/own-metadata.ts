import type { GatewayConfig, IdpConfig } from '../config/index.js';
import { loadKeyRing } from '../keys/index.js';
import { writeIdpMetadata, writeSpMetadata } from '../saml/index.js';
import { createIdSource, systemClock } from '../shared/index.js';
import { idpMetadataAtHand } from './idp-metadata.js';
import { identityProvider } from './policy/identity-provider.js';
import { signingKey } from './policy/route.js';

/**
 * Our own metadata without a running gateway: as service provider of this IdP, or as identity provider of the service
 * provider with this IdP behind.
 *
 * @throws GatewayError KEY_*
 */
export async function ownMetadata(
  config: GatewayConfig,
  idp: IdpConfig,
  role: 'service-provider' | 'identity-provider',
): Promise<string> {
  const ring = loadKeyRing(config.signing, config.decryption.keys);
  const metadata = await idpMetadataAtHand(config, idp, 'none');
  const { entityId, wantsSignedRequests } = identityProvider(idp, { metadata, decryptionKeys: [], all: [] });
  const common = {
    id: createIdSource().samlId(),
    signingCertificates: ring.published.map(({ certificate }) => certificate),
    validUntil: systemClock.now() + config.metadata.validFor,
    key: config.metadata.sign ? signingKey(ring.active) : null,
  };
  if (role === 'service-provider') {
    return writeSpMetadata({
      ...common,
      entityId: idp.expected.audience,
      acsUrl: idp.expected.destination,
      decryptionCertificates: ring.encryptionCertificates.map(({ base64 }) => base64),
      requestsSigned: wantsSignedRequests,
    });
  }
  return writeIdpMetadata({
    ...common,
    entityId: config.signing.issuer === 'preserve' ? entityId : config.signing.entityId,
    ssoUrl: idp.own.ssoUrl,
    wantsSignedRequests: idp.serviceProvider.requests.signed === 'required',
  });
}
