import { openDeadLetters, type OpenDeadLetters, type TenantDeadLetters } from '../app/index.js';
import type { DeadLetterView } from '../provisioning/index.js';
import { GatewayError } from '../shared/index.js';
import { loadOrFail } from './configuration.js';
import { CommandFailure, type ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

export interface DeadLetterOptions {
  readonly config: string;
  readonly json?: boolean;
}

export interface RetryOptions extends DeadLetterOptions {
  readonly all?: boolean;
}

export interface DismissOptions extends DeadLetterOptions {
  readonly note: string;
}

const PAGE = 100;

/** Every dead letter of every tenant, oldest first. */
export function listDeadLetters(options: DeadLetterOptions, terminal: Terminal): Promise<ExitStatus> {
  return withDeadLetters(options, terminal, async ({ tenants }) => {
    const letters: DeadLetterView[] = [];
    for (const each of tenants) letters.push(...(await allOf(each)));
    if (options.json === true) terminal.out(JSON.stringify({ deadLetters: letters.map(asJson) }, null, 2));
    else for (const letter of letters) terminal.out(asLine(letter));
    if (options.json !== true && letters.length === 0) terminal.out('no dead letters');
    return 0;
  });
}

export function showDeadLetter(id: string, options: DeadLetterOptions, terminal: Terminal): Promise<ExitStatus> {
  return withDeadLetters(options, terminal, async ({ tenants }) => {
    const { letter } = await find(tenants, id);
    if (options.json === true) terminal.out(JSON.stringify(asJson(letter), null, 2));
    else for (const line of asText(letter)) terminal.out(line);
    return 0;
  });
}

/** Back to the queue: one, or all of all tenants. Status 2 where it is not clear which. */
export function retryDeadLetters(
  id: string | undefined,
  options: RetryOptions,
  terminal: Terminal,
): Promise<ExitStatus> {
  if ((id === undefined) !== (options.all === true)) throw new CommandFailure(2, 'name one id, or --all');
  return withDeadLetters(options, terminal, async ({ tenants }) => {
    let retried = 0;
    if (id === undefined) {
      for (const { tenant, deadLetters } of tenants) retried += await deadLetters.retryAll(tenant);
    } else {
      const { tenant, deadLetters } = (await find(tenants, id)).owner;
      await deadLetters.retry(tenant, id);
      retried = 1;
    }
    terminal.out(options.json === true ? JSON.stringify({ retried }) : `${retried} back in the queue`);
    return 0;
  });
}

/** Settled by hand; the note goes to the audit log. */
export function dismissDeadLetter(id: string, options: DismissOptions, terminal: Terminal): Promise<ExitStatus> {
  if (options.note.trim() === '') throw new CommandFailure(2, 'say in --note how it was settled');
  return withDeadLetters(options, terminal, async ({ tenants }) => {
    const { tenant, deadLetters } = (await find(tenants, id)).owner;
    await deadLetters.dismiss(tenant, id, options.note);
    terminal.out(options.json === true ? JSON.stringify({ dismissed: id }) : `dismissed ${id}`);
    return 0;
  });
}

/** Opens what waits for a person, and closes it whatever happens. */
export async function withDeadLetters(
  options: DeadLetterOptions,
  terminal: Terminal,
  action: (opened: OpenDeadLetters) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const opened = await openDeadLetters(loadOrFail(options.config, terminal));
  let unwritten = 0;
  const status = await action(opened).finally(async () => {
    unwritten = await opened.close();
  });
  if (unwritten === 0) return status;
  const remedy =
    'See whether its directory (audit.directory) can be written to by this account, and its disk has room.';
  throw new CommandFailure(3, `It is done, but ${unwritten} event(s) were not written to the audit log. ${remedy}`);
}

async function allOf({ tenant, deadLetters }: TenantDeadLetters): Promise<DeadLetterView[]> {
  const letters: DeadLetterView[] = [];
  for (;;) {
    const page = await deadLetters.list(tenant, { offset: letters.length, limit: PAGE });
    letters.push(...page);
    if (page.length < PAGE) return letters;
  }
}

// An id is made of tenant and address, so it names one tenant's letter.
async function find(
  tenants: readonly TenantDeadLetters[],
  id: string,
): Promise<{ readonly owner: TenantDeadLetters; readonly letter: DeadLetterView }> {
  for (const owner of tenants) {
    try {
      return { owner, letter: await owner.deadLetters.show(owner.tenant, id) };
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'DEAD_LETTER_UNKNOWN') throw error;
    }
  }
  throw new GatewayError('DEAD_LETTER_UNKNOWN', `no dead letter ${id}`);
}

const time = (at: number): string => new Date(at).toISOString();

function asJson({ id, tenant, failure, attempts, since, login }: DeadLetterView): object {
  return {
    id,
    tenant,
    failure: { ...failure, at: time(failure.at) },
    attempts,
    since: time(since),
    login: login === null ? null : { ...login, at: time(login.at) },
  };
}

function asLine({ id, tenant, failure, login }: DeadLetterView): string {
  return `${time(failure.at)} ${id} ${tenant} ${login?.address ?? '(cannot be decrypted)'}: ${failure.detail}`;
}

function* asText(letter: DeadLetterView): Generator<string> {
  const { id, tenant, failure, attempts, since, login } = letter;
  yield `id         ${id}`;
  yield `tenant     ${tenant}`;
  yield `address    ${login?.address ?? '(cannot be decrypted)'}`;
  if (login !== null) yield `login      ${login.reference}, ${time(login.at)}, by ${login.idp}`;
  yield `queued     ${time(since)}, ${attempts} attempt(s)`;
  yield `failed     ${time(failure.at)}, ${failure.class}`;
  yield `reason     ${failure.detail}`;
  yield `remedy     ${failure.remedy}`;
}
