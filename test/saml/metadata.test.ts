import t from 'tap';
import { parseMetadata, writeIdpMetadata, writeSpMetadata, type MetadataOptions } from '../../src/saml/index.js';
import { attributeValue, childrenNamed, parseXml } from '../../src/xml/index.js';
import { rsaKeyPair } from '../support/pki.js';
import { NOW } from '../support/saml-parties.js';
import { xmlsecVerify } from '../support/xmlsec.js';

const ACTIVE = rsaKeyPair(2048, 'active');
const NEXT = rsaKeyPair(2048, 'next');
const ENTITY = 'http://www.okta.com/exk1';
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
const MD = 'urn:oasis:names:tc:SAML:2.0:metadata';

function keyDescriptor(certificate: string, use = ' use="signing"'): string {
  const wrapped = certificate.replace(/(.{64})/g, '$1\n');
  return `<md:KeyDescriptor${use}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${wrapped}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;
}

interface Parts {
  readonly entityId?: string;
  readonly keys?: string;
  readonly attributes?: string;
  readonly roleAttributes?: string;
  readonly location?: string;
}

function entity({
  entityId = ENTITY,
  keys = keyDescriptor(ACTIVE.certificateBase64),
  attributes = '',
  roleAttributes = '',
  location = 'https://example.okta.com/sso',
}: Parts = {}): string {
  const service = (binding: string) =>
    `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" Location="${location}"/>`;
  return (
    `<md:EntityDescriptor xmlns:md="${MD}" entityID="${entityId}"${attributes}>` +
    `<md:IDPSSODescriptor protocolSupportEnumeration="${PROTOCOL}"${roleAttributes}>${keys}` +
    `${service('HTTP-POST')}${service('HTTP-Redirect')}</md:IDPSSODescriptor></md:EntityDescriptor>`
  );
}

const aggregate = (...inside: string[]) =>
  `<md:EntitiesDescriptor xmlns:md="${MD}">${inside.join('')}</md:EntitiesDescriptor>`;

function parse(xml: string, changes: Partial<MetadataOptions> = {}) {
  return parseMetadata(Buffer.from(xml), { entityId: null, now: NOW, signature: null, ...changes });
}

const fingerprint = (pair: typeof ACTIVE) => pair.verificationKey().fingerprint;

t.test('an entity’s keys and endpoints are read', async (t) => {
  const metadata = await parse(entity({ roleAttributes: ' WantAuthnRequestsSigned="true"' }));
  t.equal(metadata.entityId, ENTITY);
  t.strictSame(
    metadata.signingKeys.map((key) => key.fingerprint),
    [fingerprint(ACTIVE)],
  );
  t.strictSame(metadata.sso, { redirect: 'https://example.okta.com/sso', post: 'https://example.okta.com/sso' });
  t.equal(metadata.wantsSignedRequests, true);
  t.equal(metadata.validUntil, null);
  t.equal(metadata.cacheDurationMs, null);
  t.equal((await parse(entity())).wantsSignedRequests, false);
});

t.test(
  'several certificates are normal, a KeyDescriptor without use is both, one for encryption does not sign',
  async (t) => {
    const keys =
      keyDescriptor(ACTIVE.certificateBase64) +
      keyDescriptor(NEXT.certificateBase64, '') +
      keyDescriptor(ACTIVE.certificateBase64, '') +
      keyDescriptor(rsaKeyPair(2048, 'encryption').certificateBase64, ' use="encryption"');
    const { signingKeys } = await parse(entity({ keys }));
    t.strictSame(
      signingKeys.map((key) => key.fingerprint),
      [fingerprint(ACTIVE), fingerprint(NEXT)],
    );
  },
);

t.test('the wanted entity is found in an aggregate', async (t) => {
  const sp = `<md:EntityDescriptor xmlns:md="${MD}" entityID="sp"><md:SPSSODescriptor protocolSupportEnumeration="${PROTOCOL}"/></md:EntityDescriptor>`;
  const other = entity({ entityId: 'http://other', keys: keyDescriptor(NEXT.certificateBase64) });
  const nested = aggregate(sp, aggregate(other), entity());
  t.equal((await parse(nested, { entityId: 'http://other' })).signingKeys[0]?.fingerprint, fingerprint(NEXT));
  t.equal((await parse(nested, { entityId: ENTITY })).entityId, ENTITY);
  t.equal((await parse(aggregate(sp, entity()))).entityId, ENTITY, 'the only identity provider needs no name');
  await t.rejects(parse(nested), { code: 'METADATA_INVALID' }, 'of several, one must be named');
  await t.rejects(parse(nested, { entityId: 'sp' }), { code: 'METADATA_ENTITY_MISSING' });
  await t.rejects(parse(aggregate(entity(), entity()), { entityId: ENTITY }), { code: 'METADATA_INVALID' });
  await t.rejects(parse(entity(), { entityId: 'http://www.okta.com/EXK1' }), { code: 'METADATA_ENTITY_MISSING' });
});

