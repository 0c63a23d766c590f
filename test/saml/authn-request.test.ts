import { sign } from 'node:crypto';
import t from 'tap';
import {
  buildAuthnRequest,
  decodeRedirectMessage,
  encodeRedirect,
  receiveAuthnRequest,
  type AskedFor,
  type RequestPolicy,
  type ServiceProvider,
} from '../../src/saml/index.js';
import type { ErrorCode } from '../../src/shared/index.js';
import { defaultXmlLimits, type SigningKey } from '../../src/xml/index.js';
import { ecKeyPair, rsaKeyPair } from '../support/pki.js';
import { NOW, testSp, ZIVVER_ACS, ZIVVER_ENTITY_ID } from '../support/saml-parties.js';
import { xmlsecVerify } from '../support/xmlsec.js';

const SSO = 'https://sso.example.org/saml/okta/sso';
const OTHER_ACS = 'https://app.zivver.com/api/sso/saml/other/';
const KEYS = rsaKeyPair(2048, 'zivver');
const context = { destination: SSO, now: NOW, limits: defaultXmlLimits };

const NOTHING: AskedFor = { forceAuthn: false, isPassive: false, nameIdPolicy: null, requestedAuthnContext: null };
const ASKED: AskedFor = {
  forceAuthn: true,
  isPassive: true,
  nameIdPolicy: { format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress', allowCreate: true },
  requestedAuthnContext: { comparison: 'minimum', classRefs: ['urn:a', 'urn:b'], declRefs: ['urn:c'] },
};

function request(asked: AskedFor = NOTHING, key: SigningKey | null = null): Promise<string> {
  const addresses = { issuer: ZIVVER_ENTITY_ID, acsUrl: ZIVVER_ACS, destination: SSO };
  return buildAuthnRequest({ id: '_request', now: NOW, ...addresses, asked }, key);
}

function sp(requests: Partial<RequestPolicy> = {}, changes: Partial<ServiceProvider> = {}): ServiceProvider {
  return testSp({ acsUrls: [ZIVVER_ACS, OTHER_ACS], requests: { ...testSp().requests, ...requests }, ...changes });
}

const keyed = { signingKeys: [rsaKeyPair(2048, 'next').verificationKey(), KEYS.verificationKey()] };

function receive(xml: string, provider = sp()) {
  return receiveAuthnRequest({ bytes: Buffer.from(xml), signature: null }, provider, context);
}

t.test('a plain request is read', async (t) => {
  t.strictSame(await receive(await request()), { ...NOTHING, id: '_request', acsUrl: ZIVVER_ACS, signed: false });
});

t.test('what the service provider asks for is carried over', async (t) => {
  t.match(await receive(await request(ASKED)), ASKED);
});

t.test('the ACS is the one named, by URL or index, or else the first', async (t) => {
  const xml = await request();
  const named = `AssertionConsumerServiceURL="${ZIVVER_ACS}"`;
  const cases: [string, string][] = [
    [`AssertionConsumerServiceURL="${OTHER_ACS}"`, OTHER_ACS],
    ['AssertionConsumerServiceIndex="1"', OTHER_ACS],
    ['', ZIVVER_ACS],
  ];
  for (const [attribute, acsUrl] of cases) t.match(await receive(xml.replace(named, attribute)), { acsUrl });
});

const at = (ms: number) => `IssueInstant="${new Date(NOW + ms).toISOString()}"`;

t.test('each rule has its code', async (t) => {
  const xml = await request();
  const named = `AssertionConsumerServiceURL="${ZIVVER_ACS}"`;
  const cases: readonly (readonly [ErrorCode, string | RegExp, string])[] = [
    ['REQUEST_ROOT', /samlp:AuthnRequest/g, 'samlp:LogoutRequest'],
    ['SAML_VERSION', 'Version="2.0"', 'Version="1.1"'],
    ['SAML_ID', 'ID="_request"', 'ID=""'],
    ['REQUEST_ISSUER_MISMATCH', ZIVVER_ENTITY_ID, 'https://other.example'],
    ['REQUEST_ISSUER_MISMATCH', /<saml:Issuer.*<\/saml:Issuer>/, ''],
    ['REQUEST_DESTINATION_MISMATCH', SSO, 'https://other.example'],
    ['SAML_TIME_INVALID', /IssueInstant="[^"]*"/, ''],
    ['REQUEST_EXPIRED', /IssueInstant="[^"]*"/, at(180_001)],
    ['REQUEST_EXPIRED', /IssueInstant="[^"]*"/, at(-480_000)],
    ['REQUEST_ACS_UNKNOWN', ZIVVER_ACS, 'https://evil.example/acs'],
    ['REQUEST_ACS_UNKNOWN', named, 'AssertionConsumerServiceIndex="2"'],
    ['REQUEST_ACS_UNKNOWN', named, 'AssertionConsumerServiceIndex="x"'],
    ['REQUEST_UNSUPPORTED', 'bindings:HTTP-POST', 'bindings:HTTP-Artifact'],
    ['REQUEST_UNSUPPORTED', '</samlp:AuthnRequest>', '<samlp:Scoping ProxyCount="0"/></samlp:AuthnRequest>'],
    [
      'SIGNATURE_MISPLACED',
      '</saml:Issuer>',
      '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/></saml:Issuer>',
    ],
    ['XML_MALFORMED', '</samlp:AuthnRequest>', ''],
  ];
  for (const [code, from, to] of cases) await t.rejects(receive(xml.replace(from, to)), { code }, `${code}: ${to}`);
  await t.resolves(receive(xml.replace(/IssueInstant="[^"]*"/, at(180_000))), 'one skew ahead');
  await t.resolves(receive(xml.replace(/IssueInstant="[^"]*"/, at(-479_999))), 'a millisecond before it is too old');
  await t.resolves(receive(xml.replace(`Destination="${SSO}"`, '')), 'no destination on an unsigned request');
});

t.test('a signature inside the document must verify, and may be demanded', async (t) => {
  const signed = await request(ASKED, KEYS.signingKey());
  t.match(await receive(signed, sp(keyed)), { ...ASKED, signed: true });
  t.match(await receive(signed, sp({ ...keyed, signature: 'required' })), { signed: true });
  await t.rejects(receive(signed.replace('urn:a', 'urn:x'), sp(keyed)), { code: 'SIGNATURE_DIGEST_MISMATCH' });
  const stranger = { signingKeys: [rsaKeyPair(2048, 'next').verificationKey()] };
  await t.rejects(receive(signed, sp(stranger)), { code: 'SIGNATURE_INVALID' });
  await t.rejects(receive(await request(), sp({ ...keyed, signature: 'required' })), { code: 'REQUEST_UNSIGNED' });
  t.match(await receive(signed, sp()), { signed: false }, 'with no key to verify it under');
  await t.rejects(receive(signed, sp({ signature: 'required' })), { code: 'REQUEST_UNSIGNED' });
  const { ok, report } = await xmlsecVerify([signed], { certificatePem: KEYS.certificatePem });
  t.ok(ok, report);
});

async function redirected(key: SigningKey | null, relayState: string | null = 'r') {
  const url = await encodeRedirect(SSO, { parameter: 'SAMLRequest', xml: await request(), relayState, key });
  return new URL(url).search.slice(1);
}

function receiveQuery(query: string, provider: ServiceProvider) {
  return receiveAuthnRequest(decodeRedirectMessage(query, 'SAMLRequest', 10_000), provider, context);
}

t.test('a signature in the URL covers the octets as they came', async (t) => {
  const provider = sp({ ...keyed, signature: 'required' });
  for (const relayState of ['r', null, 'ü&=']) {
    t.match(await receiveQuery(await redirected(KEYS.signingKey('rsa-sha512'), relayState), provider), {
      signed: true,
    });
  }
  const signed = await redirected(KEYS.signingKey());
  await t.rejects(receiveQuery(signed.replace('RelayState=r', 'RelayState=s'), provider), {
    code: 'SIGNATURE_INVALID',
  });
  await t.rejects(receiveQuery(signed.replace('RelayState=r&', ''), provider), { code: 'SIGNATURE_INVALID' });
  const bare = await redirected(KEYS.signingKey(), null);
  await t.rejects(receiveQuery(`${bare}&RelayState`, provider), { code: 'SIGNATURE_INVALID' }, 'not even an empty one');
  for (const added of ['%52elayState=s', 'RelayStat%65', '%53igAlg=x', 'SAML%52equest=x']) {
    t.throws(() => receiveQuery(`${bare}&${added}`, provider), { code: 'SAML_ENCODING' }, added);
  }
  t.match(await receiveQuery(`${bare}&%52elay=s&%zz`, provider), { signed: true }, 'other names may be anything');
  const reencoded = signed.replace(/%3A/g, '%3a');
  t.not(reencoded, signed);
  await t.rejects(receiveQuery(reencoded, provider), { code: 'SIGNATURE_INVALID' });
  const shuffled = signed.split('&').reverse().join('&');
  t.match(await receiveQuery(shuffled, provider), { signed: true }, 'whatever their order in the URL');
  await t.rejects(receiveQuery(await redirected(null), provider), { code: 'REQUEST_UNSIGNED' });
});

t.test('the URL’s signature obeys the same rules as one in a document', async (t) => {
  const ec = ecKeyPair('prime256v1', 'zivver');
  const ecQuery = await redirected(ec.signingKey());
  t.match(await receiveQuery(ecQuery, sp({ signingKeys: [ec.verificationKey()] })), { signed: true });
  const hmac = ecQuery.replace(
    /SigAlg=[^&]*/,
    `SigAlg=${encodeURIComponent('http://www.w3.org/2000/09/xmldsig#hmac-sha1')}`,
  );
  await t.rejects(receiveQuery(hmac, sp(keyed)), { code: 'SIGNATURE_ALGORITHM' });
  await t.rejects(receiveQuery(ecQuery, sp(keyed)), { code: 'SIGNATURE_INVALID' });

  const sha1 = encodeURIComponent('http://www.w3.org/2000/09/xmldsig#rsa-sha1');
  const asSha1 = (await redirected(KEYS.signingKey())).replace(/SigAlg=[^&]*/, `SigAlg=${sha1}`);
  await t.rejects(receiveQuery(asSha1, sp(keyed)), { code: 'SIGNATURE_ALGORITHM' });
  const lax = { allowSha1: true, allowRsa1024: true, refuseExpiredCertificates: true };
  await t.rejects(receiveQuery(asSha1, sp({ ...keyed, signatures: lax })), { code: 'SIGNATURE_INVALID' });

  const octets = asSha1.replace(/&Signature=.*/, '');
  const signature = encodeURIComponent(sign('sha1', Buffer.from(octets), KEYS.privateKey).toString('base64'));
  const genuine = `${octets}&Signature=${signature}`;
  t.match(await receiveQuery(genuine, sp({ ...keyed, signatures: lax })), { signed: true });
  await t.rejects(receiveQuery(genuine, sp(keyed)), { code: 'SIGNATURE_ALGORITHM' });

  const short = rsaKeyPair(1024, 'short');
  const shortQuery = await redirected(short.signingKey());
  const shortKeys = { signingKeys: [short.verificationKey()] };
  await t.rejects(receiveQuery(shortQuery, sp(shortKeys)), { code: 'SIGNATURE_KEY_TOO_SHORT' });
  t.match(await receiveQuery(shortQuery, sp({ ...shortKeys, signatures: lax })), { signed: true });
  const expired = { signingKeys: [{ ...short.verificationKey(), notAfter: NOW - 1 }], signatures: lax };
  await t.rejects(receiveQuery(shortQuery, sp(expired)), { code: 'SIGNATURE_CERTIFICATE_EXPIRED' });
});
