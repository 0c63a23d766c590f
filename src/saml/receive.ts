import { hash } from 'node:crypto';
import { attributeValue, childrenNamed, parseXml, type XmlElement, type XmlLimits } from '../xml/index.js';
import { conditionChecks, headChecks, statementChecks } from './assertion-checks.js';
import { readAssertion, type AssertionFacts } from './assertion-facts.js';
import { describeAttribute } from './attributes.js';
import { contradiction, firstFault, type Checker } from './checks.js';
import { coveredAssertion, coveredAssertionChecks, type CoveredAssertion } from './covered-assertion.js';
import type { ReceiveContext, VerifiedLogin } from './login.js';
import { answeredRequest, mayBeOurs, readResponse, responseChecks, type ResponseFacts } from './response-checks.js';
import { rootChecks, structureChecks } from './response-structure.js';
import { confirmationThatHolds, nameIdOf, subjectChecks, type AssertionSubject } from './subject-checks.js';
import type { IdentityProvider, ServiceProvider } from './types.js';
import { ASSERTION } from './names.js';
import { simpleText } from './read.js';

/** The names of all checks of receiving, in the order in which a login makes them. */
export const receiveCheckNames: readonly string[] = [
  'xml',
  ...rootChecks.map(({ name }) => name),
  ...structureChecks.map(({ name }) => name),
  ...coveredAssertionChecks,
  ...responseChecks.map(({ name }) => name),
  ...headChecks.map(({ name }) => name),
  ...subjectChecks.map(({ name }) => name),
  ...conditionChecks.map(({ name }) => name),
  ...statementChecks.map(({ name }) => name),
];

/**
 * Takes a Response through every check of the rules page, save the replay check, which the caller makes next with
 * `replayKey`.
 *
 * @param bytes the decoded SAMLResponse
 * @throws GatewayError with the code of the first rule that is broken
 */
export function receiveResponse(
  bytes: Uint8Array,
  idp: IdentityProvider,
  sp: ServiceProvider,
  context: ReceiveContext,
): Promise<VerifiedLogin> {
  return receive(bytes, idp, sp, context, firstFault);
}

/** The steps of `receiveResponse` under any checker. */
export async function receive(
  bytes: Uint8Array,
  idp: IdentityProvider,
  sp: ServiceProvider,
  context: ReceiveContext,
  checker: Checker,
): Promise<VerifiedLogin> {
  context.onStage?.('parse');
  const root = await checker.step('xml', () => parseXml(bytes, context.limits));
  context.onStage?.('structure');
  checker.apply(rootChecks, root);
  checker.barrier();
  checker.apply(structureChecks, root);
  checker.barrier();
  const covered = await coveredAssertion(root, { ...context, idp }, checker);
  context.onStage?.('validate');
  const response = readResponse(covered.response ?? root, covered.response !== null);
  const assertion = readAssertion(covered.assertion);
  const subject = await validate({ idp, sp, context, response, assertion }, checker);
  checker.barrier();
  return describeLogin(bytes, response, covered, subject);
}

interface Received {
  readonly idp: IdentityProvider;
  readonly sp: ServiceProvider;
  readonly context: ReceiveContext;
  readonly response: ResponseFacts;
  readonly assertion: AssertionFacts;
}

type Validated = AssertionSubject & Pick<VerifiedLogin, 'request'>;

async function validate({ idp, sp, context, response, assertion }: Received, checker: Checker): Promise<Validated> {
  const { now } = context;
  const confirmedRequests = assertion.bearers.flatMap(({ inResponseTo }) => inResponseTo ?? []);
  const answered = answeredRequest(response, confirmedRequests);
  const request = answered === null || !mayBeOurs(answered) ? null : await context.findRequest(answered);
  checker.apply(responseChecks, { idp, now, response, confirmedRequests, request });
  const subject: AssertionSubject = {
    idp,
    now,
    assertion,
    audienceOut: sp.audience,
    responseInResponseTo: response.inResponseTo,
    responseSigned: response.signed,
    answered,
  };
  checker.apply(headChecks, subject);
  checker.apply(subjectChecks, subject);
  checker.apply(conditionChecks, subject);
  checker.apply(statementChecks, subject);
  return { ...subject, request };
}

/** The configuration's largest clock skew. Milliseconds. */
const LARGEST_CLOCK_SKEW = 600_000;

/** Not the skew of now: when the response comes again a reload may have made it larger, and the claim must still be there. */
function longestSkew({ clockSkewMs }: IdentityProvider): number {
  return Math.max(clockSkewMs, LARGEST_CLOCK_SKEW);
}

function describeLogin(
  bytes: Uint8Array,
  response: ResponseFacts,
  covered: CoveredAssertion,
  subject: Validated,
): VerifiedLogin {
  const { assertion, idp } = subject;
  const { notOnOrAfter: confirmation } = confirmationThatHolds(subject) ?? contradiction();
  const conditions = assertion.conditions ?? contradiction();
  const notOnOrAfter = conditions.notOnOrAfter.ms ?? contradiction();
  const nameId = assertion.nameIds[0] ?? contradiction();
  return {
    assertion: covered.assertion,
    facts: assertion,
    issuer: idp.entityId,
    assertionId: assertion.id,
    responseId: response.id,
    nameId: nameIdOf(assertion),
    nameIdFormat: attributeValue(nameId, 'Format') ?? null,
    inResponseTo: subject.answered,
    request: subject.request,
    replayKey: replayKey(idp.entityId, assertion.id),
    replayExpiresAt: Math.ceil(Math.max(confirmation.ms ?? contradiction(), notOnOrAfter)) + longestSkew(idp),
    sessionIndex: first(assertion, ({ sessionIndex }) => sessionIndex),
    authnContext: first(assertion, ({ authnContext }) => authnContext),
    attributes: assertion.attributes.map(describeAttribute),
    warnings: covered.warnings,
    signedPrefixes: covered.signedPrefixes,
    keyFingerprint: covered.keyFingerprint,
    encrypted: covered.encrypted,
    issueInstant: response.issueInstant.ms ?? contradiction(),
    notOnOrAfter,
    confirmationNotOnOrAfter: confirmation.text ?? contradiction(),
    digest: () => hash('sha256', bytes, 'hex'),
  };
}

function first(
  { authnStatements }: AssertionFacts,
  pick: (statement: AssertionFacts['authnStatements'][number]) => string | null,
): string | null {
  return authnStatements.map(pick).find((value) => value !== null) ?? null;
}

// A digest, since both parts may be of any length; the NUL keeps them apart, as XML cannot hold one.
function replayKey(issuer: string, assertionId: string): string {
  return hash('sha256', `${issuer}\0${assertionId}`, 'base64url');
}

/**
 * The issuer that a response claims, unverified: fit only to choose the IdP, whose rules then decide.
 *
 * @throws GatewayError XML_* where the bytes are not a document that is taken at all
 */
export function claimedIssuer(bytes: Uint8Array, limits: XmlLimits): string | null {
  const root: XmlElement = parseXml(bytes, limits);
  const issuer = childrenNamed(root, ASSERTION, 'Issuer')[0];
  const assertion = childrenNamed(root, ASSERTION, 'Assertion')[0];
  const inner = assertion === undefined ? undefined : childrenNamed(assertion, ASSERTION, 'Issuer')[0];
  const chosen = issuer ?? inner;
  return chosen === undefined ? null : simpleText(chosen);
}
