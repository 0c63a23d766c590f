import type { TenantDeadLetters } from '../app/index.js';
import type { FollowUpView } from '../provisioning/index.js';
import { withDeadLetters, type DeadLetterOptions, type DismissOptions } from './dead-letters.js';
import { CommandFailure, type ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

/** What differs between logins and the accounts found, of every tenant; the gateway changes none of it. */
export function listFollowUps(options: DeadLetterOptions, terminal: Terminal): Promise<ExitStatus> {
  return withDeadLetters(options, terminal, async ({ tenants }) => {
    const found: Found[] = [];
    for (const { tenant, followUps } of tenants) {
      found.push(...(await followUps()).map((view) => ({ tenant, view })));
    }
    found.sort((one, other) => (one.view.entry?.at ?? 0) - (other.view.entry?.at ?? 0));
    if (options.json === true) terminal.out(JSON.stringify({ followUps: found.map(asJson) }, null, 2));
    else for (const each of found) for (const line of asText(each)) terminal.out(line);
    if (options.json !== true && found.length === 0) terminal.out('no follow-ups');
    return 0;
  });
}

/** Settled by hand; the note goes to the audit log. */
export function settleFollowUps(id: string, options: DismissOptions, terminal: Terminal): Promise<ExitStatus> {
  if (options.note.trim() === '') throw new CommandFailure(2, 'say in --note how they were settled');
  return withDeadLetters(options, terminal, async ({ tenants }) => {
    if (!(await settledBy(tenants, id, options.note))) throw new CommandFailure(1, `no follow-ups of ${id}`);
    terminal.out(options.json === true ? JSON.stringify({ settled: id }) : `settled ${id}`);
    return 0;
  });
}

// An id is made of tenant and address, so it names one tenant's account.
async function settledBy(tenants: readonly TenantDeadLetters[], id: string, note: string): Promise<boolean> {
  for (const { settleFollowUps: settle } of tenants) if (await settle(id, note)) return true;
  return false;
}

interface Found {
  readonly tenant: string;
  readonly view: FollowUpView;
}

function asJson({ tenant, view: { accountId, entry } }: Found): object {
  if (entry === null) return { id: accountId, tenant, address: null };
  const { address, reference, at, items } = entry;
  return { id: accountId, tenant, address, reference, at: new Date(at).toISOString(), items };
}

function* asText({ tenant, view: { accountId, entry } }: Found): Generator<string> {
  if (entry === null) {
    yield `${accountId} ${tenant} (cannot be decrypted)`;
    return;
  }
  const { address, reference, at, items } = entry;
  yield `${new Date(at).toISOString()} ${accountId} ${tenant} ${address}, login ${reference}`;
  for (const { kind, login, account } of items) {
    yield `  ${kind}: the login says ${login ?? 'nothing'}, Zivver says ${account ?? 'nothing'}`;
  }
}
