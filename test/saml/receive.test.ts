import t from 'tap';
import { checkNames, inspectResponse, receiveResponse, type IdentityProvider } from '../../src/saml/index.js';
import type { AuthnRequestRecord } from '../../src/saml/index.js';
import { GatewayError, type ErrorCode } from '../../src/shared/index.js';
import { rsaKeyPair } from '../support/pki.js';
import {
  IDP_ENTITY_ID,
  idpKeys,
  NOW,
  OUR_ACS,
  OUR_REQUEST,
  OUR_SP_ENTITY_ID,
  testContext,
  testIdp,
  testIssuing,
  testRequest,
  testResponse,
  testServices,
  testSp,
  ZIVVER_ENTITY_ID,
} from '../support/saml-parties.js';
import { signedResponse, type Sealing } from '../support/saml-response.js';

type Edit = (xml: string) => string;

interface Attempt {
  /** Changes the content before it is signed. */
  readonly edit?: Edit;
  /** Changes the finished document. */
  readonly tamper?: Edit;
  readonly unsolicited?: boolean;
  readonly signed?: Sealing['signed'];
  readonly idp?: Partial<IdentityProvider>;
  readonly requests?: readonly AuthnRequestRecord[];
  readonly now?: number;
}

async function documentOf({ edit, tamper, unsolicited = false, signed }: Attempt): Promise<Buffer> {
  const description = testResponse(unsolicited ? { inResponseTo: null } : {});
  const xml = await signedResponse(description, {
    key: idpKeys().signingKey(),
    ...(signed === undefined ? {} : { signed }),
    ...(edit === undefined ? {} : { edit: checked(edit) }),
  });
  return Buffer.from(tamper === undefined ? xml : checked(tamper)(xml));
}

/** An edit that changes nothing would test nothing. */
function checked(edit: Edit): Edit {
  return (xml) => {
    const edited = edit(xml);
    if (edited === xml) throw new Error('The edit found nothing to change.');
    return edited;
  };
}

async function receive(attempt: Attempt) {
  const context = testContext(attempt.requests, { now: attempt.now ?? NOW });
  return receiveResponse(await documentOf(attempt), testIdp(attempt.idp), testSp(), context);
}

async function failedChecks(attempt: Attempt): Promise<string[]> {
  const context = testContext(attempt.requests, { now: attempt.now ?? NOW });
  const parties = { idp: testIdp(attempt.idp), sp: testSp(), issuing: testIssuing() };
  const { checks } = await inspectResponse(await documentOf(attempt), parties, context, testServices());
  return checks.filter(({ result }) => result === 'fail').map(({ name }) => name);
}

const replace =
  (from: string | RegExp, to: string): Edit =>
  (xml) =>
    xml.replace(from, to);
const inAssertion =
  (from: string | RegExp, to: string): Edit =>
  (xml) => {
    const start = xml.indexOf('<saml2:Assertion ');
    return xml.slice(0, start) + xml.slice(start).replace(from, to);
  };

const OTHER_KEY = rsaKeyPair(2048, 'another idp');
const BEARER_DATA = /<saml2:SubjectConfirmationData [^>]*\/>/;
const SKEW = 180_000;
const at = (ms: number) => new Date(NOW + ms).toISOString();
const MINUTES_5 = at(300_000);

