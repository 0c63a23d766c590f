import { GatewayError, type Clock } from '../shared/index.js';
import type { Spool } from './embedded/spool.js';
import type { EventSubject, ProvisioningEvents } from './events.js';
import type { AccountRequest, QueuedJob } from './job.js';
import { Ledger } from './ledger.js';
import { decide, type Decision, type LoginFacts } from './policy.js';
import type { Backend } from './queue.js';
import type { AccountIds, Sealer } from './seal.js';
import { SpoolFlusher } from './spool-flusher.js';
import { OutcomeWaiters } from './waiting.js';

export interface ProvisionerOptions {
  readonly backend: Backend;
  /** Where jobs go while the queue is away; null where the queue itself is on this machine. */
  readonly spool: Spool | null;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly events?: ProvisioningEvents;
  /** `observe`: milliseconds from the login to the first look. Default 30 000. */
  readonly observeAfter?: number;
}

/** `spooled`: the queue was away, and the job waits on this machine's disk. */
export type Submission = Decision & { readonly spooled?: boolean };

/** The gateway's side of provisioning. */
export interface Provisioner {
  /**
   * Decides and queues. When it returns, the job is on the queue or in the spool; a skipped login has caused no write.
   * Throws `STORE_UNAVAILABLE` when neither took the job: then the login must not be delivered.
   */
  submit(login: LoginFacts): Promise<Submission>;
  /**
   * Waits until the account exists, at most `limit` milliseconds. `failed`: it needs a person first.
   * Only of use after `create`: an observed account comes into being after the delivery.
   */
  waitForAccount(login: LoginFacts, limit: number): Promise<'exists' | 'failed' | 'timeout'>;
  /** Jobs in the spool. */
  spoolDepth(): number;
  /** Moves spooled jobs to the queue now, as far as it answers; otherwise happens every second by itself. */
  flush(): Promise<void>;
  /** Finishes what is under way. The backend and the spool are the caller's to close. */
  close(): Promise<void>;
}

const OBSERVE_AFTER = 30_000;

export function createProvisioner(options: ProvisionerOptions): Provisioner {
  const { backend, spool, events } = options;
  const ledger = new Ledger(backend.records, options.sealer);
  const waiters = new OutcomeWaiters(ledger);
  const flusher =
    spool === null ? null : new SpoolFlusher(spool, backend.queue, (error) => events?.onFault?.(null, error));

  const put = async (job: QueuedJob, delay: number, queueIsAway: boolean): Promise<boolean> => {
    if (!queueIsAway || spool === null) {
      try {
        await backend.queue.add(job, delay);
        return false;
      } catch (error) {
        if (spool === null || !isUnavailable(error)) throw error;
        events?.onFault?.(job.tenant, error);
      }
    }
    await spool.add(job, delay);
    return true;
  };

  return {
    async submit(login) {
      const wanted = decide(login, false);
      if (wanted.action === 'skip') return wanted;
      const ids = options.sealer.accountIds(login.tenant, login.address);
      const [id] = ids;
      const known = await isKnown(ledger, login.tenant, ids);
      const decision = decide(login, known === true);
      if (decision.action === 'skip') return decision;
      const delay = decision.action === 'observe' ? (options.observeAfter ?? OBSERVE_AFTER) : 0;
      const job = seal(login, id, options.sealer, options.clock.now());
      const spooled = await put(job, delay, known === null);
      events?.onQueued?.(subjectOf(id, login), spooled);
      return { ...decision, spooled };
    },
    async waitForAccount(login, limit) {
      const outcome = await waiters.wait(login.tenant, options.sealer.accountIds(login.tenant, login.address), limit);
      if (outcome === null) return 'timeout';
      return outcome.kind === 'created' || outcome.kind === 'existed' ? 'exists' : 'failed';
    },
    spoolDepth: () => spool?.depth() ?? 0,
    flush: () => flusher?.flush() ?? Promise.resolve(),
    async close() {
      waiters.close();
      await flusher?.close();
    },
  };
}

/** Null: the store cannot say. Creating what exists is found out by the worker, so nobody is refused for that. */
async function isKnown(ledger: Ledger, tenant: string, ids: AccountIds): Promise<boolean | null> {
  try {
    return (await ledger.outcomes(tenant, ids)).some((outcome) => outcome !== null);
  } catch (error) {
    if (isUnavailable(error)) return null;
    throw error;
  }
}

function seal(login: LoginFacts, id: string, sealer: Sealer, now: number): QueuedJob {
  const { tenant, idp, address, accountKey, displayName, reference, at, traceparent } = login;
  const traced = traceparent === undefined ? {} : { traceparent };
  const request: AccountRequest = { tenant, idp, address, accountKey, displayName, reference, at, ...traced };
  return { id, tenant, payload: sealer.seal(JSON.stringify(request), id), since: now };
}

function subjectOf(id: string, login: LoginFacts): EventSubject {
  return { tenant: login.tenant, accountId: id, reference: login.reference, idp: login.idp };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'STORE_UNAVAILABLE';
}
