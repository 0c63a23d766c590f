import t from 'tap';
import { checkNames, receiveResponse } from '../../src/saml/index.js';
import { GatewayError } from '../../src/shared/index.js';
import { rsaKeyPair } from '../support/pki.js';
import {
  NOW,
  OUR_ACS,
  OUR_REQUEST,
  OUR_SP_ENTITY_ID,
  testContext,
  testIdp,
  testRequest,
  testResponse,
  testSp,
  ZIVVER_ENTITY_ID,
} from '../support/saml-parties.js';
import { signedResponse } from '../support/saml-response.js';
import { assertionRefusals } from './assertion-refusals.js';
import {
  at,
  documentOf,
  failedChecks,
  inAssertion,
  MINUTES_5,
  receive,
  replace,
  SKEW,
  type Attempt,
  type Edit,
} from './attempt.js';
import { responseRefusals } from './response-refusals.js';

const refusals = [...responseRefusals, ...assertionRefusals];

for (const [check, code, what, attempt] of refusals) {
  t.test(`${what} is refused with ${code}`, async (t) => {
    await t.rejects(receive(attempt), { code });
    const failed = await failedChecks(attempt);
    t.ok(failed.includes(check), `inspect shows it at ${check}: ${failed.join(', ')}`);
  });
}

t.test('a short RSA key is refused, unless this IdP may have one', async (t) => {
  const pair = rsaKeyPair(1024, 'short');
  const xml = await signedResponse(testResponse(), { key: pair.signingKey() });
  const idp = testIdp({ signingKeys: [pair.verificationKey()] });
  await t.rejects(receiveResponse(Buffer.from(xml), idp, testSp(), testContext()), { code: 'SIGNATURE_KEY_TOO_SHORT' });
  const lax = { ...idp, signatures: { ...idp.signatures, allowRsa1024: true } };
  const login = await receiveResponse(Buffer.from(xml), lax, testSp(), testContext());
  t.strictSame(login.warnings, ['rsa-key-under-2048-bits']);
});

t.test('an expired certificate is a warning, unless this IdP file refuses it', async (t) => {
  const [key] = testIdp().signingKeys;
  if (key === undefined) throw new Error('no key');
  const idp = testIdp({ signingKeys: [{ ...key, notAfter: NOW - 1 }] });
  const document = await documentOf({});
  const login = await receiveResponse(document, idp, testSp(), testContext());
  t.strictSame(login.warnings, ['certificate-outside-validity']);
  const strict = { ...idp, signatures: { ...idp.signatures, refuseExpiredCertificates: true } };
  await t.rejects(receiveResponse(document, strict, testSp(), testContext()), {
    code: 'SIGNATURE_CERTIFICATE_EXPIRED',
  });
});

