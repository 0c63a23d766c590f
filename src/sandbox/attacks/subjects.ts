import { familyOf, type Attack, type GoodResponse, type Row } from './attack.js';
import { EVIL_NAME_ID, saml } from './evil-parts.js';
import { after, append, before, prepend, remove, replace, setAttribute, setContent, textOf } from './markup.js';
import { said } from './signature.js';

const SUBJECT = 'Assertion/Subject';
const CONFIRMATION = `${SUBJECT}/SubjectConfirmation`;
const DATA = `${CONFIRMATION}/SubjectConfirmationData`;
const CONDITIONS = 'Assertion/Conditions';
const STATEMENT = 'Assertion/AttributeStatement';
const METHODS = 'urn:oasis:names:tc:SAML:2.0:cm:';

function row(name: string, outcome: Attack['outcome'], edit: (xml: string, good: GoodResponse) => string): Row {
  return [name, outcome, (good) => said(good, (xml) => edit(xml, good))];
}

const confirmation = (good: GoodResponse, method: string, data: string) =>
  saml(good, 'SubjectConfirmation', saml(good, 'SubjectConfirmationData', '', data), `Method="${method}"`);
const later = ({ facts: { now } }: GoodResponse) => new Date(now + 300_000).toISOString();

/** Who is confirmed, and how; the content is signed so. */
export const subjects: readonly Attack[] = familyOf('subject', [
  row('holder-of-key', 'SAML_SUBJECT_CONFIRMATION', (xml) =>
    setAttribute(xml, CONFIRMATION, 'Method', `${METHODS}holder-of-key`),
  ),
  row('sender-vouches', 'SAML_SUBJECT_CONFIRMATION', (xml) =>
    setAttribute(xml, CONFIRMATION, 'Method', `${METHODS}sender-vouches`),
  ),
  row('the method of SAML 1', 'SAML_SUBJECT_CONFIRMATION', (xml) =>
    setAttribute(xml, CONFIRMATION, 'Method', 'urn:oasis:names:tc:SAML:1.0:cm:bearer'),
  ),
  row('bearer in another case', 'SAML_SUBJECT_CONFIRMATION', (xml) =>
    setAttribute(xml, CONFIRMATION, 'Method', `${METHODS}Bearer`),
  ),
  row('bearer with white space', 'SAML_SUBJECT_CONFIRMATION', (xml) =>
    setAttribute(xml, CONFIRMATION, 'Method', `${METHODS}bearer `),
  ),
  row('no method', 'SAML_SUBJECT_CONFIRMATION', (xml) => setAttribute(xml, CONFIRMATION, 'Method', null)),
  row('no confirmation', 'SAML_SUBJECT_CONFIRMATION', (xml) => remove(xml, CONFIRMATION)),
  row('no confirmation data', 'SAML_SUBJECT_CONFIRMATION', (xml) => remove(xml, DATA)),
  row('two confirmation data', 'SAML_SUBJECT_CONFIRMATION', (xml) => after(xml, DATA, textOf(xml, DATA))),
  row(
    'a holder-of-key confirmation with our recipient beside a bearer one for another',
    'SAML_RECIPIENT_MISMATCH',
    (xml, good) =>
      after(
        setAttribute(xml, DATA, 'Recipient', 'https://other.example/acs'),
        CONFIRMATION,
        confirmation(good, `${METHODS}holder-of-key`, `NotOnOrAfter="${later(good)}" Recipient="${good.facts.acs}"`),
      ),
  ),
  row('one bearer in time for another, one for us that is over', 'SAML_EXPIRED', (xml, good) =>
    after(
      setAttribute(xml, DATA, 'Recipient', 'https://other.example/acs'),
      CONFIRMATION,
      confirmation(
        good,
        `${METHODS}bearer`,
        `InResponseTo="${good.facts.request}" NotOnOrAfter="2020-01-01T00:00:00Z" Recipient="${good.facts.acs}"`,
      ),
    ),
  ),
  row('one bearer for us with NotBefore, one without for another', 'SAML_RECIPIENT_MISMATCH', (xml, good) =>
    after(
      setAttribute(xml, DATA, 'NotBefore', '2020-01-01T00:00:00Z'),
      CONFIRMATION,
      confirmation(good, `${METHODS}bearer`, `NotOnOrAfter="${later(good)}" Recipient="https://other.example/acs"`),
    ),
  ),
  row('a bearer confirmation that holds behind one that does not', 'same', (xml, good) =>
    before(xml, CONFIRMATION, confirmation(good, `${METHODS}sender-vouches`, `Recipient="${good.facts.acs}"`)),
  ),
  row('no Subject', 'SAML_SUBJECT', (xml) => remove(xml, SUBJECT)),
  row('two Subjects', 'SAML_STRUCTURE', (xml) => after(xml, SUBJECT, textOf(xml, SUBJECT))),
  row('no NameID', 'SAML_SUBJECT', (xml) => remove(xml, `${SUBJECT}/NameID`)),
  row('an empty NameID', 'SAML_SUBJECT', (xml) => setContent(xml, `${SUBJECT}/NameID`, '')),
  row('a NameID of white space', 'SAML_SUBJECT', (xml) => setContent(xml, `${SUBJECT}/NameID`, ' \n')),
  row('two NameIDs', 'SAML_SUBJECT', (xml) =>
    after(xml, `${SUBJECT}/NameID`, setContent(textOf(xml, `${SUBJECT}/NameID`), 'NameID', EVIL_NAME_ID)),
  ),
  row('a BaseID', 'SAML_SUBJECT', (xml, good) => before(xml, `${SUBJECT}/NameID`, saml(good, 'BaseID'))),
  row('an EncryptedID in the place of NameID', 'SAML_ENCRYPTED_ID', (xml, good) =>
    replace(xml, `${SUBJECT}/NameID`, () => saml(good, 'EncryptedID')),
  ),
  row('an EncryptedID beside NameID', 'SAML_ENCRYPTED_ID', (xml, good) =>
    before(xml, `${SUBJECT}/NameID`, saml(good, 'EncryptedID')),
  ),
  row('an encrypted attribute', 'SAML_ENCRYPTED_ATTRIBUTE', (xml, good) =>
    prepend(xml, STATEMENT, saml(good, 'EncryptedAttribute')),
  ),
  row('the NameID beside the Subject', 'SAML_STRUCTURE', (xml) =>
    after(xml, SUBJECT, textOf(xml, `${SUBJECT}/NameID`)),
  ),
  row('no AuthnStatement', 'SAML_AUTHN_STATEMENT_MISSING', (xml) => remove(xml, 'Assertion/AuthnStatement')),
  row('an unknown statement', 'SAML_STRUCTURE', (xml, good) => append(xml, 'Assertion', saml(good, 'EvilStatement'))),
  row('a foreign element in the assertion', 'SAML_STRUCTURE', (xml) =>
    append(xml, 'Assertion', '<x:x xmlns:x="urn:x"></x:x>'),
  ),
  row('a NameID that is no address', 'NAME_ID_NOT_EMAIL', (xml) => setContent(xml, `${SUBJECT}/NameID`, 'director')),
  row('a NameID with a line break', 'NAME_ID_NOT_EMAIL', (xml) =>
    setContent(xml, `${SUBJECT}/NameID`, 'a@example.org\nb@example.org'),
  ),
  row('a NameID with a zero width space', 'NAME_ID_NOT_EMAIL', (xml) =>
    setContent(xml, `${SUBJECT}/NameID`, 'a\u200b@example.org'),
  ),
  row('a NameID that is shown from right to left', 'NAME_ID_NOT_EMAIL', (xml) =>
    setContent(xml, `${SUBJECT}/NameID`, '\u202egro.elpmaxe@a.nl'),
  ),
  row('a NameID with two at signs', 'NAME_ID_NOT_EMAIL', (xml) =>
    setContent(xml, `${SUBJECT}/NameID`, 'a@evil.example@example.org'),
  ),
  row('a NameID with a display name', 'NAME_ID_NOT_EMAIL', (xml) =>
    setContent(xml, `${SUBJECT}/NameID`, 'A &lt;a@example.org&gt;'),
  ),
  row('no account key', 'CLAIM_REQUIRED', (xml) => remove(xml, STATEMENT)),
]);