/** Each breaks one rule: the check's name, its code, and what was done. */
const refusals: readonly (readonly [check: string, code: ErrorCode, what: string, attempt: Attempt])[] = [
  ['xml', 'XML_MALFORMED', 'a document cut short', { tamper: (xml) => xml.slice(0, -5) }],
  [
    'xml',
    'XML_DUPLICATE_ID',
    'two elements with one ID',
    { tamper: inAssertion(/ ID="[^"]*"/, ' ID="id2128248929510670834559185"'), signed: 'none' },
  ],
  [
    'root',
    'SAML_ROOT',
    'another root',
    { edit: (xml) => xml.replaceAll('saml2p:Response', 'saml2p:ArtifactResponse') },
  ],
  ['root', 'SAML_ROOT', 'a root in another namespace', { edit: replace('SAML:2.0:protocol"', 'SAML:1.0:protocol"') }],
  ['version', 'SAML_VERSION', 'version 1.1', { edit: replace('Version="2.0"', 'Version="1.1"') }],
  ['response-id', 'SAML_ID', 'an empty ID', { edit: replace(/ ID="[^"]*"/, ' ID=""'), signed: 'assertion' }],
  ['structure', 'SAML_STRUCTURE', 'two Status', { edit: replace(/(<saml2p:Status>.*<\/saml2p:Status>)/, '$1$1') }],
  ['structure', 'SAML_STRUCTURE', 'no Status', { edit: replace(/<saml2p:Status>.*<\/saml2p:Status>/, '') }],
  [
    'structure',
    'SAML_STRUCTURE',
    'a stray element',
    { edit: replace('<saml2p:Status>', '<saml2p:Extra/><saml2p:Status>') },
  ],
  ['status', 'SAML_STATUS', 'another status', { edit: replace('status:Success', 'status:Responder') }],
  [
    'assertion-count',
    'SAML_ASSERTION_COUNT',
    'no assertion',
    { edit: replace(/<saml2:Assertion .*<\/saml2:Assertion>/, '') },
  ],
  [
    'assertion-count',
    'SAML_ASSERTION_COUNT',
    'two assertions',
    {
      edit: (xml) => {
        const [assertion = ''] = /<saml2:Assertion .*<\/saml2:Assertion>/.exec(xml) ?? [];
        return xml.replace(assertion, assertion + assertion.replace(/ ID="[^"]*"/, ' ID="second"'));
      },
    },
  ],
  [
    'assertion-count',
    'SAML_ASSERTION_COUNT',
    'an assertion in Advice',
    {
      edit: inAssertion(
        '<saml2:AuthnStatement',
        '<saml2:Advice><saml2:Assertion ID="advice" Version="2.0"/></saml2:Advice><saml2:AuthnStatement',
      ),
    },
  ],
  [
    'signature-placement',
    'SIGNATURE_MISPLACED',
    'a signature in Extensions',
    {
      tamper: replace(
        '<saml2p:Status>',
        '<saml2p:Extensions><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/></saml2p:Extensions><saml2p:Status>',
      ),
    },
  ],
  ['signature-present', 'SIGNATURE_MISSING', 'no signature', { signed: 'none' }],
  [
    'response-signature',
    'SIGNATURE_DIGEST_MISMATCH',
    'a name changed after signing',
    { tamper: replace('a.jansen@', 'b.jansen@'), signed: 'response' },
  ],
  [
    'response-signature',
    'SIGNATURE_INVALID',
    'the key of another IdP',
    { idp: { signingKeys: [OTHER_KEY.verificationKey()] } },
  ],
  [
    'assertion-signature',
    'SIGNATURE_DIGEST_MISMATCH',
    'a name changed under the assertion signature',
    { tamper: replace('a.jansen@', 'b.jansen@'), signed: 'assertion' },
  ],
  [
    'response-issuer',
    'SAML_ISSUER_MISMATCH',
    'another issuer of the Response',
    { edit: replace(IDP_ENTITY_ID, 'http://www.okta.com/other') },
  ],
  [
    'destination',
    'SAML_DESTINATION_MISMATCH',
    'another destination',
    { edit: replace(`Destination="${OUR_ACS}"`, 'Destination="https://sso.example.org/other"') },
  ],
  [
    'destination',
    'SAML_DESTINATION_MISMATCH',
    'a signed Response without destination',
    { edit: replace(`Destination="${OUR_ACS}"`, '') },
  ],
  [
    'response-issue-instant-readable',
    'SAML_TIME_INVALID',
    'no IssueInstant',
    { edit: replace(/ IssueInstant="[^"]*"/, '') },
  ],
  [
    'response-issue-instant',
    'SAML_RESPONSE_IN_FUTURE',
    'an IssueInstant one millisecond too late',
    { edit: replace(/IssueInstant="[^"]*"/, `IssueInstant="${at(SKEW + 1)}"`) },
  ],
  ['unsolicited', 'SAML_UNSOLICITED_REFUSED', 'an unsolicited response', { unsolicited: true }],
  ['in-response-to', 'SAML_IN_RESPONSE_TO_UNKNOWN', 'a request that we do not know', { requests: [] }],
  [
    'in-response-to',
    'SAML_IN_RESPONSE_TO_UNKNOWN',
    'a request that was sent to another IdP',
    { requests: [testRequest({ idp: 'entra' })] },
  ],
  [
    'in-response-to',
    'SAML_IN_RESPONSE_TO_UNKNOWN',
    'a request that expires at this millisecond',
    { requests: [testRequest({ expiresAt: NOW })] },
  ],
  [
    'in-response-to',
    'SAML_IN_RESPONSE_TO_UNKNOWN',
    'an unknown request, though unsolicited ones are allowed',
    { requests: [], idp: { unsolicited: true } },
  ],
  [
    'in-response-to',
    'SAML_IN_RESPONSE_TO_UNKNOWN',
    'an unknown request that only the assertion names',
    { requests: [], idp: { unsolicited: true }, edit: replace(` InResponseTo="${OUR_REQUEST}"`, '') },
  ],
  [
    'in-response-to-agreement',
    'SAML_IN_RESPONSE_TO_MISMATCH',
    'an assertion for another request',
    { edit: inAssertion(OUR_REQUEST, '_other') },
  ],
  [
    'in-response-to-agreement',
    'SAML_IN_RESPONSE_TO_MISMATCH',
    'a request that only an unsigned Response names',
    { edit: inAssertion(` InResponseTo="${OUR_REQUEST}"`, ''), signed: 'assertion', idp: { unsolicited: true } },
  ],
  [
    'assertion-version',
    'SAML_VERSION',
    'an assertion of version 1.1',
    { edit: inAssertion('Version="2.0"', 'Version="1.1"') },
  ],
  ['assertion-id', 'SAML_ID', 'an assertion without ID', { edit: inAssertion(/ ID="[^"]*"/, ''), signed: 'response' }],
  [
    'assertion-structure',
    'SAML_STRUCTURE',
    'two Subjects',
    { edit: inAssertion(/(<saml2:Subject>.*<\/saml2:Subject>)/, '$1$1') },
  ],
  [
    'assertion-structure',
    'SAML_STRUCTURE',
    'a foreign element in the assertion',
    { edit: inAssertion('<saml2:Subject>', '<x xmlns="urn:x"/><saml2:Subject>') },
  ],
  [
    'assertion-structure',
    'SAML_STRUCTURE',
    'an unknown element in the assertion',
    { edit: inAssertion('<saml2:Subject>', '<saml2:Other/><saml2:Subject>') },
  ],
  [
    'assertion-issuer',
    'SAML_ISSUER_MISMATCH',
    'another issuer of the assertion',
    { edit: inAssertion(IDP_ENTITY_ID, 'http://www.okta.com/other') },
  ],
  [
    'assertion-issuer',
    'SAML_ISSUER_MISMATCH',
    'an issuer in pieces',
    { edit: inAssertion(IDP_ENTITY_ID, `${IDP_ENTITY_ID}<x/>`) },
  ],
  [
    'times-readable',
    'SAML_TIME_INVALID',
    'an assertion without IssueInstant',
    { edit: inAssertion(/ IssueInstant="[^"]*"/, '') },
  ],
  [
    'times-readable',
    'SAML_TIME_INVALID',
    'no NotOnOrAfter in Conditions',
    { edit: inAssertion(/(<saml2:Conditions NotBefore="[^"]*") NotOnOrAfter="[^"]*"/, '$1') },
  ],
  [
    'times-readable',
    'SAML_TIME_INVALID',
    'no NotBefore in Conditions',
    { edit: inAssertion(/<saml2:Conditions NotBefore="[^"]*"/, '<saml2:Conditions') },
  ],
  [
    'times-readable',
    'SAML_TIME_INVALID',
    'a time with an offset',
    { edit: inAssertion(/NotBefore="[^"]*"/, 'NotBefore="2026-03-01T12:00:00+00:00"') },
  ],
  [
    'times-readable',
    'SAML_TIME_INVALID',
    'an unreadable SessionNotOnOrAfter',
    { edit: inAssertion('<saml2:AuthnStatement', '<saml2:AuthnStatement SessionNotOnOrAfter="never"') },
  ],
  ['times-readable', 'SAML_TIME_INVALID', 'no AuthnInstant', { edit: inAssertion(/ AuthnInstant="[^"]*"/, '') }],
  [
    'encrypted-id',
    'SAML_ENCRYPTED_ID',
    'an EncryptedID',
    { edit: inAssertion(/<saml2:NameID.*<\/saml2:NameID>/, '<saml2:EncryptedID/>') },
  ],
  ['subject', 'SAML_SUBJECT', 'an empty NameID', { edit: inAssertion('a.jansen@example.org', ' ') }],
  ['subject', 'SAML_SUBJECT', 'no Subject', { edit: inAssertion(/<saml2:Subject>.*<\/saml2:Subject>/, '') }],
  ['subject', 'SAML_SUBJECT', 'two NameIDs', { edit: inAssertion(/(<saml2:NameID.*<\/saml2:NameID>)/, '$1$1') }],
  [
    'subject',
    'SAML_SUBJECT',
    'a NameID with an element inside',
    { edit: inAssertion('a.jansen@example.org', 'a.jansen@example.org<x/>.evil') },
  ],
  ['subject', 'SAML_SUBJECT', 'a BaseID', { edit: inAssertion('<saml2:NameID', '<saml2:BaseID/><saml2:NameID') }],
  [
    'subject-confirmation',
    'SAML_SUBJECT_CONFIRMATION',
    'no bearer confirmation',
    { edit: inAssertion('cm:bearer', 'cm:holder-of-key') },
  ],
  [
    'subject-confirmation',
    'SAML_SUBJECT_CONFIRMATION',
    'a confirmation with NotBefore',
    { edit: inAssertion('<saml2:SubjectConfirmationData', `<saml2:SubjectConfirmationData NotBefore="${at(-1000)}"`) },
  ],
  [
    'subject-confirmation',
    'SAML_SUBJECT_CONFIRMATION',
    'a confirmation without NotOnOrAfter',
    { edit: inAssertion(/(<saml2:SubjectConfirmationData [^>]*) NotOnOrAfter="[^"]*"/, '$1') },
  ],
  [
    'subject-confirmation',
    'SAML_SUBJECT_CONFIRMATION',
    'a confirmation without data',
    { edit: inAssertion(BEARER_DATA, '') },
  ],
  [
    'recipient',
    'SAML_RECIPIENT_MISMATCH',
    'another recipient',
    { edit: inAssertion(`Recipient="${OUR_ACS}"`, 'Recipient="https://other.example/acs"') },
  ],
  ['recipient', 'SAML_RECIPIENT_MISMATCH', 'no recipient', { edit: inAssertion(`Recipient="${OUR_ACS}"`, '') }],
  [
    'confirmation-not-on-or-after',
    'SAML_EXPIRED',
    'a confirmation that ended one skew ago',
    { edit: inAssertion(`NotOnOrAfter="${MINUTES_5}" Recipient`, `NotOnOrAfter="${at(-SKEW)}" Recipient`) },
  ],
  [
    'conditions',
    'SAML_CONDITIONS_MISSING',
    'no Conditions',
    { edit: inAssertion(/<saml2:Conditions .*<\/saml2:Conditions>/, '') },
  ],
  [
    'condition-kinds',
    'SAML_CONDITION_UNKNOWN',
    'an unknown condition',
    { edit: inAssertion('</saml2:Conditions>', '<saml2:Condition/></saml2:Conditions>') },
  ],
  [
    'not-before',
    'SAML_NOT_YET_VALID',
    'a NotBefore one millisecond too late',
    { edit: inAssertion(/NotBefore="[^"]*"/, `NotBefore="${at(SKEW + 1)}"`) },
  ],
  [
    'not-on-or-after',
    'SAML_EXPIRED',
    'Conditions that ended one skew ago',
    { edit: inAssertion(/(<saml2:Conditions .*)NotOnOrAfter="[^"]*"/, `$1NotOnOrAfter="${at(-SKEW)}"`) },
  ],
  [
    'audience',
    'SAML_AUDIENCE_MISMATCH',
    'another audience',
    { edit: inAssertion(`>${OUR_SP_ENTITY_ID}<`, '>https://other.example<') },
  ],
  [
    'audience',
    'SAML_AUDIENCE_MISMATCH',
    'no AudienceRestriction',
    { edit: inAssertion(/<saml2:AudienceRestriction>.*<\/saml2:AudienceRestriction>/, '') },
  ],
  [
    'audience',
    'SAML_AUDIENCE_MISMATCH',
    'a second AudienceRestriction without us',
    {
      edit: inAssertion(
        '</saml2:Conditions>',
        '<saml2:AudienceRestriction><saml2:Audience>x</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>',
      ),
    },
  ],
  [
    'proxy-restriction',
    'SAML_PROXY_RESTRICTION',
    'a ProxyRestriction of 0',
    { edit: inAssertion('</saml2:Conditions>', '<saml2:ProxyRestriction Count="0"/></saml2:Conditions>') },
  ],
  [
    'proxy-restriction',
    'SAML_PROXY_RESTRICTION',
    'a ProxyRestriction of -1',
    { edit: inAssertion('</saml2:Conditions>', '<saml2:ProxyRestriction Count="-1"/></saml2:Conditions>') },
  ],
  [
    'proxy-restriction',
    'SAML_PROXY_RESTRICTION',
    'a ProxyRestriction to others',
    {
      edit: inAssertion(
        '</saml2:Conditions>',
        '<saml2:ProxyRestriction><saml2:Audience>x</saml2:Audience></saml2:ProxyRestriction></saml2:Conditions>',
      ),
    },
  ],
  [
    'authn-statement',
    'SAML_AUTHN_STATEMENT_MISSING',
    'no AuthnStatement',
    { edit: inAssertion(/<saml2:AuthnStatement .*<\/saml2:AuthnStatement>/, '') },
  ],
  [
    'session-not-on-or-after',
    'SAML_SESSION_EXPIRED',
    'a session that ended one skew ago',
    { edit: inAssertion('<saml2:AuthnStatement', `<saml2:AuthnStatement SessionNotOnOrAfter="${at(-SKEW)}"`) },
  ],
  [
    'encrypted-attributes',
    'SAML_ENCRYPTED_ATTRIBUTE',
    'an encrypted attribute',
    { edit: inAssertion('</saml2:AttributeStatement>', '<saml2:EncryptedAttribute/></saml2:AttributeStatement>') },
  ],
];

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
    'The identity provider denied the request; the user may not be assigned to the application. It says: “AADSTS50105: <b>not assigned”',
  );
});

t.test(
  'the replay key is that of issuer and assertion, and lasts as long as the assertion could be taken',
  async (t) => {
    const login = await receive({});
    t.equal(login.replayExpiresAt, NOW + 300_000 + SKEW);
    const other = await receive({ edit: inAssertion(/ ID="[^"]*"/, ' ID="another"') });
    t.not(other.replayKey, login.replayKey);
    const again = await receive({ edit: replace(/ ID="[^"]*"/, ' ID="another-response"') });
    t.equal(again.replayKey, login.replayKey);
  },
);
