import {
  attributeDifference,
  type AuditEvent,
  type LoginEntry,
  type TraceEntry,
  type TraceStep,
} from '../observe/index.js';
import type { Submission } from '../provisioning/index.js';
import type { OutgoingResponse, VerifiedLogin } from '../saml/index.js';
import type { GatewayError } from '../shared/index.js';
import type { RequestContext } from './context.js';
import { endSpans, wasVerified } from './login-spans.js';
import type { GatewayDeps } from './runtime.js';
import type { TimedStep } from './steps.js';

/** A login that went through, as audit, metrics and trace need it. */
export interface Delivered {
  readonly login: VerifiedLogin;
  readonly outgoing: OutgoingResponse;
  readonly submission: Submission;
}

/** Writes down that a login was delivered: one audit line, the metrics, the trace. */
export async function recordDelivery(
  deps: GatewayDeps,
  context: RequestContext,
  { login, outgoing, submission }: Delivered,
): Promise<void> {
  const idp = context.route?.idp.name ?? null;
  const steps = context.steps.finish();
  countLogin(deps, context, 'OK', steps);
  endSpans(deps, context, steps, 'OK');
  deps.metrics.delivery(context.route?.delivery.kind ?? 'browser', 'OK');
  if (idp !== null) deps.metrics.clockDifference(idp, login.issueInstant - deps.clock.now());
  writeTrace(deps, context, {
    account: outgoing.nameId,
    code: 'OK',
    steps: steps.map(passedStep),
    attributes: attributeDifference(outgoing.attributesIn, outgoing.attributesOut, context.runtime.redactionKey),
  });
  // Provisioning tells of every job by itself; that there is none, only the gateway knows.
  if (submission.action === 'skip') {
    addToTrace(deps, context, {
      kind: 'provisioning',
      at: deps.clock.now(),
      event: 'skipped',
      detail: submission.reason,
    });
  }
  await deps.audit.append({
    ...auditHead(context, 'OK', 'deliver'),
    account: context.runtime.accountNames(outgoing.nameId),
    received: login.digest(),
    sent: outgoing.digest(),
    certificate: login.keyFingerprint,
    signingKey: outgoing.signingKeyId,
    ...(outgoing.domainKey === null ? {} : { domainKey: outgoing.domainKey.action }),
    ...(login.warnings.length === 0 ? {} : { warnings: login.warnings }),
  });
}

/** Writes down that the SP's request was taken and sent on to the IdP. */
export async function recordRequest(deps: GatewayDeps, context: RequestContext): Promise<void> {
  deps.metrics.authenticationRequest(context.route?.idp.name ?? null, 'OK');
  await deps.audit.append(auditHead(context, 'OK', 'ask-identity-provider'));
}

/**
 * Writes down a refusal or failure. What concerns no SAML message (a wrong path, the rate limit) is counted with the
 * HTTP requests and leaves no audit line, so that nobody can fill the disk with it.
 */
export async function recordRefusal(deps: GatewayDeps, context: RequestContext, error: GatewayError): Promise<void> {
  const { subject, verified } = context;
  if (subject === 'other') return;
  if (subject === 'request') deps.metrics.authenticationRequest(context.route?.idp.name ?? null, error.code);
  else recordRefusedLogin(deps, context, error);
  await deps.audit.append({
    ...auditHead(context, error.code, 'refuse'),
    detail: error.message,
    ...(verified === null
      ? {}
      : {
          account: context.runtime.accountNames(verified.nameId),
          received: verified.digest(),
          certificate: verified.keyFingerprint,
        }),
  });
}

function recordRefusedLogin(deps: GatewayDeps, context: RequestContext, error: GatewayError): void {
  const steps = context.steps.finish();
  countLogin(deps, context, error.code, steps);
  noteClock(deps, context, error);
  const failed = steps.at(-1);
  if (failed?.name === 'deliver') deps.metrics.delivery(context.route?.delivery.kind ?? 'browser', error.code);
  // Before its signature was found good anybody may have sent it: counted, but not stored.
  if (!wasVerified(steps)) return;
  endSpans(deps, context, steps, error.code);
  writeTrace(deps, context, {
    account: context.verified?.nameId ?? null,
    code: error.code,
    steps: steps.map((step) => (step === failed ? failedStep(step, error) : passedStep(step))),
    attributes: [],
  });
}

/** Only a clock can date a signed response ahead of ours. A late one tells nothing: it may be an old copy. */
function noteClock(deps: GatewayDeps, { route }: RequestContext, { code, evidence }: GatewayError): void {
  const issued = Date.parse(code === 'SAML_RESPONSE_IN_FUTURE' ? (evidence.seen ?? '') : '');
  if (route !== null && !Number.isNaN(issued)) deps.metrics.clockDifference(route.idp.name, issued - deps.clock.now());
}

function passedStep({ name, duration }: TimedStep): TraceStep {
  return { name, duration, result: 'pass' };
}

function failedStep({ name, duration }: TimedStep, error: GatewayError): TraceStep {
  return { name, duration, result: 'fail', code: error.code, detail: error.message, ...error.evidence };
}

function countLogin(
  deps: GatewayDeps,
  context: RequestContext,
  code: LoginEntry['code'],
  steps: readonly TimedStep[],
): void {
  deps.metrics.login(context.route?.idp.name ?? null, code, deps.elapsed() - context.startedAt);
  for (const { name, duration } of steps) deps.metrics.stage(name, duration);
}

function auditHead(context: RequestContext, code: LoginEntry['code'], decision: string): AuditEvent {
  return {
    event: context.subject === 'request' ? 'request' : 'login',
    reference: context.reference,
    ...(context.route === null ? {} : { idp: context.route.idp.name }),
    code,
    decision,
  };
}

function writeTrace(
  deps: GatewayDeps,
  context: RequestContext,
  facts: Pick<LoginEntry, 'code' | 'steps' | 'attributes'> & { readonly account: string | null },
): void {
  addToTrace(deps, context, {
    kind: 'login',
    at: deps.clock.now(),
    idp: context.route?.idp.name ?? '',
    duration: deps.elapsed() - context.startedAt,
    ...facts,
    account: facts.account === null ? null : context.runtime.accountNames(facts.account),
  });
}

/** Not waited for: a trace is for looking things up later, and no login is held or lost for it. */
function addToTrace(deps: GatewayDeps, context: RequestContext, entry: TraceEntry): void {
  deps.traces.add(context.reference, entry).catch(() => {
    deps.metrics.traceError();
  });
}
