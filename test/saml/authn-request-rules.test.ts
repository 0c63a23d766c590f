import t from 'tap';
import {
  buildAuthnRequest,
  decodeRedirectMessage,
  encodeRedirect,
  receiveAuthnRequest,
  type AskedFor,
  type RequestPolicy,
} from '../../src/saml/index.js';
import { GatewayError, type ErrorCode } from '../../src/shared/index.js';
import { canonicalize, defaultXmlLimits, parseXml, signEnveloped } from '../../src/xml/index.js';
import { ecKeyPair, rsaKeyPair } from '../support/pki.js';
import { NOW, testSp, ZIVVER_ACS, ZIVVER_ENTITY_ID } from '../support/saml-parties.js';

const SSO = 'https://sso.example.org/saml/okta/sso';
const OTHER_ACS = 'https://app.zivver.com/api/sso/saml/other/';
const KEYS = rsaKeyPair(2048, 'zivver');
const context = { destination: SSO, now: NOW, limits: defaultXmlLimits };
const NOTHING: AskedFor = { forceAuthn: false, isPassive: false, nameIdPolicy: null, requestedAuthnContext: null };

function build(asked: AskedFor = NOTHING): Promise<string> {
  const addresses = { issuer: ZIVVER_ENTITY_ID, acsUrl: ZIVVER_ACS, destination: SSO };
  return buildAuthnRequest({ id: '_request', now: NOW, ...addresses, asked }, null);
}

function sp(requests: Partial<RequestPolicy> = {}) {
  return testSp({ acsUrls: [ZIVVER_ACS, OTHER_ACS], requests: { ...testSp().requests, ...requests } });
}

function receive(xml: string, provider = sp()) {
  return receiveAuthnRequest({ bytes: Buffer.from(xml), signature: null }, provider, context);
}

async function refusalOf(promise: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof GatewayError) return error;
  throw new Error('It was not refused.');
}

const HEAD =
  '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" AssertionConsumerServiceURL="https://app.zivver.com/api/sso/saml/consumer/" ' +
  'Destination="https://sso.example.org/saml/okta/sso"';
const TAIL =
  ' ID="_request" IssueInstant="2026-03-01T12:00:00.000Z" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Version="2.0">' +
  '<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://app.zivver.com/SAML/Zivver</saml:Issuer>';

t.test('what we ask of an identity provider, to the letter', async (t) => {
  t.equal(await build(), `${HEAD}${TAIL}</samlp:AuthnRequest>`);
  const saml = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';
  t.equal(
    await build({
      forceAuthn: true,
      isPassive: true,
      nameIdPolicy: { format: 'urn:format', allowCreate: true },
      requestedAuthnContext: { comparison: 'exact', classRefs: ['urn:a'], declRefs: ['urn:b'] },
    }),
    `${HEAD} ForceAuthn="true"${TAIL.replace(' IssueInstant', ' IsPassive="true" IssueInstant')}` +
      '<samlp:NameIDPolicy AllowCreate="true" Format="urn:format"></samlp:NameIDPolicy>' +
      '<samlp:RequestedAuthnContext Comparison="exact">' +
      `<saml:AuthnContextClassRef ${saml}>urn:a</saml:AuthnContextClassRef>` +
      `<saml:AuthnContextDeclRef ${saml}>urn:b</saml:AuthnContextDeclRef>` +
      '</samlp:RequestedAuthnContext></samlp:AuthnRequest>',
  );
  t.equal(
    await build({
      ...NOTHING,
      nameIdPolicy: { format: null, allowCreate: false },
      requestedAuthnContext: { comparison: null, classRefs: [], declRefs: [] },
    }),
    `${HEAD}${TAIL}<samlp:NameIDPolicy></samlp:NameIDPolicy><samlp:RequestedAuthnContext></samlp:RequestedAuthnContext></samlp:AuthnRequest>`,
  );
});

