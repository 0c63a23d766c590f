import { attributeValue, childrenNamed, type XmlElement } from '../xml/index.js';
import type { Check } from './checks.js';
import { ASSERTION } from './names.js';
import { shown, simpleText, timeAttribute, type TimeAttribute } from './read.js';
import type { AuthnRequestRecord } from './request-record.js';
import { formatDateTime } from './time.js';
import type { IdentityProvider } from './types.js';

/** What a Response says itself. Where it is not signed, nothing here is more than a hint that must not contradict. */
export interface ResponseFacts {
  readonly signed: boolean;
  readonly id: string;
  readonly issuer: string | null;
  readonly hasIssuer: boolean;
  readonly destination: string | null;
  readonly issueInstant: TimeAttribute;
  readonly inResponseTo: string | null;
}

export function readResponse(response: XmlElement, signed: boolean): ResponseFacts {
  const issuer = childrenNamed(response, ASSERTION, 'Issuer')[0];
  return {
    signed,
    id: attributeValue(response, 'ID') ?? '',
    issuer: issuer === undefined ? null : simpleText(issuer),
    hasIssuer: issuer !== undefined,
    destination: attributeValue(response, 'Destination') ?? null,
    issueInstant: timeAttribute(response, 'IssueInstant'),
    inResponseTo: attributeValue(response, 'InResponseTo') ?? null,
  };
}

export interface ResponseSubject {
  readonly idp: IdentityProvider;
  readonly now: number;
  readonly response: ResponseFacts;
  /** The InResponseTo of the assertion's bearer confirmations, each value once. */
  readonly confirmedRequests: readonly string[];
  readonly request: AuthnRequestRecord | null;
}

/** The request that the response claims to answer, whichever part of it says so. */
export function answeredRequest(response: ResponseFacts, confirmedRequests: readonly string[]): string | null {
  return response.inResponseTo ?? confirmedRequests[0] ?? null;
}

/** Ours are far shorter; not every store takes keys of any length. */
const LONGEST_REQUEST_ID = 256;

/** Whether the store is worth asking for the request. */
export function mayBeOurs(requestId: string): boolean {
  return requestId.length <= LONGEST_REQUEST_ID;
}

const answered = (subject: ResponseSubject) => answeredRequest(subject.response, subject.confirmedRequests);

/** saml-profiles §4.1.4.3 over the Response; every subject passes each check on its own. */
export const responseChecks: readonly Check<ResponseSubject>[] = [
  {
    name: 'response-issuer',
    code: 'SAML_ISSUER_MISMATCH',
    holds: ({ response, idp }) => !response.hasIssuer || response.issuer === idp.entityId,
    evidence: ({ response, idp }) => ({ expected: idp.entityId, seen: shown(response.issuer) }),
  },
  {
    name: 'destination',
    code: 'SAML_DESTINATION_MISMATCH',
    // saml-bindings §3.5.5.2: a signed message must say where it is meant to go.
    holds: ({ response, idp }) =>
      response.destination === null ? !response.signed : response.destination === idp.expected.destination,
    evidence: ({ response, idp }) => ({ expected: idp.expected.destination, seen: shown(response.destination) }),
  },
  {
    name: 'response-issue-instant-readable',
    code: 'SAML_TIME_INVALID',
    holds: ({ response }) => response.issueInstant.ms !== null,
    evidence: ({ response }) => ({ expected: 'a UTC xs:dateTime', seen: shown(response.issueInstant.text) }),
  },
  {
    name: 'response-issue-instant',
    code: 'SAML_RESPONSE_IN_FUTURE',
    holds: ({ response, idp, now }) =>
      response.issueInstant.ms !== null && response.issueInstant.ms <= now + idp.clockSkewMs,
    evidence: ({ response, idp, now }) => ({
      expected: `at most ${formatDateTime(now + idp.clockSkewMs)}`,
      seen: shown(response.issueInstant.text),
    }),
  },
  {
    name: 'unsolicited',
    code: 'SAML_UNSOLICITED_REFUSED',
    holds: (subject) => subject.idp.unsolicited || answered(subject) !== null,
    evidence: (subject) => ({
      expected: subject.idp.unsolicited ? 'InResponseTo, or none' : 'InResponseTo',
      seen: shown(answered(subject)),
    }),
  },
  {
    name: 'in-response-to',
    code: 'SAML_IN_RESPONSE_TO_UNKNOWN',
    holds: (subject) => answered(subject) === null || isAnswerable(subject),
    evidence: (subject) => ({
      expected: answered(subject) === null ? 'none' : `an unexpired request that was sent to ${subject.idp.name}`,
      seen: shown(answered(subject)),
    }),
  },
];

function isAnswerable(subject: ResponseSubject): boolean {
  const { request, idp, now } = subject;
  return request !== null && request.id === answered(subject) && request.idp === idp.name && now < request.expiresAt;
}
