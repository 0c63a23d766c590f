import { describeAttribute, attributeName } from './attributes.js';
import type { Check } from './checks.js';
import { hasPlainValues, type Claims } from './claims.js';
import { simpleText } from './read.js';
import type { RequiredClaims } from './types.js';

export interface ClaimSubject {
  readonly required: RequiredClaims;
  readonly claims: Claims;
  /** Domains of other organisations, in lower case. */
  readonly foreignDomains: readonly string[];
}

// RFC 5321 §4.5.3.1 bounds an address at 64 + 1 + 255 octets; the shape is all that can be told from outside.
const LONGEST_ADDRESS = 320;
const EMAIL_SHAPE = /^[^\s@<>"]+@[^\s@<>".]+(?:\.[^\s@<>".]+)+$/;
/** What is not seen, or has the rest be seen in another order: two such addresses look alike and are not. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

export function isEmailShaped(text: string): boolean {
  return text.length <= LONGEST_ADDRESS && EMAIL_SHAPE.test(text) && !INVISIBLE.test(text);
}

function valuesOf({ attributes }: Claims, name: string): string[] {
  return attributes.filter((each) => attributeName(each) === name).flatMap((each) => describeAttribute(each).values);
}

function isPresent(claims: Claims, name: string): boolean {
  const named = claims.attributes.filter((each) => attributeName(each) === name);
  const [value = '', another] = valuesOf(claims, name);
  // Of a value with elements in it, one reader takes all the text, and another one only the first piece.
  return value.trim() !== '' && another === undefined && named.every(hasPlainValues);
}

function missing({ required, claims }: ClaimSubject): string[] {
  return required.attributes.filter((name) => !isPresent(claims, name));
}

function nameIdText({ claims }: ClaimSubject): string {
  return simpleText(claims.nameId) ?? '';
}

/** Of an address what follows its last `@`, and of anything else the whole; in lower case. */
function domain(subject: ClaimSubject): string {
  const text = nameIdText(subject);
  return text.slice(text.lastIndexOf('@') + 1).toLowerCase();
}

/** What the service provider cannot do without, and what it must not be told, after the claim rules. No value is shown: some are credentials. */
export const claimChecks: readonly Check<ClaimSubject>[] = [
  {
    name: 'required-claims',
    code: 'CLAIM_REQUIRED',
    holds: (subject) => missing(subject).length === 0,
    evidence: (subject) => ({
      expected: `one non-empty value each: ${subject.required.attributes.join(', ') || '(none required)'}`,
      seen:
        missing(subject)
          .map((name) => `${name} with ${valuesOf(subject.claims, name).length} value(s)`)
          .join(', ') || 'all',
    }),
    detail: (subject) =>
      missing(subject)
        .map((name) => `The identity provider sends no single non-empty text for the required attribute ${name}.`)
        .join(' '),
  },
  {
    name: 'name-id-email',
    code: 'NAME_ID_NOT_EMAIL',
    holds: (subject) => !subject.required.emailNameId || isEmailShaped(nameIdText(subject)),
    evidence: (subject) => ({
      expected: subject.required.emailNameId ? 'an e-mail address' : 'anything',
      // Not the value: evidence goes into logs, and this names a person.
      seen: `${nameIdText(subject).length} characters, ${isEmailShaped(nameIdText(subject)) ? '' : 'not '}e-mail-shaped`,
    }),
    detail: () => 'The NameID is not an e-mail address, so Zivver would not find the account.',
  },
  {
    // What goes out has one issuer and one key for all, so nobody behind us could tell whose IdP said it.
    name: 'foreign-domain',
    code: 'NAME_ID_FOREIGN_DOMAIN',
    holds: (subject) => !subject.foreignDomains.includes(domain(subject)),
    evidence: (subject) => {
      const foreign = subject.foreignDomains.includes(domain(subject));
      return { expected: 'no domain of another IdP file', seen: foreign ? domain(subject) : 'none' };
    },
  },
];