t.test('what is asked for is read with all that may be left out', async (t) => {
  const xml = await build();
  const inside = (content: string) => receive(xml.replace('</samlp:AuthnRequest>', `${content}</samlp:AuthnRequest>`));
  t.strictSame((await inside('<samlp:NameIDPolicy/>')).nameIdPolicy, { format: null, allowCreate: false });
  t.strictSame((await inside('<samlp:NameIDPolicy Format="urn:f" AllowCreate="1"/>')).nameIdPolicy, {
    format: 'urn:f',
    allowCreate: true,
  });
  t.strictSame((await inside('<samlp:RequestedAuthnContext/>')).requestedAuthnContext, {
    comparison: null,
    classRefs: [],
    declRefs: [],
  });
  const saml = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';
  const refs =
    `<saml:AuthnContextDeclRef ${saml}>urn:d</saml:AuthnContextDeclRef>` +
    `<saml:AuthnContextClassRef ${saml}>\n urn:a </saml:AuthnContextClassRef>` +
    `<saml:AuthnContextClassRef ${saml}>urn:<x/>b</saml:AuthnContextClassRef>`;
  t.strictSame(
    (await inside(`<samlp:RequestedAuthnContext Comparison="better">${refs}</samlp:RequestedAuthnContext>`))
      .requestedAuthnContext,
    { comparison: 'better', classRefs: ['urn:a'], declRefs: ['urn:d'] },
    'one that is not plain text is none',
  );
});

t.test('a flag is true in either spelling of xs:boolean, and in no other', async (t) => {
  const xml = await build();
  const flagged = (value: string) =>
    receive(xml.replace(' ID=', ` ForceAuthn="${value}" IsPassive="${value}" ID=`)).then(
      ({ forceAuthn, isPassive }) => [forceAuthn, isPassive],
    );
  for (const value of ['true', '1', ' true ']) t.strictSame(await flagged(value), [true, true], value);
  for (const value of ['false', '0', 'TRUE', 'yes', '']) t.strictSame(await flagged(value), [false, false], value);
});

t.test('an ACS is chosen by a number as the schema writes it, and the URL comes before it', async (t) => {
  const xml = await build();
  const named = `AssertionConsumerServiceURL="${ZIVVER_ACS}"`;
  const indexed = (index: string) => receive(xml.replace(named, `AssertionConsumerServiceIndex="${index}"`));
  t.equal((await indexed('0')).acsUrl, ZIVVER_ACS);
  t.equal((await indexed('00001')).acsUrl, OTHER_ACS);
  for (const index of [' 1', '1 ', '0x1', '1e0', '000001', '-0', '']) {
    await t.rejects(indexed(index), { code: 'REQUEST_ACS_UNKNOWN' }, JSON.stringify(index));
  }
  const both = xml.replace(named, `${named} AssertionConsumerServiceIndex="1"`);
  t.equal((await receive(both)).acsUrl, ZIVVER_ACS);
});

const at = (ms: number) => `IssueInstant="${new Date(NOW + ms).toISOString()}"`;
const NAMED = `AssertionConsumerServiceURL="${ZIVVER_ACS}"`;
const ISSUER = /(<saml:Issuer.*<\/saml:Issuer>)/;
const SUPPORTED = 'the HTTP-POST binding, and no ban on proxying';

