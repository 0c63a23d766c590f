import { createHash } from 'node:crypto';
import t from 'tap';
import {
  claimedIssuer,
  NAME_ID,
  receiveResponse,
  secretFingerprint,
  transform,
  type ClaimRule,
  type DomainKeyPolicy,
  type IdentityProvider,
  type OutgoingResponse,
  type VerifiedLogin,
} from '../../src/saml/index.js';
import { GatewayError } from '../../src/shared/index.js';
import { canonicalize, defaultXmlLimits, parseXml, signEnveloped } from '../../src/xml/index.js';
import { rsaKeyPair } from '../support/pki.js';
import {
  ACCOUNT_KEY,
  DOMAIN_KEY,
  IDP_ENTITY_ID,
  idpKeys,
  NOW,
  OUR_ACS,
  testContext,
  testIdp,
  testIssuing,
  testRequest,
  testResponse,
  testServices,
  testSp,
  ZIVVER_ACS,
  ZIVVER_ENTITY_ID,
} from '../support/saml-parties.js';
import { signedResponse, unsignedResponse, type ResponseDescription } from '../support/saml-response.js';
import { sha1Signature } from '../xml/sha1-signature.js';
import { at, documentOf, inAssertion, receive, replace } from './attempt.js';

const sha256 = (text: string | Uint8Array, encoding: 'hex' | 'base64url') =>
  createHash('sha256').update(text).digest(encoding);

async function passOn(login: VerifiedLogin, changes: Partial<IdentityProvider> = {}): Promise<OutgoingResponse> {
  const parties = { idp: testIdp(changes), sp: testSp(), issuing: testIssuing({ sign: 'assertion' }) };
  return transform(login, parties, testServices());
}

async function loginOf(
  description: Partial<ResponseDescription>,
  edit: (xml: string) => string = (xml) => xml,
): Promise<VerifiedLogin> {
  const xml = await signedResponse(testResponse(description), { key: idpKeys().signingKey(), edit });
  return receiveResponse(Buffer.from(xml), testIdp(), testSp(), testContext());
}

