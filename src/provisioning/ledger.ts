import { GatewayError } from '../shared/index.js';
import type { FollowUpKind, OutcomeKind } from './events.js';
import type { Pause, RecordStore } from './queue.js';
import type { Sealer } from './seal.js';

/** How provisioning of an account ended. */
export interface Outcome {
  readonly kind: OutcomeKind;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What differs between a login and the account that was found; for a person to settle, never changed by the gateway. */
export interface FollowUp {
  readonly kind: FollowUpKind;
  /** What the login says. */
  readonly login: string | null;
  /** What Zivver says. */
  readonly account: string | null;
}

/** The follow-ups of one account. */
export interface FollowUpEntry {
  readonly accountId: string;
  readonly address: string;
  readonly reference: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly items: readonly FollowUp[];
}

/** The follow-ups of one account as a person sees them. */
export interface FollowUpView {
  readonly accountId: string;
  /** Null when they cannot be decrypted. */
  readonly entry: Omit<FollowUpEntry, 'accountId'> | null;
}

export interface WorkerBeat {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const FOLLOW_UPS = 'follow-ups';
const WORKERS = 'workers';
const PAUSE = 'pause';
const PROBE = 'probe';

/** What all processes know together about a tenant's accounts. Personal data is sealed. Throws `STORE_UNAVAILABLE`. */
export class Ledger {
  readonly #records: RecordStore;
  readonly #sealer: Sealer;

  constructor(records: RecordStore, sealer: Sealer) {
    this.#records = records;
    this.#sealer = sealer;
  }

  async outcomes(tenant: string, ids: readonly string[]): Promise<(Outcome | null)[]> {
    const values = await this.#records.get(tenant, ids.map(outcomeKey));
    return values.map((value) => (value === null ? null : (JSON.parse(value) as Outcome)));
  }

  async recordOutcome(tenant: string, id: string, outcome: Outcome, lifetime: number): Promise<void> {
    await this.#records.set(tenant, outcomeKey(id), JSON.stringify(outcome), lifetime);
  }

  async forgetOutcome(tenant: string, id: string): Promise<void> {
    await this.#records.remove(tenant, outcomeKey(id));
  }

  async recordFollowUps(tenant: string, entry: FollowUpEntry): Promise<void> {
    const sealed = this.#sealer.seal(JSON.stringify(entry), followUpContext(tenant, entry.accountId));
    await this.#records.listPut(tenant, FOLLOW_UPS, entry.accountId, sealed);
  }

  /** Returns false when the account has none. */
  settleFollowUps(tenant: string, id: string): Promise<boolean> {
    return this.#records.listRemove(tenant, FOLLOW_UPS, id);
  }

  async followUps(tenant: string, limit: number): Promise<FollowUpView[]> {
    const entries = await this.#records.listEntries(tenant, FOLLOW_UPS, limit);
    return entries.map(({ id, value }) => ({ accountId: id, entry: this.#open(tenant, id, value) }));
  }

  #open(tenant: string, id: string, value: string): FollowUpView['entry'] {
    try {
      return JSON.parse(this.#sealer.open(value, followUpContext(tenant, id))) as FollowUpEntry;
    } catch (error) {
      // One whose data key was taken away must not keep the others from being seen.
      if (error instanceof GatewayError) return null;
      throw error;
    }
  }

  followUpCount(tenant: string): Promise<number> {
    return this.#records.listCount(tenant, FOLLOW_UPS);
  }

  async pause(tenant: string): Promise<Pause | null> {
    const [value] = await this.#records.get(tenant, [PAUSE]);
    return value === null || value === undefined ? null : (JSON.parse(value) as Pause);
  }

  /** Returns false when the tenant is paused already; the first reason stands. */
  recordPause(tenant: string, pause: Pause): Promise<boolean> {
    return this.#records.claim(tenant, PAUSE, JSON.stringify(pause), null);
  }

  async forgetPause(tenant: string): Promise<void> {
    await this.#records.remove(tenant, PAUSE);
  }

  /** True for one process in `every` milliseconds. */
  claimProbe(tenant: string, every: number): Promise<boolean> {
    return this.#records.claim(tenant, PROBE, '1', every);
  }

  async beat(tenant: string, worker: WorkerBeat): Promise<void> {
    await this.#records.listPut(tenant, WORKERS, worker.id, String(worker.at));
  }

  async forgetWorker(tenant: string, id: string): Promise<void> {
    await this.#records.listRemove(tenant, WORKERS, id);
  }

  /** Forgets workers that gave no sign of life since a time: they were killed. */
  async forgetSilentWorkers(tenant: string, since: number): Promise<void> {
    const silent = (await this.workers(tenant)).filter(({ at }) => at < since);
    await Promise.all(silent.map(({ id }) => this.forgetWorker(tenant, id)));
  }

  async workers(tenant: string): Promise<WorkerBeat[]> {
    const entries = await this.#records.listEntries(tenant, WORKERS, 1_000);
    return entries.map(({ id, value }) => ({ id, at: Number(value) }));
  }
}

function outcomeKey(id: string): string {
  return `outcome:${id}`;
}

function followUpContext(tenant: string, id: string): string {
  return `follow-up:${tenant}:${id}`;
}