/** What is said of each refused request: its code, what was expected, what was seen. */
const refusals: readonly (readonly [ErrorCode, string | RegExp, string, expected: string, seen: string])[] = [
  [
    'REQUEST_ROOT',
    /samlp:AuthnRequest/g,
    'samlp:LogoutRequest',
    '{urn:oasis:names:tc:SAML:2.0:protocol}AuthnRequest',
    '{urn:oasis:names:tc:SAML:2.0:protocol}LogoutRequest',
  ],
  ['SAML_VERSION', 'Version="2.0"', 'Version="1.1"', '2.0', '1.1'],
  ['SAML_VERSION', 'Version="2.0"', '', '2.0', '(absent)'],
  ['SAML_ID', 'ID="_request"', 'ID=""', 'an ID of at most 256 characters', '(empty)'],
  ['SAML_ID', 'ID="_request"', '', 'an ID of at most 256 characters', '(absent)'],
  ['SAML_ID', 'ID="_request"', `ID="${'i'.repeat(257)}"`, 'an ID of at most 256 characters', 'i'.repeat(257)],
  ['REQUEST_ISSUER_MISMATCH', ZIVVER_ENTITY_ID, 'https://o.example', ZIVVER_ENTITY_ID, 'https://o.example'],
  ['REQUEST_ISSUER_MISMATCH', ISSUER, '', ZIVVER_ENTITY_ID, '(absent)'],
  ['REQUEST_ISSUER_MISMATCH', ISSUER, '$1$1', ZIVVER_ENTITY_ID, '(absent)'],
  ['REQUEST_DESTINATION_MISMATCH', SSO, 'https://o.example', SSO, 'https://o.example'],
  ['SAML_TIME_INVALID', /IssueInstant="[^"]*"/, '', 'a UTC xs:dateTime', '(absent)'],
  ['SAML_TIME_INVALID', /IssueInstant="[^"]*"/, 'IssueInstant="now"', 'a UTC xs:dateTime', 'now'],
  [
    'REQUEST_EXPIRED',
    /IssueInstant="[^"]*"/,
    at(180_001),
    'issued about 2026-03-01T12:00:00.000Z',
    '2026-03-01T12:03:00.001Z',
  ],
  ['REQUEST_ACS_UNKNOWN', ZIVVER_ACS, 'https://o.example', `${ZIVVER_ACS}, ${OTHER_ACS}`, 'https://o.example'],
  ['REQUEST_ACS_UNKNOWN', NAMED, 'AssertionConsumerServiceIndex="2"', `${ZIVVER_ACS}, ${OTHER_ACS}`, '2'],
  ['REQUEST_UNSUPPORTED', 'HTTP-POST', 'PAOS', SUPPORTED, 'ProtocolBinding urn:oasis:names:tc:SAML:2.0:bindings:PAOS'],
  [
    'REQUEST_UNSUPPORTED',
    '</samlp:AuthnRequest>',
    '<samlp:Scoping ProxyCount="0"/></samlp:AuthnRequest>',
    SUPPORTED,
    'Scoping with ProxyCount 0',
  ],
];

t.test('each refusal says what was expected and what was seen', async (t) => {
  const xml = await build();
  for (const [code, from, to, expected, seen] of refusals) {
    const refusal = await refusalOf(receive(xml.replace(from, to)));
    t.equal(refusal.code, code);
    t.strictSame(refusal.evidence, { expected, seen }, `${code}: ${to}`);
  }
  const unsigned = await refusalOf(receive(xml, sp({ signature: 'required' })));
  t.strictSame(unsigned.evidence, { expected: 'signature required', seen: 'none' });
});

