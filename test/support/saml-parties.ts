import type {
  AuthnRequestRecord,
  IdentityProvider,
  Issuing,
  ReceiveContext,
  ServiceProvider,
  TransformServices,
} from '../../src/saml/index.js';
import { createIdSource, systemRandom } from '../../src/shared/index.js';
import { defaultXmlLimits } from '../../src/xml/index.js';
import { rsaKeyPair } from './pki.js';
import type { ResponseDescription } from './saml-response.js';

/** When the tests' logins happen. */
export const NOW = Date.parse('2026-03-01T12:00:00.000Z');

export const IDP_ENTITY_ID = 'http://www.okta.com/exk5zt0r12Edi4rD20h7';
export const OUR_SP_ENTITY_ID = 'https://sso.example.org/saml/okta/metadata';
export const OUR_ACS = 'https://sso.example.org/saml/okta/acs';
export const OUR_IDP_ENTITY_ID = 'https://sso.example.org/saml';
export const ZIVVER_ENTITY_ID = 'https://app.zivver.com/SAML/Zivver';
export const ZIVVER_ACS = 'https://app.zivver.com/api/sso/saml/consumer/';
export const ACCOUNT_KEY = 'https://zivver.com/SAML/Attributes/ZivverAccountKey';
export const DOMAIN_KEY = 'https://zivver.com/SAML/Attributes/DomainKey';
export const OUR_REQUEST = '_0f1e2d3c4b5a69788796a5b4c3d2e1f000112233';

export const idpKeys = () => rsaKeyPair(2048, 'idp');
export const gatewayKeys = () => rsaKeyPair(2048, 'gateway');
export const decryptionKeys = () => rsaKeyPair(2048, 'gateway-decryption');

const STRICT = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false };

export function testIdp(changes: Partial<IdentityProvider> = {}): IdentityProvider {
  return {
    name: 'okta',
    entityId: IDP_ENTITY_ID,
    signingKeys: [idpKeys().verificationKey()],
    decryptionKeys: [],
    signatures: STRICT,
    encryption: { allowCbc: false, allowUnsignedCbc: false },
    clockSkewMs: 180_000,
    unsolicited: false,
    expected: { audience: OUR_SP_ENTITY_ID, recipients: [OUR_ACS], destination: OUR_ACS },
    domainKey: {
      mode: 'inject',
      attribute: DOMAIN_KEY,
      nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
      type: null,
      value: { reveal: () => 'domain-key-of-example-org' },
      onMismatch: 'refuse',
    },
    claims: [],
    required: { attributes: [ACCOUNT_KEY], emailNameId: true },
    foreignDomains: [],
    wantsSignedRequests: false,
    sso: { redirect: 'https://example.okta.com/app/zivver/exk5zt0r12Edi4rD20h7/sso/saml' },
    ...changes,
  };
}

export function testSp(changes: Partial<ServiceProvider> = {}): ServiceProvider {
  return {
    entityId: ZIVVER_ENTITY_ID,
    acsUrls: [ZIVVER_ACS],
    audience: ZIVVER_ENTITY_ID,
    recipient: null,
    destination: null,
    encryption: null,
    requests: {
      signature: 'optional',
      signingKeys: [],
      signatures: STRICT,
      maxAgeMs: 300_000,
      clockSkewMs: 180_000,
    },
    ...changes,
  };
}

export function testIssuing(changes: Partial<Issuing> = {}): Issuing {
  return { entityId: OUR_IDP_ENTITY_ID, issuer: 'ours', sign: 'both', key: gatewayKeys().signingKey(), ...changes };
}

export function testRequest(changes: Partial<AuthnRequestRecord> = {}): AuthnRequestRecord {
  return {
    id: OUR_REQUEST,
    idp: 'okta',
    spRequestId: '_zivver-request-1',
    relayState: 'relay',
    acsUrl: ZIVVER_ACS,
    createdAt: NOW - 30_000,
    expiresAt: NOW + 570_000,
    browserBinding: 'digest',
    ...changes,
  };
}

/** The context of a receiver that has sent these requests. */
export function testContext(
  requests: readonly AuthnRequestRecord[] = [testRequest()],
  changes: Partial<ReceiveContext> = {},
): ReceiveContext {
  return {
    now: NOW,
    limits: defaultXmlLimits,
    findRequest: (id) => Promise.resolve(requests.find((request) => request.id === id) ?? null),
    ...changes,
  };
}

export function testServices(changes: Partial<TransformServices> = {}): TransformServices {
  return { now: NOW, ids: createIdSource(), random: systemRandom, ...changes };
}

/** A response that `testIdp` may send to us. */
export function testResponse(changes: Partial<ResponseDescription> = {}): ResponseDescription {
  return {
    now: NOW,
    issuer: IDP_ENTITY_ID,
    audience: OUR_SP_ENTITY_ID,
    destination: OUR_ACS,
    inResponseTo: OUR_REQUEST,
    nameId: 'a.jansen@example.org',
    attributes: [
      { name: ACCOUNT_KEY, values: ['00u1a2b3c4d5'] },
      { name: 'urn:oid:2.5.4.42', values: ['Anna Jansen'] },
      { name: 'groups', values: ['care', 'R&D <x>'] },
    ],
    ...changes,
  };
}