/** Conditions that we must obey, or must not ignore. */
export const conditions: readonly Attack[] = familyOf('condition', [
  row('no Conditions', 'SAML_CONDITIONS_MISSING', (xml) => remove(xml, CONDITIONS)),
  row('two Conditions', 'SAML_STRUCTURE', (xml) => after(xml, CONDITIONS, textOf(xml, CONDITIONS))),
  row('an abstract Condition', 'SAML_CONDITION_UNKNOWN', (xml, good) =>
    append(xml, CONDITIONS, saml(good, 'Condition')),
  ),
  row('an unknown condition', 'SAML_CONDITION_UNKNOWN', (xml, good) =>
    append(xml, CONDITIONS, saml(good, 'NotOnSundays')),
  ),
  row('a condition of another namespace', 'SAML_CONDITION_UNKNOWN', (xml) =>
    append(xml, CONDITIONS, '<x:OneTimeUse xmlns:x="urn:x"></x:OneTimeUse>'),
  ),
  row('a condition in SAML 1', 'SAML_CONDITION_UNKNOWN', (xml) =>
    append(
      xml,
      CONDITIONS,
      '<x:DoNotCacheCondition xmlns:x="urn:oasis:names:tc:SAML:1.0:assertion"></x:DoNotCacheCondition>',
    ),
  ),
  row('OneTimeUse, which the replay rule covers', 'same', (xml, good) =>
    append(xml, CONDITIONS, saml(good, 'OneTimeUse')),
  ),
  ...(['0', '-1', '00', '1.5', '1e3', '0x1', ' 1', 'many', '', '9999999999'] as const).map((count) =>
    row(`a ProxyRestriction of ${JSON.stringify(count)}`, 'SAML_PROXY_RESTRICTION', (xml, good) =>
      append(xml, CONDITIONS, saml(good, 'ProxyRestriction', '', `Count="${count}"`)),
    ),
  ),
  row('a ProxyRestriction of 1', 'same', (xml, good) =>
    append(xml, CONDITIONS, saml(good, 'ProxyRestriction', '', 'Count="1"')),
  ),
  row('a ProxyRestriction to others', 'SAML_PROXY_RESTRICTION', (xml, good) =>
    append(xml, CONDITIONS, saml(good, 'ProxyRestriction', saml(good, 'Audience', 'https://other.example'))),
  ),
  row('a ProxyRestriction to nobody', 'SAML_PROXY_RESTRICTION', (xml, good) =>
    append(xml, CONDITIONS, saml(good, 'ProxyRestriction', saml(good, 'Audience'))),
  ),
  row('a ProxyRestriction to the service provider in capitals', 'SAML_PROXY_RESTRICTION', (xml, good) =>
    append(
      xml,
      CONDITIONS,
      saml(good, 'ProxyRestriction', saml(good, 'Audience', good.facts.spEntityId.toUpperCase())),
    ),
  ),
  row('two ProxyRestrictions, one of which forbids', 'SAML_PROXY_RESTRICTION', (xml, good) =>
    append(
      xml,
      CONDITIONS,
      saml(good, 'ProxyRestriction', '', 'Count="1"') + saml(good, 'ProxyRestriction', '', 'Count="0"'),
    ),
  ),
]);