t.test('proxying more than once, and no word on the binding, are nothing to refuse', async (t) => {
  const xml = await build();
  for (const scoping of ['<samlp:Scoping ProxyCount="1"/>', '<samlp:Scoping/>']) {
    await t.resolves(receive(xml.replace('</samlp:AuthnRequest>', `${scoping}</samlp:AuthnRequest>`)), scoping);
  }
  await t.resolves(receive(xml.replace(/ProtocolBinding="[^"]*"/, '')));
});

t.test('a signed request must say where it is meant to go', async (t) => {
  const bare = (await build()).replace(`Destination="${SSO}"`, '');
  const signed = await signEnveloped(parseXml(Buffer.from(bare)), KEYS.signingKey(), { position: 1 });
  const provider = sp({ signingKeys: [KEYS.verificationKey()] });
  await t.rejects(receive(canonicalize(signed), provider), { code: 'REQUEST_DESTINATION_MISMATCH' });
  await t.resolves(receive(bare, provider));
});

t.test('of a signature in the document and one in the URL, both must verify', async (t) => {
  const plain = await build();
  const signed = canonicalize(await signEnveloped(parseXml(Buffer.from(plain)), KEYS.signingKey(), { position: 1 }));
  const provider = sp({ signingKeys: [KEYS.verificationKey()] });
  const received = async (xml: string, key = KEYS.signingKey()) => {
    const url = await encodeRedirect(SSO, { parameter: 'SAMLRequest', xml, relayState: null, key });
    return receiveAuthnRequest(
      decodeRedirectMessage(new URL(url).search.slice(1), 'SAMLRequest', 10_000),
      provider,
      context,
    );
  };
  t.equal((await received(signed)).signed, true);
  await t.rejects(received(signed.replace('_request', '_another')), { code: /^SIGNATURE_/ });
  await t.rejects(received(signed, rsaKeyPair(2048, 'next').signingKey()), { code: 'SIGNATURE_INVALID' });
});

t.test('a signature in the document obeys the rules of the service provider', async (t) => {
  const signed = await signEnveloped(parseXml(Buffer.from(await build())), KEYS.signingKey(), { position: 1 });
  const xml = canonicalize(signed);
  const signingKeys = [{ ...KEYS.verificationKey(), notAfter: NOW - 1 }];
  const { signatures } = testSp().requests;
  t.equal((await receive(xml, sp({ signingKeys }))).signed, true);
  await t.rejects(receive(xml, sp({ signingKeys, signatures: { ...signatures, refuseExpiredCertificates: true } })), {
    code: 'SIGNATURE_CERTIFICATE_EXPIRED',
  });
});

t.test(
  'the key of a signature in the URL must be long enough, and its certificate valid where that is asked',
  async (t) => {
    const received = async (
      pair: typeof KEYS,
      changes: { notBefore?: number; notAfter?: number },
      rules: object = {},
    ) => {
      const message = {
        parameter: 'SAMLRequest',
        xml: await build(),
        relayState: null,
        key: pair.signingKey(),
      } as const;
      const url = await encodeRedirect(SSO, message);
      const { signatures } = testSp().requests;
      const provider = sp({
        signingKeys: [{ ...pair.verificationKey(), ...changes }],
        signatures: { ...signatures, ...rules },
      });
      const decoded = decodeRedirectMessage(new URL(url).search.slice(1), 'SAMLRequest', 10_000);
      return receiveAuthnRequest(decoded, provider, context);
    };
    const strict = { refuseExpiredCertificates: true };
    const expired = { code: 'SIGNATURE_CERTIFICATE_EXPIRED' };
    await t.rejects(received(KEYS, { notAfter: NOW - 1 }, strict), expired);
    await t.rejects(received(KEYS, { notBefore: NOW + 1 }, strict), expired);
    await t.resolves(received(KEYS, { notBefore: NOW, notAfter: NOW }, strict), 'valid at this moment');
    await t.resolves(received(KEYS, { notAfter: NOW - 1 }), 'not asked');
    const { publicKey, fingerprint } = KEYS.verificationKey();
    const bare = { ...KEYS, verificationKey: () => ({ publicKey, fingerprint }) };
    await t.resolves(received(bare, {}, strict), 'a key without a certificate is always valid');
    await t.resolves(received(ecKeyPair('prime256v1', 'zivver'), {}, strict), 'the length is that of RSA alone');
    const short = { code: 'SIGNATURE_KEY_TOO_SHORT' };
    await t.rejects(received(rsaKeyPair(1016, 'rsa'), {}, { allowRsa1024: true }), short);
    await t.rejects(received(rsaKeyPair(1024, 'short'), {}), short);
    await t.resolves(received(rsaKeyPair(1024, 'short'), {}, { allowRsa1024: true }));
  },
);
