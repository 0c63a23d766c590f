import { formatTraceparent, noTracer, type SpanContext, type Tracer } from '../observe/index.js';
import type { Clock } from '../shared/index.js';
import type { AccountCalls } from './account-steps.js';
import type { EventSubject, ProvisioningEvents } from './events.js';
import type { AccountRequest } from './job.js';
import type { Budget } from './queue.js';
import { sentToken, type RawAnswer, type ScimClient } from './scim/client.js';
import { judge, type Judgement } from './scim/judge.js';
import type { TenantSettings } from './settings.js';
import { pause } from './sleep.js';

export interface CallContext {
  readonly client: ScimClient;
  readonly settings: TenantSettings;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly events: ProvisioningEvents;
  readonly tracer: Tracer;
}

// A connection may take this much longer than the time-out of the call to end.
const MARGIN = 5_000;

/** The calls for one job. `stopping` ends the wait for the budget, never a call that is under way. */
export function accountCalls(
  context: CallContext,
  request: AccountRequest,
  subject: EventSubject,
  parent: SpanContext | null,
  stopping: AbortSignal,
): AccountCalls {
  const { client } = context;
  const hidden = [request.address, request.displayName ?? '', request.accountKey ?? ''];
  const budgeted = (method: 'GET' | 'POST', send: Send): Promise<Judgement> =>
    call({ ...context, parent }, method, send, hidden, subject, stopping);
  return {
    find: (userName) => budgeted('GET', (traced) => client.findUser(userName, request.reference, traced)),
    create: (resource) => budgeted('POST', (traced) => client.createUser(resource, request.reference, traced)),
  };
}

/** Whether the credential is accepted; counts against the budget like every request. `stopping` ends the call too. */
export function probeCall(context: CallContext, tenant: string, stopping: AbortSignal): Promise<Judgement> {
  const untraced = { ...context, tracer: noTracer, parent: null };
  return call(untraced, 'GET', () => context.client.probe(stopping), [], { tenant }, stopping);
}

/** Sends one request; `traceparent` is null where it is not traced. */
type Send = (traceparent: string | null) => Promise<RawAnswer>;

async function call(
  context: CallContext & { readonly parent: SpanContext | null },
  method: 'GET' | 'POST',
  send: Send,
  hidden: readonly string[],
  subject: EventSubject | { readonly tenant: string },
  stopping: AbortSignal,
): Promise<Judgement> {
  const { settings, budget, clock, events, tracer, parent } = context;
  const { scim } = settings;
  const tokens = scim === undefined ? [] : [scim.token.reveal(), sentToken(scim)];
  const slot = await takeSlot(context, subject.tenant, stopping);
  const span = tracer.start(`SCIM ${method} Users`, { kind: 'client', parent });
  const began = performance.now();
  const answer = await send(span.context === null ? null : formatTraceparent(span.context));
  const duration = performance.now() - began;
  // A slot that cannot be given back comes free by itself, later.
  await budget.settle(subject.tenant, slot, settings.budget).catch((error: unknown) => {
    events.onFault?.(subject.tenant, error);
  });
  const judgement = judge(answer, [...hidden, ...tokens], clock.now());
  const status = answer.kind === 'answer' ? answer.status : null;
  const failure = judgement.kind === 'fault' ? judgement.fault.class : null;
  events.onRequest?.(subject, { method, status, class: failure ?? 'ok', duration });
  span.end({
    ...(failure === null ? {} : { code: failure }),
    attributes: {
      'http.request.method': method,
      ...(status === null ? {} : { 'http.response.status_code': status }),
      ...(scim === undefined ? {} : { 'server.address': new URL(scim.baseUrl).hostname }),
    },
  });
  return judgement;
}

async function takeSlot(context: CallContext, tenant: string, stopping: AbortSignal): Promise<string> {
  const { settings, budget } = context;
  const longest = (settings.scim?.timeout ?? 0) + MARGIN;
  for (;;) {
    stopping.throwIfAborted();
    const asked = performance.now();
    const grant = await budget.acquire(tenant, settings.budget, longest);
    if (!grant.granted) await pause(grant.wait, stopping);
    // A process that was stopped meanwhile may hold a slot that is another's by now; it comes free by itself.
    else if (performance.now() - asked < MARGIN) return grant.slot;
  }
}
