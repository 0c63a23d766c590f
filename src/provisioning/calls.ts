import type { Clock } from '../shared/index.js';
import type { AccountCalls } from './account-steps.js';
import type { EventSubject, ProvisioningEvents } from './events.js';
import type { AccountRequest } from './job.js';
import type { Budget } from './queue.js';
import type { RawAnswer, ScimClient } from './scim/client.js';
import { judge, type Judgement } from './scim/judge.js';
import type { TenantSettings } from './settings.js';
import { pause } from './sleep.js';

export interface CallContext {
  readonly client: ScimClient;
  readonly settings: TenantSettings;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly events: ProvisioningEvents;
}

// A connection may take this much longer than the time-out of the call to end.
const MARGIN = 5_000;

/** The calls for one job. `stopping` ends the wait for the budget, never a call that is under way. */
export function accountCalls(
  context: CallContext,
  request: AccountRequest,
  subject: EventSubject,
  stopping: AbortSignal,
): AccountCalls {
  const { client } = context;
  const hidden = [request.address, request.displayName ?? '', request.accountKey ?? ''];
  const budgeted = (method: 'GET' | 'POST', send: () => Promise<RawAnswer>): Promise<Judgement> =>
    call(context, method, send, hidden, subject, stopping);
  return {
    find: (userName) => budgeted('GET', () => client.findUser(userName, request.reference)),
    create: (resource) => budgeted('POST', () => client.createUser(resource, request.reference)),
  };
}

/** Whether the credential is accepted; counts against the budget like every request. */
export function probeCall(context: CallContext, tenant: string, stopping: AbortSignal): Promise<Judgement> {
  return call(context, 'GET', () => context.client.probe(), [], { tenant }, stopping);
}

async function call(
  context: CallContext,
  method: 'GET' | 'POST',
  send: () => Promise<RawAnswer>,
  hidden: readonly string[],
  subject: EventSubject | { readonly tenant: string },
  stopping: AbortSignal,
): Promise<Judgement> {
  const { settings, budget, clock, events } = context;
  const token = settings.scim?.token.reveal() ?? '';
  const slot = await takeSlot(context, subject.tenant, stopping);
  const began = performance.now();
  const answer = await send();
  const duration = performance.now() - began;
  // A slot that cannot be given back comes free by itself, later.
  await budget.settle(subject.tenant, slot, settings.budget).catch((error: unknown) => {
    events.onFault?.(subject.tenant, error);
  });
  const judgement = judge(answer, [...hidden, token], clock.now());
  events.onRequest?.(subject, {
    method,
    status: answer.kind === 'answer' ? answer.status : null,
    class: judgement.kind === 'fault' ? judgement.fault.class : 'ok',
    duration,
  });
  return judgement;
}

async function takeSlot(context: CallContext, tenant: string, stopping: AbortSignal): Promise<string> {
  const { settings, budget } = context;
  const longest = (settings.scim?.timeout ?? 0) + MARGIN;
  for (;;) {
    stopping.throwIfAborted();
    const grant = await budget.acquire(tenant, settings.budget, longest);
    if (grant.granted) return grant.slot;
    await pause(grant.wait, stopping);
  }
}
