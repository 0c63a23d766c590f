import { IDP_ENTITY_ID, OUR_ACS, OUR_SP_ENTITY_ID } from '../support/saml-parties.js';
import { at, inAssertion, MINUTES_5, SKEW, type Refusal } from './attempt.js';

const BEARER_DATA = /<saml2:SubjectConfirmationData [^>]*\/>/;

const ATTRIBUTE = '<saml2:Attribute Name="DomainKey"><saml2:AttributeValue>x</saml2:AttributeValue></saml2:Attribute>';
const STATEMENT = `<saml2:AttributeStatement>${ATTRIBUTE}</saml2:AttributeStatement>`;

/** What a verified assertion can have wrong. */
export const assertionRefusals: readonly Refusal[] = [
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
    'assertion-structure',
    'SAML_STRUCTURE',
    'a statement of an unknown type',
    { edit: inAssertion('<saml2:AttributeStatement>', '<saml2:Statement/><saml2:AttributeStatement>') },
  ],
  [
    'assertion-structure',
    'SAML_STRUCTURE',
    'an Advice of another namespace in the assertion',
    { edit: inAssertion('<saml2:AuthnStatement', '<Advice xmlns="urn:x"/><saml2:AuthnStatement') },
  ],
  [
    'assertion-structure',
    'SAML_STRUCTURE',
    'a Signature of another namespace in the assertion',
    { edit: inAssertion('<saml2:Subject>', '<Signature xmlns="urn:x"/><saml2:Subject>') },
  ],
  ...(
    [
      ['in another statement', '</saml2:AuthnContext>', `${ATTRIBUTE}</saml2:AuthnContext>`],
      ['right in another statement', '</saml2:AuthnStatement>', `${ATTRIBUTE}</saml2:AuthnStatement>`],
      ['in its statement in another one', '</saml2:AuthnStatement>', `${STATEMENT}</saml2:AuthnStatement>`],
      ['in its statement in its statement', '<saml2:AttributeStatement>', `<saml2:AttributeStatement>${STATEMENT}`],
      ['in an attribute', '</saml2:AttributeValue>', `${ATTRIBUTE}</saml2:AttributeValue>`],
      ['in Advice', '<saml2:AuthnStatement', `<saml2:Advice>${ATTRIBUTE}</saml2:Advice><saml2:AuthnStatement`],
      ['encrypted in an attribute', '</saml2:AttributeValue>', '<saml2:EncryptedAttribute/></saml2:AttributeValue>'],
    ] as const
  ).map(([where, from, to]): Refusal => [
    'assertion-structure',
    'SAML_STRUCTURE',
    `an attribute ${where}`,
    { edit: inAssertion(from, to) },
  ]),
  [
    'assertion-issue-instant',
    'SAML_NOT_YET_VALID',
    'an IssueInstant of the assertion one millisecond too late',
    { edit: inAssertion(/ IssueInstant="[^"]*"/, ` IssueInstant="${at(SKEW + 1)}"`) },
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
    'assertion-issuer',
    'SAML_ISSUER_MISMATCH',
    'an assertion without issuer',
    { edit: inAssertion(/<saml2:Issuer .*?<\/saml2:Issuer>/, '') },
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
    'times-readable',
    'SAML_TIME_INVALID',
    'two times of a confirmation that cannot be read',
    {
      edit: inAssertion(
        /<saml2:SubjectConfirmationData (.*?)NotOnOrAfter="[^"]*"/,
        '<saml2:SubjectConfirmationData $1 NotBefore="then" NotOnOrAfter="later"',
      ),
    },
  ],
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
    'subject-confirmation',
    'SAML_SUBJECT_CONFIRMATION',
    'a confirmation with data twice',
    { edit: inAssertion(/(<saml2:SubjectConfirmationData [^>]*\/>)/, '$1$1') },
  ],
  [
    'recipient',
    'SAML_RECIPIENT_MISMATCH',
    'another recipient',
    { edit: inAssertion(`Recipient="${OUR_ACS}"`, 'Recipient="https://other.example/acs"') },
  ],
  [
    'recipient',
    'SAML_RECIPIENT_MISMATCH',
    'a recipient that is none of two',
    {
      edit: inAssertion(`Recipient="${OUR_ACS}"`, 'Recipient="https://other.example/acs"'),
      idp: { expected: { audience: OUR_SP_ENTITY_ID, recipients: [OUR_ACS, 'urn:b'], destination: OUR_ACS } },
    },
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
    'condition-kinds',
    'SAML_CONDITION_UNKNOWN',
    'conditions of another namespace',
    { edit: inAssertion('</saml2:Conditions>', '<OneTimeUse xmlns="urn:x"/><x xmlns="urn:x"/></saml2:Conditions>') },
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
  ...['0', '-1', '+1', '1e3', ' 1', '', '1234567890'].map((count): Refusal => [
    'proxy-restriction',
    'SAML_PROXY_RESTRICTION',
    `a ProxyRestriction of ${JSON.stringify(count)}`,
    { edit: inAssertion('</saml2:Conditions>', `<saml2:ProxyRestriction Count="${count}"/></saml2:Conditions>`) },
  ]),
  [
    'proxy-restriction',
    'SAML_PROXY_RESTRICTION',
    'a second ProxyRestriction that leaves none',
    {
      edit: inAssertion(
        '</saml2:Conditions>',
        '<saml2:ProxyRestriction Count="1"/><saml2:ProxyRestriction Count="0"/></saml2:Conditions>',
      ),
    },
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
    'authn-instant',
    'SAML_NOT_YET_VALID',
    'an AuthnInstant one millisecond too late',
    { edit: inAssertion(/ AuthnInstant="[^"]*"/, ` AuthnInstant="${at(SKEW + 1)}"`) },
  ],
  [
    'authn-instant',
    'SAML_NOT_YET_VALID',
    'a second AuthnInstant too late',
    {
      edit: inAssertion(
        '<saml2:AuthnStatement',
        `<saml2:AuthnStatement AuthnInstant="${at(SKEW + 1)}"/><saml2:AuthnStatement`,
      ),
    },
  ],
  [
    'session-not-on-or-after',
    'SAML_SESSION_EXPIRED',
    'a session that ended one skew ago',
    { edit: inAssertion('<saml2:AuthnStatement', `<saml2:AuthnStatement SessionNotOnOrAfter="${at(-SKEW)}"`) },
  ],
  [
    'session-not-on-or-after',
    'SAML_SESSION_EXPIRED',
    'a second session that has ended',
    {
      edit: inAssertion(
        '<saml2:AuthnStatement',
        `<saml2:AuthnStatement AuthnInstant="${at(0)}" SessionNotOnOrAfter="${at(-SKEW)}"/><saml2:AuthnStatement`,
      ),
    },
  ],
  [
    'encrypted-attributes',
    'SAML_ENCRYPTED_ATTRIBUTE',
    'an encrypted attribute',
    { edit: inAssertion('</saml2:AttributeStatement>', '<saml2:EncryptedAttribute/></saml2:AttributeStatement>') },
  ],
];
