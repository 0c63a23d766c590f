import type { GatewayConfig, IdpConfig } from '../config/index.js';
import { loadKeyRing } from '../keys/index.js';
import { inspectResponse, type AuthnRequestRecord, type Inspection, type ServiceProvider } from '../saml/index.js';
import { createIdSource, systemRandom } from '../shared/index.js';
import { idpMetadataAtHand } from './idp-metadata.js';
import { identityProvider } from './policy/identity-provider.js';
import { issuing } from './policy/route.js';
import { serviceProvider } from './policy/service-provider.js';

export interface InspectionInput {
  readonly input: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Taken as the ID of a request that we sent to this IdP; `null`: no request is open. */
  readonly inResponseTo: string | null;
}

/**
 * Runs the very steps of a login, short of state and delivery, under the configuration's rules.
 *
 * @throws GatewayError KEY_*
 */
export async function inspectionFor(
  config: GatewayConfig,
  idp: IdpConfig,
  { input, now, inResponseTo }: InspectionInput,
): Promise<Inspection> {
  const ring = loadKeyRing(config.signing, config.decryption.keys);
  const metadata = await idpMetadataAtHand(config, idp, 'fetch');
  const sp = serviceProvider(idp.serviceProvider, idp);
  const parties = {
    idp: identityProvider(idp, {
      metadata,
      decryptionKeys: ring.decryption.map(({ privateKey }) => privateKey),
      all: config.idps,
    }),
    sp,
    issuing: issuing(config, ring),
  };
  const { depth, elements, attributes, namespaceName } = config.limits.xml;
  const context = {
    now,
    limits: { maxDepth: depth, maxElements: elements, maxAttributes: attributes, maxNamespaceName: namespaceName },
    findRequest: (id: string) => Promise.resolve(id === inResponseTo ? openRequest(id, idp.name, sp, now) : null),
  };
  const services = { now, ids: createIdSource(systemRandom), random: systemRandom };
  return inspectResponse(input, parties, context, services, [idp.serviceProvider.attributes.accountKey]);
}

function openRequest(id: string, idp: string, sp: ServiceProvider, now: number): AuthnRequestRecord {
  const acsUrl = sp.acsUrls[0];
  const spRequestId = null;
  return { id, idp, spRequestId, relayState: null, acsUrl, createdAt: now, expiresAt: now + 1, browserBinding: '' };
}
