import { parseTraceparent, type Span } from '../observe/index.js';
import { GatewayError, type Clock, type RandomBytes } from '../shared/index.js';
import { ensureAccount, observeAccount, type StepsResult } from './account-steps.js';
import { accountCalls, type CallContext } from './calls.js';
import type { EventSubject, ProvisioningEvents } from './events.js';
import type { AccountRequest } from './job.js';
import type { FollowUp, Ledger } from './ledger.js';
import type { Failure, Lease } from './queue.js';
import { nextStep } from './retry-policy.js';
import type { Fault } from './scim/judge.js';
import { remedies } from './scim/remedies.js';
import type { AccountIds, Sealer } from './seal.js';

export interface RunContext extends CallContext {
  readonly ledger: Ledger;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly events: ProvisioningEvents;
  /** `observe`: milliseconds that an account may take to appear. */
  readonly observeFor: number;
  /** Stops the tenant because Zivver refuses the credential. */
  readonly stopTenant: (status: number, detail: string) => Promise<void>;
}

/** Does one job and lets go of its lease in the way that the result asks for. Throws when it could not, store away. */
export async function runJob(context: RunContext, lease: Lease, stopping: AbortSignal): Promise<void> {
  const { job } = lease;
  const request = openPayload(context.sealer, lease);
  if (request === null) {
    const nobody = { tenant: job.tenant, accountId: job.id, reference: '', idp: '' };
    await fail(context, lease, { subject: nobody, account: [job.id] }, unreadable());
    return;
  }
  const subject = { tenant: job.tenant, accountId: job.id, reference: request.reference, idp: request.idp };
  const span = startSpan(context, request, lease);
  const calls = accountCalls(context, request, subject, span.context, stopping);
  let result: StepsResult;
  try {
    result =
      context.settings.mode === 'observe'
        ? await observeAccount(request, calls)
        : await ensureAccount(request, context.settings, calls);
  } catch (error) {
    span.end({ code: 'interrupted' });
    if (!stopping.aborted) throw error;
    await lease.release();
    return;
  }
  span.end(
    result.kind === 'done'
      ? { attributes: { 'claims_gateway.outcome': result.outcome } }
      : { code: result.fault.class },
  );
  const on = { subject, account: context.sealer.accountIds(job.tenant, request.address) };
  if (result.kind === 'done') await finish(context, lease, on, request, result.outcome, result.followUps);
  else await fail(context, lease, on, result.fault);
}

/**
 * Which account a job is about. It is on record by its id under the current data key, so that it stays known when an
 * earlier key is taken away; the job keeps the id that it was queued by.
 */
interface About {
  readonly subject: EventSubject;
  readonly account: AccountIds;
}

/** One attempt, below the login that queued the job, whichever process and machine that was on. */
function startSpan(
  { tracer }: RunContext,
  { traceparent, idp, reference, tenant }: AccountRequest,
  lease: Lease,
): Span {
  return tracer.start('provision account', {
    kind: 'consumer',
    parent: traceparent === undefined ? null : parseTraceparent(traceparent),
    attributes: {
      'claims_gateway.idp': idp,
      'claims_gateway.reference': reference,
      'claims_gateway.tenant': tenant,
      'claims_gateway.attempt': lease.attempts + 1,
    },
  });
}

async function finish(
  context: RunContext,
  lease: Lease,
  { subject, account }: About,
  request: AccountRequest,
  kind: 'created' | 'existed',
  items: readonly FollowUp[],
): Promise<void> {
  const { ledger, clock, settings, events } = context;
  const { tenant } = subject;
  const [accountId] = account;
  const at = clock.now();
  // What an earlier attempt listed, possibly under an earlier data key, holds no more.
  for (const id of new Set([...account, subject.accountId])) {
    if (id !== accountId || items.length === 0) await ledger.settleFollowUps(tenant, id);
  }
  if (items.length > 0) {
    const { address, reference } = request;
    await ledger.recordFollowUps(tenant, { accountId, address, reference, at, items });
  }
  // Before the job goes: a process killed in between repeats the job, and finds the account.
  await ledger.recordOutcome(tenant, accountId, { kind, at }, settings.rememberFor);
  await lease.complete();
  const kinds = items.map((item) => item.kind);
  events.onOutcome?.(subject, kind, kinds);
}

async function fail(context: RunContext, lease: Lease, about: About, fault: Fault): Promise<void> {
  const { budget, clock, settings, events, random, observeFor } = context;
  const { subject } = about;
  const now = clock.now();
  const { attempts, job } = lease;
  const chance = (random(1)[0] ?? 0) / 255;
  const failure: Failure = {
    class: fault.class,
    status: fault.status,
    detail: fault.detail,
    remedy: fault.remedy,
    at: now,
  };
  const retryFor = settings.retryFor;
  const next = nextStep(fault, { attempts, since: job.since, now, retryFor, observeFor, chance });
  switch (next.step) {
    case 'wait':
      await budget.hold(subject.tenant, next.delay);
      events.onThrottled?.(subject.tenant, next.delay);
      await lease.release();
      break;
    case 'pause':
      await context.stopTenant(fault.status ?? 0, fault.detail);
      await lease.release();
      break;
    case 'retry':
      await lease.retry(next.delay);
      events.onRetry?.(subject, failure, next.delay);
      break;
    case 'bury':
      await bury(context, lease, about, failure);
      break;
  }
}

async function bury(context: RunContext, lease: Lease, { subject, account }: About, failure: Failure): Promise<void> {
  const { ledger, settings, events } = context;
  const outcome = { kind: 'failed', at: failure.at } as const;
  await ledger.recordOutcome(subject.tenant, account[0], outcome, settings.rememberFor);
  await lease.bury(failure);
  events.onDeadLetter?.(subject, failure);
  events.onOutcome?.(subject, 'failed', []);
}

function unreadable(): Fault {
  const detail = 'the job cannot be decrypted';
  return { class: 'unreadable', status: null, detail, remedy: remedies.unreadable, wait: 0 };
}

function openPayload(sealer: Sealer, { job }: Lease): AccountRequest | null {
  try {
    return JSON.parse(sealer.open(job.payload, job.id)) as AccountRequest;
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}
