import t from 'tap';
import { parseMetadata, writeIdpMetadata, writeSpMetadata, type MetadataOptions } from '../../src/saml/index.js';
import { GatewayError } from '../../src/shared/index.js';
import { defaultXmlLimits } from '../../src/xml/index.js';
import { rsaKeyPair } from '../support/pki.js';
import { NOW } from '../support/saml-parties.js';

const ACTIVE = rsaKeyPair(2048, 'active');
const NEXT = rsaKeyPair(2048, 'next');
const MD = 'urn:oasis:names:tc:SAML:2.0:metadata';
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
const SSO = 'https://idp.example/sso';

const certificate = (base64: string) => `<ds:X509Certificate>${base64}</ds:X509Certificate>`;
const data = (...inside: readonly string[]) => `<ds:X509Data>${inside.join('')}</ds:X509Data>`;
const keyInfo = (inside: string) =>
  `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:KeyName>k</ds:KeyName>${inside}</ds:KeyInfo>`;
const key = (inside: string, use = ' use="signing"') => `<md:KeyDescriptor${use}>${keyInfo(inside)}</md:KeyDescriptor>`;
const service = (binding: string, location = ` Location="${SSO}"`) =>
  `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}"${location}/>`;

const KEY = key(data(certificate(ACTIVE.certificateBase64)));
const ROLE = ` protocolSupportEnumeration="${PROTOCOL}"`;

interface Parts {
  readonly entity?: string;
  readonly role?: string;
  readonly inside?: string;
}

function entity({ entity = ' entityID="urn:idp"', role = ROLE, inside = KEY }: Parts = {}): string {
  return `<md:EntityDescriptor xmlns:md="${MD}"${entity}><md:IDPSSODescriptor${role}>${inside}</md:IDPSSODescriptor></md:EntityDescriptor>`;
}

const aggregate = (attributes: string, ...inside: readonly string[]) =>
  `<md:EntitiesDescriptor xmlns:md="${MD}"${attributes}>${inside.join('')}</md:EntitiesDescriptor>`;

function parse(xml: string, changes: Partial<MetadataOptions> = {}) {
  return parseMetadata(Buffer.from(xml), { entityId: null, now: NOW, signature: null, ...changes });
}

async function refusalOf(xml: string, changes: Partial<MetadataOptions> = {}): Promise<GatewayError> {
  const error: unknown = await parse(xml, changes).catch((thrown: unknown) => thrown);
  if (error instanceof GatewayError) return error;
  throw new Error('It was not refused.');
}

t.test('what makes metadata unusable is said', async (t) => {
  const said = async (xml: string, message: string, changes: Partial<MetadataOptions> = {}) => {
    const refusal = await refusalOf(xml, changes);
    t.equal(refusal.code, 'METADATA_INVALID');
    t.equal(refusal.message, message);
  };
  const twice = aggregate('', entity(), entity());
  await said('<html/>', 'The root is html, not EntityDescriptor or EntitiesDescriptor.');
  await said(
    entity().replaceAll(MD, 'urn:x'),
    'The root is EntityDescriptor, not EntityDescriptor or EntitiesDescriptor.',
  );
  await said(twice, 'Several identity providers: say which by `entityId`.');
  await said(twice, 'The entity stands twice.', { entityId: 'urn:idp' });
  await said(entity({ entity: ' entityID=""' }), 'The entityID is missing.');
  await said(entity({ entity: '' }), 'The entityID is missing.');
  await said(entity({ entity: ' entityID="urn:idp" validUntil="soon"' }), 'validUntil soon is not a UTC xs:dateTime.');
  await said(entity({ role: `${ROLE} cacheDuration="1h"` }), 'cacheDuration 1h is not an xs:duration.');
  await said(entity({ inside: '' }), 'There is no signing certificate.');
  await said(entity({ inside: key(data()) }), 'There is no signing certificate.');
  await said(entity({ inside: key(data(certificate('AAAA'))) }), 'An X509Certificate cannot be read.');
  await said(entity({ inside: key(data(certificate(''))) }), 'An X509Certificate cannot be read.');
  const inPieces = ACTIVE.certificateBase64.replace('M', 'M<x/>');
  await said(entity({ inside: key(data(certificate(inPieces))) }), 'An X509Certificate cannot be read.');
  for (const location of ['ftp://idp.example/', 'javascript:alert(1)', '/sso']) {
    await said(
      entity({ inside: KEY + service('HTTP-POST', ` Location="${location}"`) }),
      `The SingleSignOnService location ${location} is not an HTTP URL.`,
    );
  }
  await said(
    entity({ inside: KEY + service('HTTP-Redirect', '') }),
    'The SingleSignOnService location (empty) is not an HTTP URL.',
  );
});

