import type { AssertionFacts, ConditionsFacts, ProxyRestriction } from './assertion-facts.js';
import type { Check } from './checks.js';
import { isUnreadable, shown, shownList, type TimeAttribute } from './read.js';
import type { AssertionSubject } from './subject-checks.js';
import { formatDateTime } from './time.js';

const COUNT = /^\d{1,9}$/;

function times(assertion: AssertionFacts): readonly (readonly [string, TimeAttribute, 'required' | 'optional'])[] {
  const { conditions } = assertion;
  return [
    ['IssueInstant', assertion.issueInstant, 'required'],
    ...(conditions === null
      ? []
      : ([
          ['Conditions NotBefore', conditions.notBefore, 'required'],
          ['Conditions NotOnOrAfter', conditions.notOnOrAfter, 'required'],
        ] as const)),
    ...assertion.bearers.flatMap(
      (bearer) =>
        [
          ['SubjectConfirmationData NotBefore', bearer.notBefore, 'optional'],
          ['SubjectConfirmationData NotOnOrAfter', bearer.notOnOrAfter, 'optional'],
        ] as const,
    ),
    ...assertion.authnStatements.flatMap(
      (statement) =>
        [
          ['AuthnInstant', statement.authnInstant, 'required'],
          ['SessionNotOnOrAfter', statement.sessionNotOnOrAfter, 'optional'],
        ] as const,
    ),
  ];
}

function badTimes(assertion: AssertionFacts): string[] {
  return times(assertion)
    .filter(([, time, need]) => isUnreadable(time) || (need === 'required' && time.text === null))
    .map(([name, time]) => `${name} ${shown(time.text)}`);
}

function isPast({ ms }: TimeAttribute, latest: number): boolean {
  return ms !== null && ms <= latest;
}

function obeysProxy(restriction: ProxyRestriction, audienceOut: string): boolean {
  // saml-core §2.5.1.6: what we write is based on this assertion, so one of the count is used up by us, and the
  // audience that we write must be one of those.
  if (restriction.count !== null && !(COUNT.test(restriction.count) && Number(restriction.count) > 0)) return false;
  return restriction.audiences.length === 0 || restriction.audiences.includes(audienceOut);
}

function conditionsOf({ assertion }: AssertionSubject): ConditionsFacts | null {
  return assertion.conditions;
}

/** Which check of the assertion's own head stands before everything else. */
export const headChecks: readonly Check<AssertionSubject>[] = [
  {
    name: 'assertion-version',
    code: 'SAML_VERSION',
    holds: ({ assertion }) => assertion.version === '2.0',
    evidence: ({ assertion }) => ({ expected: '2.0', seen: shown(assertion.version) }),
  },
  {
    name: 'assertion-id',
    code: 'SAML_ID',
    holds: ({ assertion }) => assertion.id !== '',
    evidence: ({ assertion }) => ({ expected: 'an ID', seen: shown(assertion.id) }),
  },
  {
    name: 'assertion-structure',
    code: 'SAML_STRUCTURE',
    holds: ({ assertion }) => assertion.misplaced === null,
    evidence: ({ assertion }) => ({
      expected: 'the children of the SAML schema',
      seen: assertion.misplaced ?? 'those',
    }),
  },
  {
    name: 'assertion-issuer',
    code: 'SAML_ISSUER_MISMATCH',
    holds: ({ assertion, idp }) => assertion.issuer === idp.entityId,
    evidence: ({ assertion, idp }) => ({ expected: idp.entityId, seen: shown(assertion.issuer) }),
  },
  {
    name: 'times-readable',
    code: 'SAML_TIME_INVALID',
    holds: ({ assertion }) => badTimes(assertion).length === 0,
    evidence: ({ assertion }) => ({
      expected: 'each a UTC xs:dateTime',
      seen: badTimes(assertion).join(', ') || 'all readable',
    }),
  },
  {
    name: 'assertion-issue-instant',
    code: 'SAML_NOT_YET_VALID',
    holds: ({ assertion, idp, now }) => isPast(assertion.issueInstant, now + idp.clockSkewMs),
    evidence: ({ assertion, idp, now }) => ({
      expected: `at most ${formatDateTime(now + idp.clockSkewMs)}`,
      seen: shown(assertion.issueInstant.text),
    }),
  },
];

