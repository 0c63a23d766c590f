import { familyOf, type Attack, type GoodResponse, type Outcome, type Row } from './attack.js';
import { setAttribute } from './markup.js';
import { said } from './signature.js';

const CONDITIONS = 'Assertion/Conditions';
const DATA = 'Assertion/Subject/SubjectConfirmation/SubjectConfirmationData';
const STATEMENT = 'Assertion/AuthnStatement';

type Instant = (good: GoodResponse) => string | null;

function time(name: string, path: string, attribute: string, outcome: Outcome, value: Instant): Row {
  return [name, outcome, (good) => said(good, (xml) => setAttribute(xml, path, attribute, value(good)))];
}

/** So many milliseconds after the last instant that the skew lets pass, looking back or forward. */
const sinceEarliest =
  (ms: number): Instant =>
  ({ facts: { now, skewMs } }) =>
    new Date(now - skewMs + ms).toISOString();
const sinceLatest =
  (ms: number): Instant =>
  ({ facts: { now, skewMs } }) =>
    new Date(now + skewMs + ms).toISOString();
/** A fraction of a millisecond beyond an instant. */
const finer =
  (instant: Instant, digits: string): Instant =>
  (good) =>
    instant(good)?.replace('Z', `${digits}Z`) ?? null;

/** Not a time that saml-core §1.3.3 allows. */
const MALFORMED: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['words', 'never'],
  ['a number', '9999999999999'],
  ['without zone', '2036-03-01T12:00:00'],
  ['with an offset', '2036-03-01T12:00:00+00:00'],
  ['with a small z', '2036-03-01T12:00:00z'],
  ['with a space in the middle', '2036-03-01 12:00:00Z'],
  ['with white space around', ' 2036-03-01T12:00:00Z '],
  ['without seconds', '2036-03-01T12:00Z'],
  ['without a time', '2036-03-01Z'],
  ['with hour 24', '2036-03-01T24:00:00Z'],
  ['with a leap second', '2036-03-01T23:59:60Z'],
  ['on 30 February', '2036-02-30T12:00:00Z'],
  ['in month 13', '2036-13-01T12:00:00Z'],
  ['in the year 12036', '12036-03-01T12:00:00Z'],
  ['before the common era', '-2036-03-01T12:00:00Z'],
  ['in a year of two digits', '36-03-01T12:00:00Z'],
  ['with a comma', '2036-03-01T12:00:00,5Z'],
  ['with an empty fraction', '2036-03-01T12:00:00.Z'],
  ['in Arabic digits', '٢٠٣٦-03-01T12:00:00Z'],
  ['as infinity', 'INF'],
  ['as a date of HTTP', 'Sat, 01 Mar 2036 12:00:00 GMT'],
  ['twice', '2036-03-01T12:00:00Z2036-03-01T12:00:00Z'],
];

const malformed: readonly Row[] = MALFORMED.flatMap(([name, text]) => [
  time(`NotOnOrAfter of Conditions ${name}`, CONDITIONS, 'NotOnOrAfter', 'SAML_TIME_INVALID', () => text),
  time(`NotOnOrAfter of the confirmation ${name}`, DATA, 'NotOnOrAfter', 'SAML_TIME_INVALID', () => text),
]);