t.test('a login says what was received', async (t) => {
  const document = await documentOf({});
  const login = await receiveResponse(document, testIdp(), testSp(), testContext());
  t.equal(login.digest(), sha256(document, 'hex'));
  t.equal(login.replayKey, sha256(`${IDP_ENTITY_ID}\0${login.assertionId}`, 'base64url'));
  t.equal(login.nameIdFormat, 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress');
  t.equal(login.sessionIndex, '_session1');
  t.equal(login.responseId, 'id2128248929510670834559185');
  t.equal(login.assertionId, 'id21282489295831671519234');
  const bare = await receive({ edit: inAssertion(/<saml2:NameID Format="[^"]*"/, '<saml2:NameID') });
  t.equal(bare.nameIdFormat, null);
});

t.test(
  'a login is remembered until the later of both ends, and the largest skew that a reload may bring',
  async (t) => {
    const skew = 600_000;
    const conditions = (end: number) =>
      inAssertion(/(<saml2:Conditions .*)NotOnOrAfter="[^"]*"/, `$1NotOnOrAfter="${at(end)}"`);
    t.equal((await receive({ edit: conditions(600_000) })).replayExpiresAt, NOW + 600_000 + skew);
    t.equal((await receive({ edit: conditions(60_000) })).replayExpiresAt, NOW + 300_000 + skew);
    const idp = testIdp({ clockSkewMs: 700_000 });
    t.equal((await receive({ edit: conditions(600_000), idp })).replayExpiresAt, NOW + 600_000 + 700_000);
  },
);

t.test('the session is that of the first statement that names one', async (t) => {
  const before = inAssertion(
    '<saml2:AuthnStatement',
    `<saml2:AuthnStatement AuthnInstant="${at(0)}"><saml2:AuthnContext/></saml2:AuthnStatement><saml2:AuthnStatement`,
  );
  const login = await receive({ edit: before });
  t.equal(login.sessionIndex, '_session1');
  t.match(login.authnContext, /^urn:oasis:names:tc:SAML:2\.0:ac:classes:/);
});

t.test('a statement that names no session and no context leaves both open', async (t) => {
  const login = await receive({
    edit: inAssertion(
      /<saml2:AuthnStatement .*<\/saml2:AuthnStatement>/,
      `<saml2:AuthnStatement AuthnInstant="${at(0)}"/>`,
    ),
  });
  t.equal(login.sessionIndex, null);
  t.equal(login.authnContext, null);
  const declared = await receive({ edit: inAssertion(/AuthnContextClassRef/g, 'AuthnContextDeclRef') });
  t.equal(declared.authnContext, null, 'a declaration is no class');
});

t.test('attributes are described with all that they say', async (t) => {
  const odd =
    '<saml2:Attribute FriendlyName="mail" NameFormat="urn:f" Name="m"><saml2:AttributeValue>a<x>b</x>c</saml2:AttributeValue><saml2:AttributeValue/></saml2:Attribute>' +
    '<saml2:Attribute><saml2:AttributeValue>nameless</saml2:AttributeValue></saml2:Attribute>';
  const login = await receive({
    edit: inAssertion(/(<saml2:AttributeStatement>).*(<\/saml2:AttributeStatement>)/, `$1${odd}$2`),
  });
  t.strictSame(login.attributes, [
    { name: 'm', nameFormat: 'urn:f', friendlyName: 'mail', values: ['abc', ''] },
    { name: '', nameFormat: null, friendlyName: null, values: ['nameless'] },
  ]);
});

t.test('the claimed issuer is that of the Response, or else of its assertion', async (t) => {
  const issuerOf = async (...edits: Parameters<typeof replace>) =>
    claimedIssuer(await documentOf({ tamper: replace(...edits) }), defaultXmlLimits);
  t.equal(await issuerOf(`>${IDP_ENTITY_ID}<`, '>https://outer.example<'), 'https://outer.example');
  t.equal(await issuerOf(/<saml2:Issuer .*?<\/saml2:Issuer>/, ''), IDP_ENTITY_ID);
  t.equal(claimedIssuer(Buffer.from('<r/>'), defaultXmlLimits), null);
});

t.test('each signature warns for itself, where only one of two gives cause', async (t) => {
  const short = rsaKeyPair(1024, 'short');
  const ended = { ...idpKeys().verificationKey(), notAfter: NOW - 1 };
  const idp = testIdp({
    signingKeys: [ended, short.verificationKey()],
    signatures: { ...testIdp().signatures, allowRsa1024: true },
  });
  const inner = await documentOf({ signed: 'assertion' });
  const outer = await signEnveloped(parseXml(inner), short.signingKey(), { position: 1, inclusivePrefixes: ['xs'] });
  const login = await receiveResponse(Buffer.from(canonicalize(outer, ['xs'])), idp, testSp(), testContext());
  t.strictSame(login.warnings, ['rsa-key-under-2048-bits', 'certificate-outside-validity']);
});

t.test('SHA-1 is warned of, where it is allowed', async (t) => {
  const unsigned = unsignedResponse(testResponse());
  const document = Buffer.from(sha1Signature(parseXml(Buffer.from(unsigned)), idpKeys().privateKey, 'both'));
  await t.rejects(receiveResponse(document, testIdp(), testSp(), testContext()), { code: 'SIGNATURE_ALGORITHM' });
  const lax = testIdp({ signatures: { ...testIdp().signatures, allowSha1: true } });
  const login = await receiveResponse(document, lax, testSp(), testContext());
  t.strictSame(login.warnings, ['sha1-signature']);
});

t.test('SHA-1 is warned of, whichever of two signatures has it', async (t) => {
  const lax = testIdp({ signatures: { ...testIdp().signatures, allowSha1: true } });
  // No typed values: the SHA-1 signature lists no prefixes, so none may stand in content.
  const description = testResponse({ shape: 'entra-id' });
  const { privateKey } = idpKeys();
  const signedInside = await signedResponse(description, { key: idpKeys().signingKey(), signed: 'assertion' });
  const outerSha1 = sha1Signature(parseXml(Buffer.from(signedInside)), privateKey, 'both');
  const innerSha1 = unsignedResponse(description).replace(/<Assertion .*<\/Assertion>/, (assertion) =>
    sha1Signature(parseXml(Buffer.from(assertion)), privateKey, 'both'),
  );
  const outer = await signEnveloped(parseXml(Buffer.from(innerSha1)), idpKeys().signingKey(), { position: 1 });
  for (const document of [outerSha1, canonicalize(outer)]) {
    const login = await receiveResponse(Buffer.from(document), lax, testSp(), testContext());
    t.strictSame(login.warnings, ['sha1-signature']);
    await t.rejects(receiveResponse(Buffer.from(document), testIdp(), testSp(), testContext()), {
      code: 'SIGNATURE_ALGORITHM',
    });
  }
});

t.test('the prefixes that are signed are those that the signatures list', async (t) => {
  t.strictSame((await receive({ signed: 'assertion' })).signedPrefixes, ['xs']);
  t.strictSame((await receive({ signed: 'response' })).signedPrefixes, ['xs']);
  t.strictSame((await receive({ signed: 'both' })).signedPrefixes, ['xs', 'xs']);
});

const pairs = ({ attributesOut }: OutgoingResponse) => attributesOut.map(({ name, values }) => [name, ...values]);

t.test('claim rules keep places, and onto themselves change nothing', async (t) => {
  const attributes = ['one', 'two', 'one', 'three'].map((name, index) => ({ name, values: [`${index}`] }));
  const login = await loginOf({ attributes: [{ name: ACCOUNT_KEY, values: ['k'] }, ...attributes] });
  const after = async (...claims: readonly ClaimRule[]) => pairs(await passOn(login, { claims, domainKey: null }));
  const [key, ...rest] = [
    [ACCOUNT_KEY, 'k'],
    ['one', '0'],
    ['two', '1'],
    ['one', '2'],
    ['three', '3'],
  ];
  t.strictSame(await after({ kind: 'copy', from: 'one', to: 'one' }), [key, ...rest]);
  t.strictSame(await after({ kind: 'set', to: ACCOUNT_KEY, value: 'x' }), [[ACCOUNT_KEY, 'x'], ...rest]);
  t.strictSame(await after({ kind: 'rename', from: 'two', to: 'new' }), [
    key,
    ['one', '0'],
    ['new', '1'],
    ['one', '2'],
    ['three', '3'],
  ]);
  t.strictSame(await after({ kind: 'rename', from: NAME_ID, to: 'mail' }), [
    key,
    ...rest,
    ['mail', testResponse().nameId],
  ]);
});

async function refusalOf(promise: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof GatewayError) return error;
  throw new Error('It was not refused.');
}

t.test('a claim rule that cannot be applied says why, and no value', async (t) => {
  const login = await loginOf({ attributes: [{ name: ACCOUNT_KEY, values: ['k', 'secret'] }] });
  const claims: ClaimRule[] = [{ kind: 'template', to: 'x', template: `{${ACCOUNT_KEY}}` }];
  const refusal = await refusalOf(passOn(login, { claims }));
  t.equal(refusal.message, `A claim rule needs one value of ${ACCOUNT_KEY}, and there are 2.`);
  const empty = await refusalOf(passOn(login, { claims: [{ kind: 'set', to: NAME_ID, value: ' ' }] }));
  t.equal(empty.message, 'A claim rule would leave the NameID empty.');
});

const POLICY: DomainKeyPolicy = {
  mode: 'verify',
  attribute: DOMAIN_KEY,
  nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
  type: null,
  value: { reveal: () => 'ours' },
  onMismatch: 'refuse',
};

t.test('a DomainKey that is missing or wrong is told by fingerprints alone', async (t) => {
  const print = (secret: string) => sha256(secret, 'hex').slice(0, 8);
  t.equal(secretFingerprint('ours'), print('ours'));
  const account = { name: ACCOUNT_KEY, values: ['k'] };
  const evidenceWith = async (...values: readonly string[][]) => {
    const attributes = [account, ...values.map((each) => ({ name: DOMAIN_KEY, values: each }))];
    return (await refusalOf(passOn(await loginOf({ attributes }), { domainKey: POLICY }))).evidence;
  };
  t.strictSame(await evidenceWith(), { expected: `one attribute ${DOMAIN_KEY}`, seen: '(none)' });
  const expected = `one value with fingerprint ${print('ours')}`;
  t.strictSame(await evidenceWith(['a'], ['b']), {
    expected,
    seen: `2 attribute(s), fingerprints ${print('a')}, ${print('b')}`,
  });
  t.strictSame(await evidenceWith([]), { expected, seen: '1 attribute(s), fingerprints (none)' });
});

t.test('a name that becomes the DomainKey’s in small letters is dropped with it', async (t) => {
  const kelvin = DOMAIN_KEY.replace('Key', '\u212Aey');
  const attributes = [
    { name: ACCOUNT_KEY, values: ['k'] },
    { name: kelvin, values: ['theirs'] },
  ];
  const outgoing = await passOn(await loginOf({ attributes }), { domainKey: { ...POLICY, mode: 'inject' } });
  t.strictSame(pairs(outgoing), [
    [ACCOUNT_KEY, 'k'],
    [DOMAIN_KEY, 'ours'],
  ]);
});

/** The outgoing Response without what changes from run to run. */
function steady(outgoing: OutgoingResponse): string {
  const { responseId, assertionId } = outgoing;
  return outgoing
    .xml()
    .replace(/<ds:Signature .*?<\/ds:Signature>/gs, '')
    .replaceAll(responseId, '(response)')
    .replaceAll(assertionId, '(assertion)');
}

const EXPECTED =
  '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Destination="https://app.zivver.com/api/sso/saml/consumer/" ID="(response)" InResponseTo="_zivver-request-1" IssueInstant="2026-03-01T12:00:00.000Z" Version="2.0"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://sso.example.org/saml</saml:Issuer>' +
  '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>' +
  '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="(assertion)" IssueInstant="2026-03-01T12:00:00.000Z" Version="2.0"><saml:Issuer>https://sso.example.org/saml</saml:Issuer>' +
  '<saml:Subject><saml2:NameID xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">a.jansen@example.org</saml2:NameID>' +
  '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="_zivver-request-1" NotOnOrAfter="2026-03-01T12:05:00.000Z" Recipient="https://app.zivver.com/api/sso/saml/consumer/"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>' +
  '<saml:Conditions NotBefore="2026-03-01T11:55:00.000Z" NotOnOrAfter="2026-03-01T12:05:00.000Z"><saml:AudienceRestriction><saml:Audience>https://app.zivver.com/SAML/Zivver</saml:Audience></saml:AudienceRestriction><saml:OneTimeUse></saml:OneTimeUse>' +
  '<saml:ProxyRestriction Count="2"><saml:Audience>https://app.zivver.com/SAML/Zivver</saml:Audience></saml:ProxyRestriction></saml:Conditions>' +
  '<saml2:AuthnStatement xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" AuthnInstant="2026-03-01T11:59:00.000Z" SessionIndex="_session1">' +
  '<saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>' +
  '<saml:AttributeStatement><saml2:Attribute xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" Name="https://zivver.com/SAML/Attributes/ZivverAccountKey" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">' +
  '<saml2:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">k</saml2:AttributeValue></saml2:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>';

t.test('what is written, to the letter', async (t) => {
  const free = `<saml2:OneTimeUse/><saml2:ProxyRestriction Count="3"><saml2:Audience>${ZIVVER_ENTITY_ID}</saml2:Audience></saml2:ProxyRestriction></saml2:Conditions>`;
  const login = await loginOf({ attributes: [{ name: ACCOUNT_KEY, values: ['k'] }] }, (xml) =>
    xml.replace('</saml2:Conditions>', free).replace('<saml2:AuthnStatement', '<saml2:Advice/><saml2:AuthnStatement'),
  );
  t.equal(steady(await passOn(login, { domainKey: null })), EXPECTED);
});

t.test('what was not received is not written', async (t) => {
  const short = EXPECTED.replace('<saml:OneTimeUse></saml:OneTimeUse>', '');
  const plain = short.replace(/<saml:ProxyRestriction.*<\/saml:ProxyRestriction>/, '');
  const attributes = [{ name: ACCOUNT_KEY, values: ['k'] }];
  t.equal(steady(await passOn(await loginOf({ attributes }), { domainKey: null })), plain);
  const none = plain.replace(/<saml:AttributeStatement>.*<\/saml:AttributeStatement>/, '');
  const unasked = { domainKey: null, required: { attributes: [], emailNameId: true } };
  t.equal(steady(await passOn(await loginOf({ attributes: [] }), unasked)), none);
  const uncounted = await loginOf({ attributes }, (xml) =>
    xml.replace(
      '</saml2:Conditions>',
      `<saml2:ProxyRestriction><saml2:Audience>${ZIVVER_ENTITY_ID}</saml2:Audience></saml2:ProxyRestriction></saml2:Conditions>`,
    ),
  );
  t.equal(steady(await passOn(uncounted, { domainKey: null })), short.replace(' Count="2"', ''));
});

t.test('statements keep their order, wherever the attributes stand', async (t) => {
  const order = async (login: VerifiedLogin) =>
    [
      ...steady(await passOn(login, { required: { attributes: [], emailNameId: true } })).matchAll(
        /<\w+:(\w+Statement)\b/g,
      ),
    ].map(([, name]) => name);
  t.strictSame(await order(await loginOf({ attributes: [] })), ['AuthnStatement', 'AttributeStatement']);
  const swapped = await loginOf({ attributes: [{ name: ACCOUNT_KEY, values: ['k'] }] }, (xml) =>
    xml.replace(
      /(<saml2:AuthnStatement.*<\/saml2:AuthnStatement>)(<saml2:AttributeStatement.*<\/saml2:AttributeStatement>)/,
      '$2$1',
    ),
  );
  t.strictSame(await order(swapped), ['AttributeStatement', 'AuthnStatement']);
});

t.test('what is sent is one text in all its forms', async (t) => {
  const outgoing = await passOn(await receive({}));
  t.equal(Buffer.from(outgoing.base64, 'base64').toString('utf8'), outgoing.xml());
  t.equal(outgoing.digest(), sha256(outgoing.xml(), 'hex'));
  t.equal(outgoing.nameId, testResponse().nameId);
  t.not(outgoing.destination, OUR_ACS);
});

t.test('an audience that is not plain text names nobody', async (t) => {
  const audiences = `<saml2:Audience>${ZIVVER_ENTITY_ID}</saml2:Audience><saml2:Audience>urn:<x/>a</saml2:Audience>`;
  const restricted = `<saml2:ProxyRestriction>${audiences}</saml2:ProxyRestriction></saml2:Conditions>`;
  const outgoing = await passOn(await receive({ edit: inAssertion('</saml2:Conditions>', restricted) }));
  t.match(
    outgoing.xml(),
    `<saml:Audience>${ZIVVER_ENTITY_ID}</saml:Audience><saml:Audience></saml:Audience></saml:ProxyRestriction>`,
  );
});

t.test('a ProxyRestriction must name the audience that is written, which need not be the entity id', async (t) => {
  const audience = 'urn:zivver:audience';
  const under = async (named: string) => {
    const restriction = `<saml2:ProxyRestriction><saml2:Audience>${named}</saml2:Audience></saml2:ProxyRestriction></saml2:Conditions>`;
    const document = await documentOf({ edit: inAssertion('</saml2:Conditions>', restriction) });
    return receiveResponse(document, testIdp(), testSp({ audience }), testContext());
  };
  await t.resolves(under(audience));
  await t.rejects(under(ZIVVER_ENTITY_ID), { code: 'SAML_PROXY_RESTRICTION', evidence: { seen: /Zivver/ } });
});

t.test('the answer goes where the request wants it, and one that nobody asked for to the first address', async (t) => {
  const other = 'https://app.zivver.com/api/sso/saml/other/';
  const sent = async (login: VerifiedLogin, acsUrls: readonly [string, string]) => {
    const parties = { idp: testIdp(), sp: testSp({ acsUrls }), issuing: testIssuing() };
    const outgoing = await transform(login, parties, testServices());
    const { destination } = outgoing;
    t.match(outgoing.xml(), ` Recipient="${destination}"`);
    return destination;
  };
  t.equal(await sent(await receive({ requests: [testRequest({ acsUrl: other })] }), [ZIVVER_ACS, other]), other);
  const unasked = await receive({ unsolicited: true, idp: { unsolicited: true } });
  t.equal(await sent(unasked, [other, ZIVVER_ACS]), other);
});