/** saml-core §2.5.1. */
export const conditionChecks: readonly Check<AssertionSubject>[] = [
  {
    name: 'conditions',
    code: 'SAML_CONDITIONS_MISSING',
    holds: (subject) => conditionsOf(subject) !== null,
    evidence: (subject) => ({
      expected: 'Conditions',
      seen: conditionsOf(subject) === null ? '(absent)' : 'Conditions',
    }),
  },
  {
    name: 'condition-kinds',
    code: 'SAML_CONDITION_UNKNOWN',
    holds: (subject) => (conditionsOf(subject)?.unknown.length ?? 0) === 0,
    evidence: (subject) => ({
      expected: 'AudienceRestriction, OneTimeUse, ProxyRestriction',
      seen: shownList(conditionsOf(subject)?.unknown ?? []),
    }),
  },
  {
    name: 'not-before',
    code: 'SAML_NOT_YET_VALID',
    holds: (subject) => {
      const notBefore = conditionsOf(subject)?.notBefore.ms ?? null;
      return notBefore !== null && notBefore <= subject.now + subject.idp.clockSkewMs;
    },
    evidence: (subject) => ({
      expected: `at most ${formatDateTime(subject.now + subject.idp.clockSkewMs)}`,
      seen: shown(conditionsOf(subject)?.notBefore.text),
    }),
  },
  {
    name: 'not-on-or-after',
    code: 'SAML_EXPIRED',
    holds: (subject) => {
      const notOnOrAfter = conditionsOf(subject)?.notOnOrAfter.ms ?? null;
      return notOnOrAfter !== null && notOnOrAfter > subject.now - subject.idp.clockSkewMs;
    },
    evidence: (subject) => ({
      expected: `after ${formatDateTime(subject.now - subject.idp.clockSkewMs)}`,
      seen: shown(conditionsOf(subject)?.notOnOrAfter.text),
    }),
  },
  {
    name: 'audience',
    code: 'SAML_AUDIENCE_MISMATCH',
    // saml-core §2.5.1.4: restrictions are ANDed; saml-profiles §4.1.4.2 wants at least one.
    holds: (subject) => {
      const restrictions = conditionsOf(subject)?.audiences ?? [];
      return (
        restrictions.length > 0 && restrictions.every((audiences) => audiences.includes(subject.idp.expected.audience))
      );
    },
    evidence: (subject) => ({
      expected: subject.idp.expected.audience,
      seen: (conditionsOf(subject)?.audiences ?? []).map(shownList).join(' and ') || '(none)',
    }),
  },
  {
    name: 'proxy-restriction',
    code: 'SAML_PROXY_RESTRICTION',
    holds: (subject) =>
      (conditionsOf(subject)?.proxyRestrictions ?? []).every((each) => obeysProxy(each, subject.audienceOut)),
    evidence: (subject) => ({
      expected: `none, or a Count above 0 and ${subject.audienceOut} in its list`,
      seen:
        (conditionsOf(subject)?.proxyRestrictions ?? [])
          .map(({ count, audiences }) => `Count ${shown(count)}, Audience ${shownList(audiences)}`)
          .join('; ') || '(none)',
    }),
  },
];

export const statementChecks: readonly Check<AssertionSubject>[] = [
  {
    name: 'authn-statement',
    code: 'SAML_AUTHN_STATEMENT_MISSING',
    holds: ({ assertion }) => assertion.authnStatements.length > 0,
    evidence: ({ assertion }) => ({ expected: 'at least 1', seen: `${assertion.authnStatements.length}` }),
  },
  {
    name: 'authn-instant',
    code: 'SAML_NOT_YET_VALID',
    holds: ({ assertion, idp, now }) =>
      assertion.authnStatements.every(({ authnInstant }) => isPast(authnInstant, now + idp.clockSkewMs)),
    evidence: ({ assertion, idp, now }) => ({
      expected: `each at most ${formatDateTime(now + idp.clockSkewMs)}`,
      seen: shownList(assertion.authnStatements.map(({ authnInstant }) => authnInstant.text)),
    }),
  },
  {
    name: 'session-not-on-or-after',
    code: 'SAML_SESSION_EXPIRED',
    holds: ({ assertion, idp, now }) =>
      assertion.authnStatements.every(({ sessionNotOnOrAfter: { ms } }) => ms === null || ms > now - idp.clockSkewMs),
    evidence: ({ assertion, idp, now }) => ({
      expected: `none, or after ${formatDateTime(now - idp.clockSkewMs)}`,
      seen: shownList(assertion.authnStatements.map(({ sessionNotOnOrAfter }) => sessionNotOnOrAfter.text)),
    }),
  },
  {
    name: 'encrypted-attributes',
    code: 'SAML_ENCRYPTED_ATTRIBUTE',
    holds: ({ assertion }) => assertion.encryptedAttributes === 0,
    evidence: ({ assertion }) => ({ expected: '0', seen: `${assertion.encryptedAttributes}` }),
  },
];