/** Every time at its edge, missing, and unreadable; the content is signed so. */
export const times: readonly Attack[] = familyOf('time', [
  time('Conditions end at the edge', CONDITIONS, 'NotOnOrAfter', 'SAML_EXPIRED', sinceEarliest(0)),
  time('Conditions end 1 ms before the edge', CONDITIONS, 'NotOnOrAfter', 'SAML_EXPIRED', sinceEarliest(-1)),
  time('Conditions begin 1 ms after the edge', CONDITIONS, 'NotBefore', 'SAML_NOT_YET_VALID', sinceLatest(1)),
  time(
    'Conditions begin a microsecond after the edge',
    CONDITIONS,
    'NotBefore',
    'SAML_NOT_YET_VALID',
    finer(sinceLatest(0), '001'),
  ),
  time('the confirmation ends at the edge', DATA, 'NotOnOrAfter', 'SAML_EXPIRED', sinceEarliest(0)),
  time('the confirmation ends 1 ms before the edge', DATA, 'NotOnOrAfter', 'SAML_EXPIRED', sinceEarliest(-1)),
  time(
    'the Response is issued 1 ms after the edge',
    'Response',
    'IssueInstant',
    'SAML_RESPONSE_IN_FUTURE',
    sinceLatest(1),
  ),
  time(
    'the assertion is issued 1 ms after the edge',
    'Assertion',
    'IssueInstant',
    'SAML_NOT_YET_VALID',
    sinceLatest(1),
  ),
  time('the login happens 1 ms after the edge', STATEMENT, 'AuthnInstant', 'SAML_NOT_YET_VALID', sinceLatest(1)),
  time('the session ends at the edge', STATEMENT, 'SessionNotOnOrAfter', 'SAML_SESSION_EXPIRED', sinceEarliest(0)),
  time(
    'the session ends 1 ms before the edge',
    STATEMENT,
    'SessionNotOnOrAfter',
    'SAML_SESSION_EXPIRED',
    sinceEarliest(-1),
  ),
  time('the confirmation begins in the past', DATA, 'NotBefore', 'SAML_SUBJECT_CONFIRMATION', sinceEarliest(-1)),
  time('Conditions without NotOnOrAfter', CONDITIONS, 'NotOnOrAfter', 'SAML_TIME_INVALID', () => null),
  time('Conditions without NotBefore', CONDITIONS, 'NotBefore', 'SAML_TIME_INVALID', () => null),
  time('a confirmation without NotOnOrAfter', DATA, 'NotOnOrAfter', 'SAML_SUBJECT_CONFIRMATION', () => null),
  time('a Response without IssueInstant', 'Response', 'IssueInstant', 'SAML_TIME_INVALID', () => null),
  time('an assertion without IssueInstant', 'Assertion', 'IssueInstant', 'SAML_TIME_INVALID', () => null),
  time('a statement without AuthnInstant', STATEMENT, 'AuthnInstant', 'SAML_TIME_INVALID', () => null),
  time('an unreadable AuthnInstant', STATEMENT, 'AuthnInstant', 'SAML_TIME_INVALID', () => 'yesterday'),
  time('an unreadable SessionNotOnOrAfter', STATEMENT, 'SessionNotOnOrAfter', 'SAML_TIME_INVALID', () => 'never'),
  time('an unreadable IssueInstant of the Response', 'Response', 'IssueInstant', 'SAML_TIME_INVALID', () => 'now'),
  time('an unreadable NotBefore', CONDITIONS, 'NotBefore', 'SAML_TIME_INVALID', () => '0'),
  ...malformed,
]);

/**
 * The same edges from inside: an edge that refuses too early would let every attack above pass unnoticed as a mere
 * refusal.
 */
export const timesInside: readonly Row[] = [
  time('Conditions end 1 ms after the edge', CONDITIONS, 'NotOnOrAfter', 'same', sinceEarliest(1)),
  time('Conditions begin at the edge', CONDITIONS, 'NotBefore', 'same', sinceLatest(0)),
  time('the confirmation ends 1 ms after the edge', DATA, 'NotOnOrAfter', 'same', sinceEarliest(1)),
  time('the Response is issued at the edge', 'Response', 'IssueInstant', 'same', sinceLatest(0)),
  time('the assertion is issued at the edge', 'Assertion', 'IssueInstant', 'same', sinceLatest(0)),
  time('the login happens at the edge', STATEMENT, 'AuthnInstant', 'same', sinceLatest(0)),
  time('the session ends 1 ms after the edge', STATEMENT, 'SessionNotOnOrAfter', 'same', sinceEarliest(1)),
  time(
    'Conditions end a microsecond after the edge',
    CONDITIONS,
    'NotOnOrAfter',
    'same',
    finer(sinceEarliest(0), '001'),
  ),
];
