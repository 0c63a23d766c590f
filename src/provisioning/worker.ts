import { randomUUID } from 'node:crypto';
import { noTracer, type Tracer } from '../observe/index.js';
import type { Clock, RandomBytes } from '../shared/index.js';
import type { ProvisioningEvents } from './events.js';
import type { RunContext } from './job-run.js';
import { Ledger } from './ledger.js';
import type { Backend } from './queue.js';
import { ScimClient, type Fetch } from './scim/client.js';
import type { Sealer } from './seal.js';
import type { Tenants, TenantSettings } from './settings.js';
import { TenantLoop } from './tenant-loop.js';

export interface WorkerOptions {
  readonly backend: Backend;
  readonly sealer: Sealer;
  /** One entry per tenant. Tenants that are `off` are not worked on; their jobs wait. */
  readonly tenants: Tenants;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly fetch: Fetch;
  /** Version of this program, for the User-Agent. */
  readonly version: string;
  readonly events?: ProvisioningEvents;
  /** Takes the spans of jobs and calls. Default: nobody does. */
  readonly tracer?: Tracer;
  /** Jobs in hand at a time, for each tenant. Default 8. */
  readonly concurrency?: number;
  /** Milliseconds between two probes of a refused credential. Default 60 000. */
  readonly probeEvery?: number;
  /** Milliseconds between two signs of life, looks for new tenants and for pauses. Default 5000. */
  readonly beatEvery?: number;
  /** `observe`: milliseconds that an account may take to appear. Default 15 minutes. */
  readonly observeFor?: number;
}

export interface ProvisioningWorker {
  readonly id: string;
  /** How many jobs it has in hand. */
  held(): number;
  /** Stops taking jobs, finishes the calls under way and puts the rest back. The backend is the caller's to close. */
  stop(): Promise<void>;
}

/** Starts working on the queues of all tenants. Any number of workers may run, here or on other machines. */
export function startWorker(options: WorkerOptions): ProvisioningWorker {
  return new Worker(options);
}

const SILENT_FOR = 3_600_000;

class Worker implements ProvisioningWorker {
  readonly id = randomUUID();
  readonly #options: WorkerOptions;
  readonly #ledger: Ledger;
  readonly #events: ProvisioningEvents;
  readonly #loops = new Map<string, TenantLoop>();
  readonly #timer: NodeJS.Timeout;
  #beating: Promise<void>;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.backend.records, options.sealer);
    this.#events = options.events ?? {};
    this.#beating = this.#beat();
    this.#timer = setInterval(() => {
      this.#beating = this.#beating.then(() => this.#beat());
    }, options.beatEvery ?? 5_000);
  }

  held(): number {
    return [...this.#loops.values()].reduce((sum, loop) => sum + loop.held, 0);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const tenants = [...this.#loops.keys()];
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop()));
    await this.#beating;
    for (const tenant of tenants) await this.#quietly(tenant, () => this.#ledger.forgetWorker(tenant, this.id));
  }

  async #beat(): Promise<void> {
    await this.#followConfiguration();
    await Promise.all(
      [...this.#loops].map(async ([tenant, loop]) => {
        await this.#quietly(tenant, () => this.#ledger.beat(tenant, { id: this.id, at: this.#options.clock.now() }));
        await this.#quietly(tenant, () => loop.probe());
      }),
    );
  }

  async #followConfiguration(): Promise<void> {
    const wanted = new Map(
      this.#options
        .tenants()
        .filter(({ mode }) => mode !== 'off')
        .map((settings) => [settings.tenant, settings]),
    );
    for (const [tenant, loop] of this.#loops) {
      if (wanted.has(tenant)) continue;
      this.#loops.delete(tenant);
      await loop.stop();
      await this.#quietly(tenant, () => this.#ledger.forgetWorker(tenant, this.id));
    }
    for (const [tenant, settings] of wanted) {
      if (this.#loops.has(tenant)) continue;
      this.#loops.set(tenant, this.#loop(settings));
      const since = this.#options.clock.now() - SILENT_FOR;
      await this.#quietly(tenant, () => this.#ledger.forgetSilentWorkers(tenant, since));
    }
  }

  #loop(first: TenantSettings): TenantLoop {
    const { backend, concurrency, probeEvery } = this.#options;
    const { tenant } = first;
    // A tenant that has just gone from the configuration finishes its jobs with the last settings that it had.
    let settings = first;
    return new TenantLoop({
      tenant,
      queue: backend.queue,
      concurrency: concurrency ?? 8,
      probeEvery: probeEvery ?? 60_000,
      context: () => {
        settings = this.#options.tenants().find((candidate) => candidate.tenant === tenant) ?? settings;
        return this.#context(settings);
      },
    });
  }

  #context(settings: TenantSettings): RunContext {
    const { backend, sealer, clock, random, fetch, version, tracer, observeFor } = this.#options;
    const { tenant, scim } = settings;
    if (scim === undefined) throw new TypeError(`the tenant ${tenant} has no SCIM connection`);
    return {
      settings,
      client: new ScimClient({ scim, fetch, version }),
      budget: backend.budget,
      ledger: this.#ledger,
      sealer,
      clock,
      random,
      events: this.#events,
      tracer: tracer ?? noTracer,
      observeFor: observeFor ?? 900_000,
      stopTenant: (status, detail) => this.#stopTenant(tenant, status, detail),
    };
  }

  async #stopTenant(tenant: string, status: number, detail: string): Promise<void> {
    const pause = { status, detail, since: this.#options.clock.now() };
    const isNew = await this.#ledger.recordPause(tenant, pause);
    await this.#options.backend.queue.pause(tenant);
    if (isNew) this.#events.onPaused?.(tenant, pause);
  }

  async #quietly(tenant: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#events.onFault?.(tenant, error);
    }
  }
}
