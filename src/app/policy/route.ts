import type { GatewayConfig, IdpConfig } from '../../config/index.js';
import type { Delivery, LoginRoute } from '../../gateway/index.js';
import type { KeyRing, RingSigningKey } from '../../keys/index.js';
import type { Provisioner } from '../../provisioning/index.js';
import type { IdpMetadata, Issuing, SigningKey } from '../../saml/index.js';
import { identityProvider } from './identity-provider.js';
import { serviceProvider } from './service-provider.js';

/** What a route is made of beside the configuration. */
export interface RouteParts {
  readonly ring: KeyRing;
  readonly metadata: IdpMetadata | null;
  readonly provisioner: Provisioner;
}

/** Everything that a login through one IdP needs. */
export function loginRoute(config: GatewayConfig, idp: IdpConfig, parts: RouteParts): LoginRoute {
  const { ring, metadata, provisioner } = parts;
  const decryptionKeys = ring.decryption.map((key) => key.privateKey);
  const policy = identityProvider(idp, { metadata, decryptionKeys, all: config.idps });
  return {
    idp: policy,
    sp: serviceProvider(idp.serviceProvider, idp),
    issuing: issuing(config, ring),
    // Our requests name what the responses are to carry, also where the IdP's settings still are the SP's.
    own: { entityId: idp.expected.audience, acsUrl: idp.expected.destination, ssoUrl: idp.own.ssoUrl },
    request: {
      binding: requestBinding(idp, policy.sso),
      forceAuthn: idp.request.forceAuthn,
      nameIdPolicy: idp.request.nameIdPolicy,
      requestedAuthnContext: idp.request.requestedAuthnContext,
      key: policy.wantsSignedRequests ? signingKey(ring.active) : null,
    },
    deliverTo: idp.serviceProvider.deliverTo,
    delivery: delivery(idp),
    startUrl: idp.serviceProvider.startUrl,
    intercept: idp.serviceProvider.intercept,
    account: {
      mode: idp.provisioning.mode,
      tenant: idp.provisioning.tenant,
      domain: idp.domain,
      accountKeyAttribute: idp.serviceProvider.attributes.accountKey,
      displayNameAttribute: idp.serviceProvider.attributes.displayName,
      waitForAccount: idp.provisioning.mode === 'scim' ? idp.provisioning.waitForAccount : 0,
      provisioner,
    },
  };
}

export function signingKey({ id, privateKey, certificate, algorithm }: RingSigningKey): SigningKey {
  return { id, privateKey, certificate, algorithm };
}

export function issuing({ signing }: GatewayConfig, ring: KeyRing): Issuing {
  const [only] = signing.sign;
  return {
    entityId: signing.entityId,
    issuer: signing.issuer === 'preserve' ? 'preserve' : 'ours',
    sign: signing.sign.length > 1 || only === undefined ? 'both' : only,
    key: signingKey(ring.active),
  };
}

function requestBinding({ request }: IdpConfig, sso: LoginRoute['idp']['sso']): 'redirect' | 'post' {
  if (request.binding !== 'auto') return request.binding;
  return sso.redirect === undefined ? 'post' : 'redirect';
}

function delivery({ delivery: kind, serviceProvider: { proxy } }: IdpConfig): Delivery {
  return kind === 'proxy' && proxy !== undefined ? { kind: 'proxy', target: proxy } : { kind: 'browser' };
}
