import { rsaKeyPair } from '../support/pki.js';
import { IDP_ENTITY_ID, NOW, OUR_ACS, OUR_REQUEST, testRequest } from '../support/saml-parties.js';
import { at, inAssertion, replace, SKEW, type Refusal } from './attempt.js';

const LONG_ID = `_${'a'.repeat(256)}`;
const OTHER_KEY = rsaKeyPair(2048, 'another idp');

/** What a Response can have wrong, down to the signatures and the request that it answers. */
export const responseRefusals: readonly Refusal[] = [
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
  ['response-id', 'SAML_ID', 'no ID', { edit: replace(/ ID="[^"]*"/, ''), signed: 'assertion' }],
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
    'a request whose ID is longer than any of ours, though the store has it',
    {
      requests: [testRequest({ id: LONG_ID })],
      edit: (xml) => xml.replaceAll(`InResponseTo="${OUR_REQUEST}"`, `InResponseTo="${LONG_ID}"`),
    },
  ],
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
];
