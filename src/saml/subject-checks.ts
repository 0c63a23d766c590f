import type { AssertionFacts, BearerConfirmation } from './assertion-facts.js';
import type { Check } from './checks.js';
import { shown, shownList, simpleText } from './read.js';
import { formatDateTime } from './time.js';
import type { IdentityProvider } from './types.js';

export interface AssertionSubject {
  readonly idp: IdentityProvider;
  readonly now: number;
  readonly assertion: AssertionFacts;
  /** The Audience under which the login goes on to the service provider. */
  readonly audienceOut: string;
  /** What the Response says that it answers; `null` where it says nothing. */
  readonly responseInResponseTo: string | null;
  readonly responseSigned: boolean;
  /** The request that is answered, whichever part says so. */
  readonly answered: string | null;
}

/** saml-profiles §4.1.4.2: data with NotOnOrAfter and without NotBefore. */
function hasForm(bearer: BearerConfirmation): boolean {
  return bearer.dataCount === 1 && bearer.notOnOrAfter.ms !== null && bearer.notBefore.text === null;
}

function wellFormed({ assertion }: AssertionSubject): BearerConfirmation[] {
  return assertion.bearers.filter(hasForm);
}

function addressedToUs(subject: AssertionSubject): BearerConfirmation[] {
  const { recipients } = subject.idp.expected;
  return wellFormed(subject).filter(({ recipient }) => recipient !== null && recipients.includes(recipient));
}

function unexpired(subject: AssertionSubject): BearerConfirmation[] {
  const floor = subject.now - subject.idp.clockSkewMs;
  return addressedToUs(subject).filter(({ notOnOrAfter }) => notOnOrAfter.ms !== null && notOnOrAfter.ms > floor);
}

/**
 * The confirmation that holds by every rule. Without a signature on the Response, what it says that it answers is
 * anybody's word: then the signed confirmation must say the same.
 */
export function confirmationThatHolds(subject: AssertionSubject): BearerConfirmation | null {
  const mayBeSilent = subject.responseInResponseTo === null || subject.responseSigned;
  const holds = ({ inResponseTo }: BearerConfirmation) =>
    inResponseTo === null ? mayBeSilent : inResponseTo === subject.answered;
  return unexpired(subject).find(holds) ?? null;
}

/** The text of the one NameID; empty where there is none that could name anybody. */
export function nameIdOf({ nameIds }: AssertionFacts): string {
  const [nameId, another] = nameIds;
  if (nameId === undefined || another !== undefined) return '';
  const text = simpleText(nameId) ?? '';
  return text.trim() === '' ? '' : text;
}

/** Subject and its confirmation (saml-profiles §4.1.4.2 and §4.1.4.3). */
export const subjectChecks: readonly Check<AssertionSubject>[] = [
  {
    name: 'encrypted-id',
    code: 'SAML_ENCRYPTED_ID',
    holds: ({ assertion }) => assertion.encryptedIds === 0,
    evidence: ({ assertion }) => ({ expected: 'no EncryptedID', seen: `${assertion.encryptedIds}` }),
  },
  {
    name: 'subject',
    code: 'SAML_SUBJECT',
    holds: ({ assertion }) => assertion.baseIds === 0 && nameIdOf(assertion) !== '',
    evidence: ({ assertion }) => ({
      expected: 'one non-empty NameID',
      // Not the value: evidence goes into logs, and this names a person.
      seen: `${assertion.nameIds.length} NameID, ${assertion.baseIds} BaseID, ${nameIdOf(assertion).length} characters`,
    }),
  },
  {
    name: 'subject-confirmation',
    code: 'SAML_SUBJECT_CONFIRMATION',
    holds: (subject) => wellFormed(subject).length > 0,
    evidence: (subject) => ({
      expected: 'a bearer confirmation with NotOnOrAfter and without NotBefore',
      seen: `${subject.assertion.bearers.length} bearer, ${wellFormed(subject).length} of that form`,
    }),
  },
  {
    name: 'recipient',
    code: 'SAML_RECIPIENT_MISMATCH',
    holds: (subject) => addressedToUs(subject).length > 0,
    evidence: (subject) => ({
      expected: subject.idp.expected.recipients.join(' or '),
      seen: shownList(subject.assertion.bearers.map(({ recipient }) => recipient)),
    }),
  },
  {
    name: 'confirmation-not-on-or-after',
    code: 'SAML_EXPIRED',
    holds: (subject) => unexpired(subject).length > 0,
    evidence: (subject) => ({
      expected: `after ${formatDateTime(subject.now - subject.idp.clockSkewMs)}`,
      seen: shownList(subject.assertion.bearers.map(({ notOnOrAfter }) => notOnOrAfter.text)),
    }),
  },
  {
    name: 'in-response-to-agreement',
    code: 'SAML_IN_RESPONSE_TO_MISMATCH',
    holds: (subject) => confirmationThatHolds(subject) !== null,
    evidence: (subject) => ({
      expected: shown(subject.answered),
      seen: shownList(subject.assertion.bearers.map(({ inResponseTo }) => inResponseTo)),
    }),
  },
];