t.test('of an entity that is not there, those that are get named, up to ten', async (t) => {
  const missing = async (xml: string, entityId: string | null) => {
    const { code, evidence } = await refusalOf(xml, { entityId });
    t.equal(code, 'METADATA_ENTITY_MISSING');
    return evidence;
  };
  const named = (name: string) => entity({ entity: ` entityID="${name}"` });
  t.strictSame(await missing(named('urn:a'), 'urn:b'), { expected: 'urn:b', seen: 'urn:a' });
  t.strictSame(await missing(aggregate(''), null), { expected: 'an identity provider', seen: '(none)' });
  const many = Array.from({ length: 11 }, (_, index) => `urn:${index}`);
  t.strictSame(await missing(aggregate('', ...many.map(named)), 'urn:x'), {
    expected: 'urn:x',
    seen: many.slice(0, 10).join(', '),
  });
  t.equal((await missing(aggregate('', entity({ entity: '' })), 'urn:x')).seen, '(absent)');
});

t.test('an identity provider is one that speaks SAML 2.0, among others', async (t) => {
  const speaks = (protocols: string) => parse(entity({ role: ` protocolSupportEnumeration="${protocols}"` }));
  await t.resolves(speaks(`urn:oasis:names:tc:SAML:1.1:protocol\n ${PROTOCOL}`));
  await t.rejects(speaks(`${PROTOCOL}x`), { code: 'METADATA_ENTITY_MISSING' });
  await t.rejects(parse(entity({ role: '' })), { code: 'METADATA_ENTITY_MISSING' });
  const older = `<md:IDPSSODescriptor protocolSupportEnumeration="urn:old"/><md:IDPSSODescriptor`;
  await t.resolves(parse(entity().replace('<md:IDPSSODescriptor', older)), 'in any of its roles');
  const foreign = aggregate('', entity().replaceAll(MD, 'urn:x'), entity());
  t.equal((await parse(foreign)).entityId, 'urn:idp', 'and one of another namespace is none');
});

t.test('endpoints are those that are there', async (t) => {
  const sso = async (...services: readonly string[]) => (await parse(entity({ inside: KEY + services.join('') }))).sso;
  t.strictSame(await sso(), {});
  t.strictSame(await sso(service('HTTP-POST')), { post: SSO });
  t.strictSame(await sso(service('HTTP-Redirect', ' Location="http://idp.example/"')), {
    redirect: 'http://idp.example/',
  });
  t.strictSame(await sso(service('SOAP', ' Location="urn:x"'), service('HTTP-POST')), { post: SSO });
});

t.test('requests are signed where the role asks for it in either spelling of xs:boolean', async (t) => {
  const wants = async (value: string) =>
    (await parse(entity({ role: `${ROLE} WantAuthnRequestsSigned="${value}"` }))).wantsSignedRequests;
  t.strictSame(await Promise.all(['true', '1', 'false', '0', ''].map(wants)), [true, true, false, false, false]);
});

t.test('every certificate for signing counts, wherever it stands, once', async (t) => {
  const [active, next] = [ACTIVE, NEXT].map(({ certificateBase64 }) => certificate(certificateBase64));
  const fingerprints = async (...keys: readonly string[]) =>
    (await parse(entity({ inside: keys.join('') }))).signingKeys.map(({ fingerprint }) => fingerprint);
  const both = [ACTIVE, NEXT].map((pair) => pair.verificationKey().fingerprint);
  t.strictSame(await fingerprints(key(data(`${active}${next}`))), both);
  t.strictSame(await fingerprints(key(`${data(`${active}`)}${data(`${next}`)}`)), both);
  t.strictSame(await fingerprints(key(data(`${active}`), ''), key(data(`${next}`)), key(data(`${active}`))), both);
  const other = key(data(`${next}`), ' use="encryption"');
  t.strictSame(await fingerprints(key(data(`${active}`)), other), both.slice(0, 1));
});

