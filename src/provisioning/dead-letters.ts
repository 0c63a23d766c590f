import { GatewayError, type Clock } from '../shared/index.js';
import type { ProvisioningEvents } from './events.js';
import type { AccountRequest, QueuedJob } from './job.js';
import { Ledger } from './ledger.js';
import type { Backend, DeadLetter, Failure } from './queue.js';
import type { Sealer } from './seal.js';

/** A dead letter as a person sees it. It never holds the account key. */
export interface DeadLetterView {
  readonly id: string;
  readonly tenant: string;
  readonly failure: Failure;
  readonly attempts: number;
  /** When it was queued; milliseconds since the epoch. */
  readonly since: number;
  /** Null when the job cannot be decrypted. */
  readonly login: {
    readonly address: string;
    readonly idp: string;
    readonly reference: string;
    readonly at: number;
  } | null;
}

export interface DeadLettersOptions {
  readonly backend: Backend;
  readonly sealer: Sealer;
  readonly clock: Clock;
  /** Milliseconds that a dismissal is remembered, and so further logins queue nothing. */
  readonly rememberFor: number;
  readonly events?: ProvisioningEvents;
}

/** What a person does with the jobs that need one. Methods throw `STORE_UNAVAILABLE`, and those with an id `DEAD_LETTER_UNKNOWN`. */
export interface DeadLetters {
  /** Oldest first. */
  list(tenant: string, page?: { readonly offset: number; readonly limit: number }): Promise<DeadLetterView[]>;
  show(tenant: string, id: string): Promise<DeadLetterView>;
  /** Back to the queue, with all its time and attempts before it. */
  retry(tenant: string, id: string): Promise<void>;
  /** Returns how many went back. */
  retryAll(tenant: string): Promise<number>;
  /** Settled by hand; the note says how. Of a job that cannot be decrypted nothing is remembered. */
  dismiss(tenant: string, id: string, note: string): Promise<void>;
}

const PAGE = 100;

export function createDeadLetters(options: DeadLettersOptions): DeadLetters {
  const { backend, sealer, clock, events } = options;
  const { queue } = backend;
  const ledger = new Ledger(backend.records, sealer);

  const retry = async (tenant: string, { job }: DeadLetter): Promise<boolean> => {
    // First: a login between the two steps must not be taken for known while nobody works on it.
    for (const id of idsOf(job, sealer)) await ledger.forgetOutcome(tenant, id);
    if (!(await queue.revive(tenant, job.id, clock.now()))) return false;
    events?.onSettled?.(tenant, job.id, 'retried', null);
    return true;
  };

  const find = async (tenant: string, id: string): Promise<DeadLetter> => {
    const letter = await queue.deadLetter(tenant, id);
    if (letter === null) throw unknown(id);
    return letter;
  };

  return {
    async list(tenant, page = { offset: 0, limit: PAGE }) {
      const letters = await queue.deadLetters(tenant, page.offset, page.limit);
      return letters.map((letter) => view(letter, sealer));
    },
    async show(tenant, id) {
      return view(await find(tenant, id), sealer);
    },
    async retry(tenant, id) {
      if (!(await retry(tenant, await find(tenant, id)))) throw unknown(id);
    },
    async retryAll(tenant) {
      // The ids are read before any goes back, so that one which fails again at once is not retried for ever.
      const ids: string[] = [];
      for (let page: DeadLetter[] = []; ids.length === 0 || page.length === PAGE;) {
        page = await queue.deadLetters(tenant, ids.length, PAGE);
        if (page.length === 0) break;
        ids.push(...page.map(({ job }) => job.id));
      }
      let retried = 0;
      for (const id of ids) {
        const letter = await queue.deadLetter(tenant, id);
        // Another person may have settled it meanwhile.
        if (letter !== null && (await retry(tenant, letter))) retried += 1;
      }
      return retried;
    },
    async dismiss(tenant, id, note) {
      const { job } = await find(tenant, id);
      const isReadable = open(job, sealer) !== null;
      // Nobody can have settled an account that nobody can name: the next login queues it anew.
      if (!isReadable) await ledger.forgetOutcome(tenant, id);
      if (!(await queue.discard(tenant, id))) throw unknown(id);
      if (isReadable) {
        const [account = id] = idsOf(job, sealer);
        await ledger.recordOutcome(tenant, account, { kind: 'dismissed', at: clock.now() }, options.rememberFor);
      }
      events?.onSettled?.(tenant, id, 'dismissed', note);
    },
  };
}

function unknown(id: string): GatewayError {
  return new GatewayError('DEAD_LETTER_UNKNOWN', `no dead letter ${id}`);
}

function view({ job, failure, attempts }: DeadLetter, sealer: Sealer): DeadLetterView {
  return { id: job.id, tenant: job.tenant, failure, attempts, since: job.since, login: login(job, sealer) };
}

function login(job: QueuedJob, sealer: Sealer): DeadLetterView['login'] {
  const request = open(job, sealer);
  if (request === null) return null;
  const { address, idp, reference, at } = request;
  return { address, idp, reference, at };
}

/** The ids that the account may be on record by, the one under the current data key first. */
function idsOf(job: QueuedJob, sealer: Sealer): readonly string[] {
  const request = open(job, sealer);
  return request === null ? [job.id] : [...new Set([...sealer.accountIds(job.tenant, request.address), job.id])];
}

function open(job: QueuedJob, sealer: Sealer): AccountRequest | null {
  try {
    return JSON.parse(sealer.open(job.payload, job.id)) as AccountRequest;
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}
