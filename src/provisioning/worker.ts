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
  /** Loops of tenants that have gone, which finish what they have in hand. */
  readonly #ending = new Map<TenantLoop, Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #beating: Promise<void> | null = null;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.backend.records, options.sealer);
    this.#events = options.events ?? {};
    const beat = (): void => {
      this.#beating ??= this.#beat().finally(() => {
        this.#beating = null;
      });
    };
    beat();
    this.#timer = setInterval(beat, options.beatEvery ?? 5_000);
  }

  held(): number {
    return [...this.#loops.values(), ...this.#ending.keys()].reduce((sum, loop) => sum + loop.held, 0);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const tenants = [...this.#loops.keys()];
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop()));
    await Promise.all(this.#ending.values());
    await this.#beating;
    for (const tenant of tenants) await this.#quietly(tenant, () => this.#ledger.forgetWorker(tenant, this.id));
  }

  async #beat(): Promise<void> {
    const begun = this.#followConfiguration();
    const now = this.#options.clock.now();
    await Promise.all(
      [...this.#loops].map(async ([tenant, loop]) => {
        loop.probe();
        await this.#quietly(tenant, () => this.#ledger.beat(tenant, { id: this.id, at: now }));
        if (!begun.includes(tenant)) return;
        await this.#quietly(tenant, () => this.#ledger.forgetSilentWorkers(tenant, now - SILENT_FOR));
      }),
    );
  }

  /** In one go, so that a worker that stops knows all its loops. Returns the tenants that it has begun with. */
  #followConfiguration(): string[] {
    const wanted = new Map(
      this.#options
        .tenants()
        .filter(({ mode }) => mode !== 'off')
        .map((settings) => [settings.tenant, settings]),
    );
    for (const [tenant, loop] of this.#loops) {
      if (wanted.has(tenant)) continue;
      this.#loops.delete(tenant);
      this.#ending.set(loop, this.#end(tenant, loop));
    }
    const begun = [...wanted].filter(([tenant]) => !this.#loops.has(tenant));
    for (const [tenant, settings] of begun) this.#loops.set(tenant, this.#loop(settings));
    return begun.map(([tenant]) => tenant);
  }

  async #end(tenant: string, loop: TenantLoop): Promise<void> {
    await loop.stop();
    this.#ending.delete(loop);
    if (this.#loops.has(tenant)) return;
    await this.#quietly(tenant, () => this.#ledger.forgetWorker(tenant, this.id));
  }

  #loop(first: TenantSettings): TenantLoop {
    const { backend, concurrency, probeEvery } = this.#options;
    const { tenant } = first;
    // A tenant that has just gone or been switched off finishes its jobs with the last settings that it had.
    let settings = first;
    return new TenantLoop({
      tenant,
      queue: backend.queue,
      concurrency: concurrency ?? 8,
      probeEvery: probeEvery ?? 60_000,
      context: () => {
        const now = this.#options.tenants().find((candidate) => candidate.tenant === tenant);
        if (now !== undefined && now.mode !== 'off') settings = now;
        return this.#context(settings);
      },
      onFault: (error) => this.#events.onFault?.(tenant, error),
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