t.test('each level may end the validity and shorten the cache, or say nothing', async (t) => {
  const until = (ms: number) => ` validUntil="${new Date(NOW + ms).toISOString()}"`;
  const lasting = (outer: number, middle: number, inner: number) =>
    aggregate(
      `${until(outer)} cacheDuration="PT${outer}S"`,
      entity({
        entity: ` entityID="urn:idp"${until(middle)} cacheDuration="PT${middle}S"`,
        role: `${ROLE}${until(inner)} cacheDuration="PT${inner}S"`,
      }),
    );
  for (const [outer, middle, inner] of [
    [1, 2, 3],
    [2, 1, 3],
    [3, 2, 1],
  ] as const) {
    const { validUntil, cacheDurationMs } = await parse(lasting(outer, middle, inner));
    t.strictSame([validUntil, cacheDurationMs], [NOW + 1, 1000]);
  }
  const { validUntil, cacheDurationMs } = await parse(aggregate('', entity()));
  t.strictSame([validUntil, cacheDurationMs], [null, null]);
  await t.resolves(parse(entity({ entity: ` entityID="urn:idp"${until(1)}` })));
  await t.rejects(parse(entity({ entity: ` entityID="urn:idp"${until(0)}` })), { code: 'METADATA_EXPIRED' });
});

t.test('metadata is no deeper than a login may be', async (t) => {
  const { maxDepth } = defaultXmlLimits;
  const deep = (levels: number) => entity({ inside: `${'<md:x>'.repeat(levels)}${'</md:x>'.repeat(levels)}${KEY}` });
  await t.resolves(parse(deep(maxDepth - 2)));
  await t.rejects(parse(deep(maxDepth - 1)), { code: 'XML_LIMIT' });
});

t.test('an aggregate may be larger than a login, up to a limit of its own', async (t) => {
  const filler = '<md:x/>'.repeat(defaultXmlLimits.maxElements);
  await t.resolves(parse(aggregate('', filler, entity())));
  const tight = { ...defaultXmlLimits, maxElements: 3 };
  await t.rejects(parse(entity(), { limits: tight }), { code: 'XML_LIMIT' });
});

const own = { id: '_md', entityId: 'urn:us', validUntil: NOW, key: null };
const ROOT =
  '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_md" entityID="urn:us" validUntil="2026-03-01T12:00:00.000Z">';
const descriptor = (use: string, text: string) =>
  `<md:KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${text}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;
const FORMAT = '<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>';

t.test('what we publish as service provider, to the letter', async (t) => {
  const written = await writeSpMetadata({
    ...own,
    signingCertificates: ['S1', 'S2'],
    decryptionCertificates: ['D'],
    acsUrl: 'https://us/acs',
    requestsSigned: false,
  });
  t.equal(
    written,
    `${ROOT}<md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="${PROTOCOL}">` +
      `${descriptor('signing', 'S1')}${descriptor('signing', 'S2')}${descriptor('encryption', 'D')}${FORMAT}` +
      '<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://us/acs" index="0" isDefault="true"></md:AssertionConsumerService>' +
      '</md:SPSSODescriptor></md:EntityDescriptor>',
  );
});

t.test('what we publish as identity provider, to the letter', async (t) => {
  const written = await writeIdpMetadata({
    ...own,
    signingCertificates: ['S'],
    ssoUrl: 'https://us/sso',
    wantsSignedRequests: false,
  });
  const binding = (name: string) =>
    `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${name}" Location="https://us/sso"></md:SingleSignOnService>`;
  t.equal(
    written,
    `${ROOT}<md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="${PROTOCOL}">` +
      `${descriptor('signing', 'S')}${FORMAT}${binding('HTTP-Redirect')}${binding('HTTP-POST')}` +
      '</md:IDPSSODescriptor></md:EntityDescriptor>',
  );
});

t.test('the signature of an identity provider’s metadata stands first', async (t) => {
  const description = { ...own, signingCertificates: ['S'], ssoUrl: 'https://us/sso', wantsSignedRequests: true };
  const signed = await writeIdpMetadata({ ...description, key: ACTIVE.signingKey() });
  t.match(signed, /^<md:EntityDescriptor [^>]*><ds:Signature /);
});

t.test('the certificate of the signature must be valid, where that is asked', async (t) => {
  const signed = await writeIdpMetadata({
    ...own,
    validUntil: NOW + 1,
    signingCertificates: [NEXT.certificateBase64],
    ssoUrl: SSO,
    wantsSignedRequests: true,
    key: ACTIVE.signingKey(),
  });
  const keys = [{ ...ACTIVE.verificationKey(), notAfter: NOW - 1 }];
  const read = (refuseExpiredCertificates: boolean) => {
    const rules = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates };
    return parse(signed, { signature: { keys, rules } });
  };
  t.equal((await read(false)).entityId, 'urn:us');
  await t.rejects(read(true), { code: 'SIGNATURE_CERTIFICATE_EXPIRED' });
});
