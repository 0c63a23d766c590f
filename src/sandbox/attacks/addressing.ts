import { familyOf, type Attack, type GoodResponse, type Outcome, type Row } from './attack.js';
import { saml } from './evil-parts.js';
import { after, append, before, remove, replace, setAttribute, setContent, swap, textOf } from './markup.js';
import { said } from './signature.js';

type AddressFact = 'acs' | 'audience' | 'issuer';

/** Values that a careless comparison takes for the expected one. */
const LOOKALIKES: readonly (readonly [string, (value: string) => string])[] = [
  ['with a suffix', (value) => `${value}.evil.example`],
  ['with a slash behind', (value) => `${value}/`],
  ['with a query', (value) => `${value}?x=1`],
  ['with a fragment', (value) => `${value}#x`],
  ['with a prefix', (value) => `https://evil.example/${value}`],
  ['cut short', (value) => value.slice(0, -1)],
  ['in capitals', (value) => value.toUpperCase()],
  ['over http', (value) => value.replace(/^https?:/, (scheme) => (scheme === 'http:' ? 'https:' : 'http:'))],
  ['with a port', (value) => value.replace(/^(https?:\/\/[^/]*)/, '$1:443')],
  ['with user information', (value) => value.replace('://', '://user@')],
  ['with a dot segment', (value) => value.replace(/\/([^/]*)$/, '/./$1')],
  [
    'percent-encoded',
    (value) => value.replace(/[a-z](?=[^a-z]*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  ],
  ['with a Cyrillic letter', (value) => value.replace('o', '\u043e')],
  ['with a zero width space', (value) => `${value}\u200b`],
  ['with a next-line character', (value) => `${value}\u0085`],
  ['as a pattern', () => '*'],
  ['empty', () => ''],
  ['doubled', (value) => `${value} ${value}`],
];

function attribute(what: string, path: string, name: string, outcome: Outcome, key: AddressFact): readonly Row[] {
  return [...LOOKALIKES, ['with white space around', (value: string) => ` ${value} `] as const].map(([how, change]) => [
    `${what} ${how}`,
    outcome,
    (good) => said(good, (xml) => setAttribute(xml, path, name, change(good.facts[key]))),
  ]);
}

function content(
  what: string,
  path: string,
  outcome: Outcome,
  key: AddressFact,
  more: typeof LOOKALIKES = [],
): readonly Row[] {
  return [...LOOKALIKES, ...more].map(([how, change]) => [
    `${what} ${how}`,
    outcome,
    (good) => said(good, (xml) => setContent(xml, path, change(good.facts[key]))),
  ]);
}

const padded = [['with white space around', (value: string) => ` ${value} `]] as const;
const DATA = 'Assertion/Subject/SubjectConfirmation/SubjectConfirmationData';
const AUDIENCES = 'Assertion/Conditions/AudienceRestriction';

const restriction = (good: GoodResponse, ...audiences: readonly string[]) =>
  saml(good, 'AudienceRestriction', audiences.map((audience) => saml(good, 'Audience', audience)).join(''));

const signedResponse = ({ signed }: GoodResponse) => signed !== 'assertion';

/** From whom to whom: issuer, audience, recipient, destination, and the request that is answered. */
export const addressing: readonly Attack[] = familyOf('addressing', [
  ...attribute('Destination', 'Response', 'Destination', 'SAML_DESTINATION_MISMATCH', 'acs'),
  ...attribute('Recipient', DATA, 'Recipient', 'SAML_RECIPIENT_MISMATCH', 'acs'),
  ...content('Audience', `${AUDIENCES}/Audience`, 'SAML_AUDIENCE_MISMATCH', 'audience'),
  ...content('Issuer of the assertion', 'Assertion/Issuer', 'SAML_ISSUER_MISMATCH', 'issuer', padded),
  ...content('Issuer of the Response', 'Response/Issuer', 'SAML_ISSUER_MISMATCH', 'issuer', padded),
  [
    'Audience with white space around, which the schema takes away',
    'same',
    (good) => said(good, (xml) => setContent(xml, `${AUDIENCES}/Audience`, ` ${good.facts.audience}\n`)),
  ],
  [
    'no Destination',
    (good) => (signedResponse(good) ? 'SAML_DESTINATION_MISMATCH' : 'same'),
    (good) => said(good, (xml) => setAttribute(xml, 'Response', 'Destination', null)),
  ],
  [
    'no Recipient',
    'SAML_RECIPIENT_MISMATCH',
    (good) => said(good, (xml) => setAttribute(xml, DATA, 'Recipient', null)),
  ],
  ['no AudienceRestriction', 'SAML_AUDIENCE_MISMATCH', (good) => said(good, (xml) => remove(xml, AUDIENCES))],
  [
    'an empty AudienceRestriction',
    'SAML_AUDIENCE_MISMATCH',
    (good) => said(good, (xml) => setContent(xml, AUDIENCES, '')),
  ],
  [
    'the audience in an element inside Audience',
    'SAML_AUDIENCE_MISMATCH',
    (good) =>
      said(good, (xml) =>
        setContent(xml, `${AUDIENCES}/Audience`, `<x:x xmlns:x="urn:x">${good.facts.audience}</x:x>`),
      ),
  ],
  [
    'a second AudienceRestriction for another',
    'SAML_AUDIENCE_MISMATCH',
    (good) => said(good, (xml) => after(xml, AUDIENCES, restriction(good, 'https://other.example'))),
  ],
  [
    'a first AudienceRestriction for another',
    'SAML_AUDIENCE_MISMATCH',
    (good) => said(good, (xml) => before(xml, AUDIENCES, restriction(good, 'https://other.example'))),
  ],
  [
    'a second AudienceRestriction that is empty',
    'SAML_AUDIENCE_MISMATCH',
    (good) => said(good, (xml) => after(xml, AUDIENCES, restriction(good))),
  ],
  [
    'our audience beside another in one restriction',
    'same',
    (good) =>
      said(good, (xml) =>
        replace(xml, AUDIENCES, () => restriction(good, 'https://other.example', good.facts.audience)),
      ),
  ],
  [
    'the audience in the place of AudienceRestriction',
    'SAML_CONDITION_UNKNOWN',
    (good) => said(good, (xml) => replace(xml, AUDIENCES, (old) => textOf(old, 'Audience'))),
  ],
  [
    'an empty Issuer of the assertion, nothing else',
    'SAML_ISSUER_MISMATCH',
    (good) => said(good, (xml) => setContent(xml, 'Assertion/Issuer', '')),
  ],
  [
    'two Issuers in the assertion',
    'SAML_STRUCTURE',
    (good) => said(good, (xml) => append(xml, 'Assertion', textOf(xml, 'Assertion/Issuer'))),
  ],
  [
    'two Issuers in the Response',
    'SAML_STRUCTURE',
    (good) => said(good, (xml) => before(xml, 'Response/Status', textOf(xml, 'Response/Issuer'))),
  ],
  [
    'no Issuer in the Response',
    'same',
    (good) => remove(good.xml, 'Response/Issuer'),
    { applies: (good) => !signedResponse(good) },
  ],
  [
    'an Issuer in pieces',
    'SAML_ISSUER_MISMATCH',
    (good) => said(good, (xml) => append(xml, 'Assertion/Issuer', '<x:x xmlns:x="urn:x"></x:x>')),
  ],
  [
    'an answer to a request that we did not send',
    'SAML_IN_RESPONSE_TO_UNKNOWN',
    (good) => said(good, (xml) => swap(xml, new RegExp(good.facts.request, 'g'), '_evil-request')),
  ],
  [
    'an answer to a request in another case',
    'SAML_IN_RESPONSE_TO_UNKNOWN',
    (good) => said(good, (xml) => swap(xml, new RegExp(good.facts.request, 'g'), good.facts.request.toUpperCase())),
  ],
  [
    'an assertion for the request of another browser',
    'SAML_IN_RESPONSE_TO_MISMATCH',
    (good) => said(good, (xml) => setAttribute(xml, DATA, 'InResponseTo', '_other-request')),
  ],
  [
    'an empty InResponseTo',
    'SAML_IN_RESPONSE_TO_UNKNOWN',
    (good) => said(good, (xml) => setAttribute(xml, 'Response', 'InResponseTo', '')),
  ],
  ['an unsolicited response', 'SAML_UNSOLICITED_REFUSED', (good) => said(good, unsolicited)],
  [
    'a stolen assertion put into an unsigned answer to our request',
    'SAML_IN_RESPONSE_TO_MISMATCH',
    (good) => setAttribute(said(good, unsolicited), 'Response', 'InResponseTo', good.facts.request),
    { applies: (good) => !signedResponse(good), setting: 'unsolicited-allowed' },
  ],
]);

function unsolicited(xml: string): string {
  return setAttribute(setAttribute(xml, 'Response', 'InResponseTo', null), DATA, 'InResponseTo', null);
}