t.test('the earliest validUntil and the shortest cacheDuration on the way count', async (t) => {
  const at = (ms: number) => new Date(NOW + ms).toISOString();
  const xml = aggregate(
    entity({ attributes: ` validUntil="${at(1)}" cacheDuration="PT6H"`, roleAttributes: ` validUntil="${at(5000)}"` }),
  ).replace('<md:EntitiesDescriptor', `<md:EntitiesDescriptor validUntil="${at(9000)}" cacheDuration="P1D"`);
  const metadata = await parse(xml);
  t.equal(metadata.validUntil, NOW + 1);
  t.equal(metadata.cacheDurationMs, 6 * 3_600_000);
  await t.rejects(parse(xml, { now: NOW + 1 }), { code: 'METADATA_EXPIRED' });
});

t.test('metadata that is not usable is refused', async (t) => {
  const refused = (xml: string, code = 'METADATA_INVALID') => t.rejects(parse(xml), { code }, xml.slice(0, 80));
  await refused('<html/>');
  await refused(`<md:SPSSODescriptor xmlns:md="${MD}"/>`);
  await refused(entity({ entityId: '' }));
  await refused(entity({ keys: '' }));
  await refused(entity({ keys: keyDescriptor(ACTIVE.certificateBase64, ' use="encryption"') }));
  await refused(entity({ keys: keyDescriptor('AAAA') }));
  await refused(entity({ location: 'javascript:alert(1)' }));
  await refused(entity({ location: '/sso' }));
  await refused(entity({ attributes: ' validUntil="tomorrow"' }));
  await refused(entity({ attributes: ' cacheDuration="long"' }));
  await refused(entity().replace(PROTOCOL, 'urn:oasis:names:tc:SAML:1.1:protocol'), 'METADATA_ENTITY_MISSING');
  await refused('<!DOCTYPE a><a/>', 'XML_FORBIDDEN');
});

const rules = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false };
const own = { id: '_md', entityId: 'https://sso.example.org/saml', validUntil: NOW + 1000 };
const certificates = [ACTIVE.certificateBase64, NEXT.certificateBase64];

t.test('a signature is demanded where keys for it are given', async (t) => {
  const description = {
    ...own,
    signingCertificates: certificates,
    ssoUrl: 'https://sso.example.org/sso',
    wantsSignedRequests: true,
  };
  const signed = await writeIdpMetadata({ ...description, key: ACTIVE.signingKey() });
  const signature = { keys: [ACTIVE.verificationKey()], rules };
  t.equal((await parse(signed, { signature })).entityId, own.entityId);
  await t.rejects(parse(signed.replace('org/sso', 'org/evil'), { signature }), { code: 'SIGNATURE_DIGEST_MISMATCH' });
  await t.rejects(parse(signed, { signature: { keys: [NEXT.verificationKey()], rules } }), {
    code: 'SIGNATURE_INVALID',
  });
  const unsigned = await writeIdpMetadata({ ...description, key: null });
  await t.rejects(parse(unsigned, { signature }), { code: 'SIGNATURE_MISSING' });
});

t.test('our metadata as identity provider says what we do, and is read by our own reader', async (t) => {
  const ssoUrl = 'https://sso.example.org/saml/okta/sso';
  const xml = await writeIdpMetadata({
    ...own,
    signingCertificates: certificates,
    ssoUrl,
    wantsSignedRequests: true,
    key: null,
  });
  const metadata = await parse(xml);
  t.strictSame(
    metadata.signingKeys.map((key) => key.fingerprint),
    [fingerprint(ACTIVE), fingerprint(NEXT)],
  );
  t.strictSame(metadata.sso, { redirect: ssoUrl, post: ssoUrl });
  t.equal(metadata.wantsSignedRequests, true);
  t.equal(metadata.validUntil, NOW + 1000);
});

t.test(
  'our metadata as service provider names ACS and keys, in the order of the schema, signed where asked',
  async (t) => {
    const acsUrl = 'https://sso.example.org/saml/okta/acs';
    const xml = await writeSpMetadata({
      ...own,
      signingCertificates: certificates,
      decryptionCertificates: [NEXT.certificateBase64],
      acsUrl,
      requestsSigned: true,
      key: ACTIVE.signingKey(),
    });
    const { ok, report } = await xmlsecVerify([xml], { certificatePem: ACTIVE.certificatePem });
    t.ok(ok, report);
    const root = parseXml(Buffer.from(xml));
    t.strictSame(
      root.children.map((child) => (typeof child === 'string' ? child : child.localName)),
      ['Signature', 'SPSSODescriptor'],
    );
    const [role] = childrenNamed(root, MD, 'SPSSODescriptor');
    if (role === undefined) throw new Error('no role');
    t.strictSame(
      childrenNamed(role, MD, 'KeyDescriptor').map((each) => attributeValue(each, 'use')),
      ['signing', 'signing', 'encryption'],
    );
    t.equal(attributeValue(role, 'AuthnRequestsSigned'), 'true');
    const [acs] = childrenNamed(role, MD, 'AssertionConsumerService');
    t.equal(acs && attributeValue(acs, 'Location'), acsUrl);
  },
);
