import { compare } from './compare.js';
import type { AccountRequest } from './job.js';
import type { FollowUp } from './ledger.js';
import type { Fault, Judgement } from './scim/judge.js';
import { suspect } from './scim/judge.js';
import { remedies } from './scim/remedies.js';
import { newUser, readUser, readUserList, type ScimUser } from './scim/user.js';
import type { TenantSettings } from './settings.js';

/** The two calls that exist, with budget, judgement and counting around them. Each may throw when the worker stops. */
export interface AccountCalls {
  find(userName: string): Promise<Judgement>;
  create(resource: object): Promise<Judgement>;
}

export type StepsResult =
  | { readonly kind: 'done'; readonly outcome: 'created' | 'existed'; readonly followUps: readonly FollowUp[] }
  | { readonly kind: 'fault'; readonly fault: Fault };

type Found =
  { readonly kind: 'users'; readonly users: readonly ScimUser[] } | { readonly kind: 'fault'; readonly fault: Fault };

/**
 * Makes sure that the account exists: find → create → on a conflict find again. It begins with the search every time,
 * so an attempt after a lost answer finds what the earlier one created.
 */
export async function ensureAccount(
  request: AccountRequest,
  settings: Pick<TenantSettings, 'active' | 'division'>,
  calls: AccountCalls,
): Promise<StepsResult> {
  const before = await find(request.address, calls);
  if (before.kind === 'fault') return before;
  if (before.users.length > 0) return existed(request, before.users);

  const answer = await calls.create(newUser(request, settings));
  if (answer.kind === 'fault') return answer;
  if (answer.kind === 'ok') return created(answer, settings.active);

  const after = await findAnyCase(request.address, calls);
  if (after.kind === 'fault') return after;
  if (after.users.length > 0) return existed(request, after.users);
  return { kind: 'fault', fault: conflictUnseen() };
}

/** Looks whether Zivver has created the account by itself. */
export async function observeAccount(request: AccountRequest, calls: AccountCalls): Promise<StepsResult> {
  const found = await findAnyCase(request.address, calls);
  if (found.kind === 'fault') return found;
  if (found.users.length > 0) return existed(request, found.users);
  const detail = 'Zivver lists no account of this address';
  return { kind: 'fault', fault: { class: 'absent', status: 200, detail, remedy: remedies.absent, wait: 0 } };
}

function existed(request: AccountRequest, users: readonly ScimUser[]): StepsResult {
  return { kind: 'done', outcome: 'existed', followUps: compare(request, users) };
}

function created(answer: { readonly status: number; readonly value: unknown }, active: boolean): StepsResult {
  const user = readUser(answer.value);
  if (user === null) return suspect(answer.status, 'created, but the answer names no account');
  // Clients disagree on what Zivver makes of `active` (facts §4.3), so the answer is looked at.
  const inactive = active && user.active === false;
  return {
    kind: 'done',
    outcome: 'created',
    followUps: inactive ? [{ kind: 'inactive', login: null, account: user.id }] : [],
  };
}

async function find(address: string, calls: AccountCalls): Promise<Found> {
  const answer = await calls.find(address);
  if (answer.kind === 'fault') return answer;
  if (answer.kind === 'conflict') return suspect(409, 'a conflict in answer to a search');
  const users = readUserList(answer.value);
  if (users === null) return suspect(answer.status, 'the answer is not a list of users');
  const wanted = address.toLowerCase();
  const matching = users.filter(({ userName }) => userName.toLowerCase() === wanted);
  // A server that ignores the filter would otherwise look like one that has no such account.
  if (users.length > 0 && matching.length === 0) return suspect(answer.status, 'the list holds other users only');
  return { kind: 'users', users: matching };
}

// RFC 7643 §4.1.1 compares userName without regard to case; a server that does not is asked for both spellings.
async function findAnyCase(address: string, calls: AccountCalls): Promise<Found> {
  const found = await find(address, calls);
  const lower = address.toLowerCase();
  if (found.kind === 'fault' || found.users.length > 0 || lower === address) return found;
  return find(lower, calls);
}

function conflictUnseen(): Fault {
  const detail = 'HTTP 409: the address is taken, but no user of it is listed';
  return { class: 'suspect', status: 409, detail, remedy: remedies.conflict, wait: 0 };
}
