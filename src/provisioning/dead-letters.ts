import { GatewayError, type Clock } from '../shared/index.js';
import type { ProvisioningEvents } from './events.js';
import type { AccountRequest } from './job.js';
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
  /** Settled by hand; the note says how. */
  dismiss(tenant: string, id: string, note: string): Promise<void>;
}

const PAGE = 100;

export function createDeadLetters(options: DeadLettersOptions): DeadLetters {
  const { backend, sealer, clock, events } = options;
  const { queue } = backend;
  const ledger = new Ledger(backend.records, sealer);

  const retry = async (tenant: string, id: string): Promise<void> => {
    // First: a login between the two steps must not be taken for known while nobody works on it.
    await ledger.forgetOutcome(tenant, id);
    if (!(await queue.revive(tenant, id, clock.now()))) throw unknown(id);
    events?.onSettled?.(tenant, id, 'retried', null);
  };

  return {
    async list(tenant, page = { offset: 0, limit: PAGE }) {
      const letters = await queue.deadLetters(tenant, page.offset, page.limit);
      return letters.map((letter) => view(letter, sealer));
    },
    async show(tenant, id) {
      const letter = await queue.deadLetter(tenant, id);
      if (letter === null) throw unknown(id);
      return view(letter, sealer);
    },
    async retry(tenant, id) {
      if ((await queue.deadLetter(tenant, id)) === null) throw unknown(id);
      await retry(tenant, id);
    },
    async retryAll(tenant) {
      // The ids are read before any goes back, so that one which fails again at once is not retried for ever.
      const ids: string[] = [];
      for (let page: DeadLetter[] = []; ids.length === 0 || page.length === PAGE;) {
        page = await queue.deadLetters(tenant, ids.length, PAGE);
        if (page.length === 0) break;
        ids.push(...page.map(({ job }) => job.id));
      }
      for (const id of ids) await retry(tenant, id);
      return ids.length;
    },
    async dismiss(tenant, id, note) {
      if (!(await queue.discard(tenant, id))) throw unknown(id);
      await ledger.recordOutcome(tenant, id, { kind: 'dismissed', at: clock.now(), note }, options.rememberFor);
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

function login(job: DeadLetter['job'], sealer: Sealer): DeadLetterView['login'] {
  try {
    const { address, idp, reference, at } = JSON.parse(sealer.open(job.payload, job.id)) as AccountRequest;
    return { address, idp, reference, at };
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}
