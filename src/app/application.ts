import type { Logger } from 'pino';
import { configurationFingerprint, type GatewayConfig } from '../config/index.js';
import type { GatewayDeps } from '../gateway/index.js';
import { AuditLog, createLogger, HealthRegistry, Metrics } from '../observe/index.js';
import {
  createProvisioner,
  createProvisioningStatus,
  startWorker,
  type Provisioner,
  type ProvisioningEvents,
  type ProvisioningStatus,
  type ProvisioningWorker,
  type Sealer,
} from '../provisioning/index.js';
import { createIdSource, type Clock, type IdSource, type RandomBytes } from '../shared/index.js';
import { auditFile } from './audit-file.js';
import { Generation } from './generation.js';
import { concessionsCheck, idpChecks, provisioningCheck, signingKeyCheck, storeCheck } from './health-checks.js';
import type { MetadataFetcher } from './metadata/index.js';
import { metricSources } from './metric-sources.js';
import { provisioningEvents } from './provisioning-events.js';
import { openStores, type Stores } from './stores.js';

/** What an application is given from outside. */
export interface ApplicationServices {
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** A clock for durations, ms; never set back. */
  readonly elapsed: () => number;
  readonly fetch: typeof fetch;
  readonly fetcher: MetadataFetcher;
  readonly version: string;
  /** Names this process's audit chain, the same after a restart: `serve`, `serve-1`, `worker`. */
  readonly instance: string;
  readonly log?: Logger;
}

/**
 * The whole program short of its listeners: one generation of the configuration, the stores, provisioning, and what
 * operators watch. What it was opened with stays until it is closed; only the generation changes.
 */
export class Application {
  readonly ids: IdSource;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly health: HealthRegistry;
  readonly audit: AuditLog;
  readonly stores: Stores;
  readonly provisioner: Provisioner;
  readonly status: ProvisioningStatus;
  readonly services: ApplicationServices;
  readonly startedAt: number;
  /** The configuration that listeners and stores were opened with. */
  readonly opened: GatewayConfig;
  readonly #events: ProvisioningEvents;
  #generation: Generation;
  #generationChecks: readonly (() => void)[] = [];
  #worker: ProvisioningWorker | null = null;

  /**
   * Opens the stores and reads the keys; no listener, no worker yet.
   *
   * @throws GatewayError KEY_* or STORE_UNAVAILABLE
   */
  static async open(config: GatewayConfig, services: ApplicationServices): Promise<Application> {
    const log = services.log ?? createLogger({ level: config.logging.level });
    const metrics = new Metrics({ clock: services.clock, version: services.version });
    const stores = openStores(config, {
      clock: services.clock,
      onError: (error) => {
        log.warn({ err: error }, 'the store does not answer');
      },
      onFallback: () => {
        metrics.storeFallback();
      },
    });
    try {
      const audit = await AuditLog.open({
        file: auditFile(config),
        instance: services.instance,
        clock: services.clock,
        maxBytes: config.audit.rotateAt,
        metrics,
      });
      const application = new Application(config, services, { log, metrics, stores, audit });
      await application.generation.start();
      return application;
    } catch (error) {
      await stores.close();
      throw error;
    }
  }

  private constructor(
    config: GatewayConfig,
    services: ApplicationServices,
    parts: { readonly log: Logger; readonly metrics: Metrics; readonly stores: Stores; readonly audit: AuditLog },
  ) {
    const { log, metrics, stores, audit } = parts;
    const { clock } = services;
    this.services = services;
    this.opened = config;
    this.log = log;
    this.metrics = metrics;
    this.stores = stores;
    this.audit = audit;
    this.startedAt = clock.now();
    this.ids = createIdSource(services.random);
    this.health = new HealthRegistry({ clock });
    this.#events = provisioningEvents({ metrics, audit, traces: stores.traces, clock, log });
    this.provisioner = createProvisioner({
      backend: stores.backend,
      spool: stores.spool,
      sealer: this.#sealer,
      clock,
      settingsOf: ({ idp }) => this.generation.idps.find(({ name }) => name === idp)?.provisioning,
      events: this.#events,
    });
    this.status = createProvisioningStatus({ backend: stores.backend, sealer: this.#sealer, clock });
    this.#generation = this.makeGeneration(config);
    this.health.register(storeCheck(stores.state, () => this.generation));
    this.health.register(signingKeyCheck(clock, () => this.generation));
    this.health.register(audit.check());
    this.health.register(concessionsCheck(() => this.generation));
    this.health.register(provisioningCheck(this.status, () => this.generation));
    metrics.setSources(metricSources(this));
    this.#watchGeneration();
  }

  get generation(): Generation {
    return this.#generation;
  }

  /** Whether a configuration that was read just now is the one in force. */
  isInForce(config: GatewayConfig): boolean {
    return configurationFingerprint(config) === this.#generation.fingerprint;
  }

  /** A generation beside the one in force; `adopt` puts it in its place. @throws GatewayError KEY_* */
  makeGeneration(config: GatewayConfig): Generation {
    const { clock, random, fetcher } = this.services;
    return new Generation(config, {
      clock,
      random,
      fetcher,
      state: this.stores.state,
      provisioner: this.provisioner,
      onMetadata: (status) => {
        this.log.info({ idp: status.name, state: status.state, code: status.lastError?.code }, 'metadata');
        void this.audit.append({
          event: 'metadata',
          idp: status.name,
          decision: status.state,
          ...(status.lastError === null ? {} : { code: status.lastError.code, detail: status.lastError.detail }),
        });
      },
    });
  }

  /** From the next request on, this generation counts. */
  async adopt(generation: Generation): Promise<void> {
    const before = this.#generation;
    this.#generation = generation;
    this.#watchGeneration();
    await before.stop();
  }

  /** What the public listener works with. */
  gatewayDeps(): GatewayDeps {
    const { clock, random, elapsed } = this.services;
    return {
      runtime: () => this.generation.runtime,
      clock,
      elapsed,
      ids: this.ids,
      random,
      audit: this.audit,
      metrics: this.metrics,
      traces: this.stores.traces,
    };
  }

  startWorker(): void {
    const { clock, random, fetch, version } = this.services;
    this.#worker ??= startWorker({
      backend: this.stores.backend,
      sealer: this.#sealer,
      tenants: () => this.generation.tenants,
      clock,
      random,
      fetch,
      version,
      events: this.#events,
    });
  }

  /** Finishes held jobs, writes what waits to be written, closes the stores. Every request must have been answered. */
  async close(): Promise<void> {
    await this.#worker?.stop();
    await this.provisioner.close();
    await this.generation.stop();
    const unwritten = await this.audit.close();
    if (unwritten > 0) this.log.error({ unwritten }, 'audit events were not written');
    await this.stores.close();
  }

  /** Keys change with the generation; what was handed the sealer does not. */
  get #sealer(): Sealer {
    return {
      seal: (text, context) => this.generation.sealer.seal(text, context),
      open: (sealed, context) => this.generation.sealer.open(sealed, context),
    };
  }

  #watchGeneration(): void {
    const { generation } = this;
    this.#generationChecks.forEach((unregister) => {
      unregister();
    });
    this.#generationChecks = generation.idps.flatMap((idp) =>
      idpChecks(idp, generation, this.services.clock).map((check) => this.health.register(check)),
    );
    this.metrics.setIdentityProviders(generation.idps.map(({ name }) => name));
  }
}