/** Each stays just inside a rule. */
const accepted: readonly (readonly [what: string, attempt: Attempt])[] = [
  ['everything as it should be', {}],
  ['an IssueInstant one skew ahead', { edit: replace(/IssueInstant="[^"]*"/, `IssueInstant="${at(SKEW)}"`) }],
  ['a NotBefore one skew ahead', { edit: inAssertion(/NotBefore="[^"]*"/, `NotBefore="${at(SKEW)}"`) }],
  [
    'Conditions that ended one skew ago, less a millisecond',
    { edit: inAssertion(/(<saml2:Conditions .*)NotOnOrAfter="[^"]*"/, `$1NotOnOrAfter="${at(1 - SKEW)}"`) },
  ],
  [
    'a confirmation that ended one skew ago, less a millisecond',
    { edit: inAssertion(`NotOnOrAfter="${MINUTES_5}" Recipient`, `NotOnOrAfter="${at(1 - SKEW)}" Recipient`) },
  ],
  [
    'a session that ended one skew ago, less a millisecond',
    { edit: inAssertion('<saml2:AuthnStatement', `<saml2:AuthnStatement SessionNotOnOrAfter="${at(1 - SKEW)}"`) },
  ],
  ['a request that expires in a millisecond', { requests: [testRequest({ expiresAt: NOW + 1 })] }],
  ['an unsolicited response, where they are allowed', { unsolicited: true, idp: { unsolicited: true } }],
  [
    'an unsolicited response of which only the assertion is signed',
    { unsolicited: true, idp: { unsolicited: true }, signed: 'assertion' },
  ],
  ['an unsigned Response without destination', { edit: replace(`Destination="${OUR_ACS}"`, ''), signed: 'assertion' }],
  ['a Response without issuer', { edit: replace(/<saml2:Issuer .*?<\/saml2:Issuer>/, '') }],
  [
    'a signed Response that alone names the request',
    { edit: inAssertion(` InResponseTo="${OUR_REQUEST}"`, ''), signed: 'response' },
  ],
  [
    'an assertion that alone names the request',
    { edit: replace(` InResponseTo="${OUR_REQUEST}"`, ''), signed: 'assertion' },
  ],
  [
    'an audience that is not a URI',
    {
      edit: inAssertion(`>${OUR_SP_ENTITY_ID}<`, '>123<'),
      idp: { expected: { audience: '123', recipients: [OUR_ACS], destination: OUR_ACS } },
    },
  ],
  [
    'a second audience in the same restriction',
    { edit: inAssertion('<saml2:Audience>', '<saml2:Audience>x</saml2:Audience><saml2:Audience>') },
  ],
  [
    'the entity id as Recipient, where the IdP file expects it',
    {
      edit: inAssertion(`Recipient="${OUR_ACS}"`, `Recipient="${ZIVVER_ENTITY_ID}"`),
      idp: { expected: { audience: OUR_SP_ENTITY_ID, recipients: [OUR_ACS, ZIVVER_ENTITY_ID], destination: OUR_ACS } },
    },
  ],
  [
    'a confirmation of another method before the bearer one',
    {
      edit: inAssertion(
        '<saml2:SubjectConfirmation ',
        '<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"/><saml2:SubjectConfirmation ',
      ),
    },
  ],
  [
    'a bearer confirmation for somebody else beside ours',
    {
      edit: inAssertion(
        '<saml2:SubjectConfirmation ',
        `<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData Recipient="x" NotOnOrAfter="${MINUTES_5}"/></saml2:SubjectConfirmation><saml2:SubjectConfirmation `,
      ),
    },
  ],
  [
    'a ProxyRestriction that allows one more',
    {
      edit: inAssertion(
        '</saml2:Conditions>',
        `<saml2:ProxyRestriction Count="1"><saml2:Audience>${ZIVVER_ENTITY_ID}</saml2:Audience></saml2:ProxyRestriction></saml2:Conditions>`,
      ),
    },
  ],
  ['OneTimeUse', { edit: inAssertion('</saml2:Conditions>', '<saml2:OneTimeUse/></saml2:Conditions>') }],
  [
    'a ProxyRestriction of the highest count that is read',
    { edit: inAssertion('</saml2:Conditions>', '<saml2:ProxyRestriction Count="999999999"/></saml2:Conditions>') },
  ],
  [
    'an AuthzDecisionStatement',
    { edit: inAssertion('<saml2:AttributeStatement>', '<saml2:AuthzDecisionStatement/><saml2:AttributeStatement>') },
  ],
  ['an AuthnInstant one skew ahead', { edit: inAssertion(/ AuthnInstant="[^"]*"/, ` AuthnInstant="${at(SKEW)}"`) }],
  [
    'an IssueInstant of the assertion one skew ahead',
    { edit: inAssertion(/ IssueInstant="[^"]*"/, ` IssueInstant="${at(SKEW)}"`) },
  ],
  [
    'a request with an ID as long as may be',
    {
      requests: [testRequest({ id: 'a'.repeat(256) })],
      edit: (xml) => xml.replaceAll(`InResponseTo="${OUR_REQUEST}"`, `InResponseTo="${'a'.repeat(256)}"`),
    },
  ],
  [
    'an attribute without values, as Google sends it',
    { edit: inAssertion('<saml2:AttributeStatement>', '<saml2:AttributeStatement><saml2:Attribute Name="empty"/>') },
  ],
  [
    'Extensions in the Response',
    { edit: replace('<saml2p:Status>', '<saml2p:Extensions><x xmlns="urn:x"/></saml2p:Extensions><saml2p:Status>') },
  ],
];

for (const [what, attempt] of accepted) {
  t.test(`${what} is taken`, async (t) => {
    await t.resolves(receive(attempt));
    t.strictSame(await failedChecks(attempt), []);
  });
}

t.test('every check of receiving is broken by a test, with the code it declares', (t) => {
  const broken = new Set(refusals.map(([check]) => check));
  const elsewhere = [
    'decryption',
    'decrypted-assertion',
    'decrypted-ids',
    'claim-rules',
    'domain-key',
    'required-claims',
    'name-id-email',
    'foreign-domain',
  ];
  t.strictSame(
    checkNames.filter((name) => !broken.has(name) && !elsewhere.includes(name)),
    [],
  );
  t.equal(new Set(checkNames).size, checkNames.length, 'each name stands once');
  t.end();
});

t.test('a failed status is told in a plain sentence with the IdP’s own words on one line', async (t) => {
  const status =
    '<saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder">' +
    '<saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:RequestDenied"/></saml2p:StatusCode>' +
    '<saml2p:StatusMessage>AADSTS50105: &lt;b&gt;not\nassigned</saml2p:StatusMessage></saml2p:Status>';
  const edit: Edit = (xml) =>
    xml.replace(/<saml2p:Status>.*<\/saml2p:Status>/, status).replace(/<saml2:Assertion .*<\/saml2:Assertion>/, '');
  const error: unknown = await receive({ edit, signed: 'none' }).catch((thrown: unknown) => thrown);
  if (!(error instanceof GatewayError)) throw new Error('no refusal');
  t.equal(error.code, 'SAML_STATUS');
  t.equal(
    error.message,
    'The identity provider denied the request; the user may not be assigned to the application.',
    'for the log',
  );
  t.equal(error.quote, 'AADSTS50105: <b>not assigned');
  t.equal(
    error.withQuote,
    'The identity provider denied the request; the user may not be assigned to the application. It says: “AADSTS50105: <b>not assigned”',
  );
});

t.test('a store that answers with another request than was asked for is not believed', async (t) => {
  const another = testRequest({ id: '_another' });
  const context = testContext([], { findRequest: () => Promise.resolve(another) });
  const received = receiveResponse(await documentOf({}), testIdp(), testSp(), context);
  await t.rejects(received, { code: 'SAML_IN_RESPONSE_TO_UNKNOWN' });
});

t.test('what was seen is shown up to a length that a log line can bear', async (t) => {
  const seen = async (issuer: string) => {
    const edit = replace(/(<saml2:Issuer [^>]*>)[^<]*/, `$1${issuer}`);
    const error: unknown = await receive({ edit }).catch((thrown: unknown) => thrown);
    return error instanceof GatewayError ? error.evidence.seen : null;
  };
  t.equal(await seen('x'.repeat(300)), 'x'.repeat(300));
  t.equal(await seen('x'.repeat(301)), `${'x'.repeat(300)}…`);
});

t.test(
  'the replay key is that of issuer and assertion, and lasts as long as the assertion could be taken under any skew',
  async (t) => {
    const login = await receive({});
    t.equal(login.replayExpiresAt, NOW + 300_000 + 600_000);
    const other = await receive({ edit: inAssertion(/ ID="[^"]*"/, ' ID="another"') });
    t.not(other.replayKey, login.replayKey);
    const again = await receive({ edit: replace(/ ID="[^"]*"/, ' ID="another-response"') });
    t.equal(again.replayKey, login.replayKey);
  },
);
