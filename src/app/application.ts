import type { Logger } from 'pino';
import { configurationFingerprint, type GatewayConfig } from '../config/index.js';
import type { GatewayDeps } from '../gateway/index.js';
import { AuditLog, createLogger, HealthRegistry, Metrics, withinTime, type Tracer } from '../observe/index.js';
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
import { createIdSource, type IdSource } from '../shared/index.js';
import { auditFile } from './audit-file.js';
import { Generation, type GenerationServices } from './generation.js';
import { fixedChecks, idpChecks } from './checks/index.js';
import { readKeyMaterial } from './key-material.js';
import type { MetadataStatus } from './metadata/index.js';
import { certificateEvents } from './metadata-events.js';
import { recordPublishedKeys } from './published-keys.js';
import { provisioningEvents } from './provisioning-events.js';
import type { ApplicationServices } from './services.js';
import { storeComplaints } from './store-complaints.js';
import { openStores, type Stores } from './stores.js';
import { telemetry } from './telemetry.js';

/** What a shutdown did not finish. */
export interface Left {
  /** Connections whose requests were cut off. */
  readonly connections: number;
  /** Jobs in hand; another worker takes them up. */
  readonly jobs: number;
  /** Jobs that wait on this machine's disk for the queue to come back. */
  readonly spooled: number;
  /** Events that were not written to the audit log. */
  readonly auditEvents: number;
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
  readonly tracer: Tracer;
  readonly stores: Stores;
  readonly provisioner: Provisioner;
  readonly status: ProvisioningStatus;
  readonly services: ApplicationServices;
  readonly startedAt: number;
  /** The configuration that listeners and stores were opened with. */
  readonly opened: GatewayConfig;
  readonly #events: ProvisioningEvents;
  #generation: Generation;
  /** By name and weight, so that a check that stays keeps its `since` over a reload. */
  readonly #idpChecks = new Map<string, () => void>();
  /** By IdP: what the audit log was told last. */
  readonly #metadataTold = new Map<string, MetadataStatus>();
  #worker: ProvisioningWorker | null = null;

  /**
   * Opens the stores and reads the keys; no listener, no worker yet.
   *
   * @throws GatewayError KEY_* or STORE_UNAVAILABLE
   */
  static async open(config: GatewayConfig, services: ApplicationServices): Promise<Application> {
    const log = services.log ?? createLogger({ level: config.logging.level });
    const metrics = new Metrics({ clock: services.clock, version: services.version });
    const stores = await openStores(config, {
      clock: services.clock,
      onError: storeComplaints(log, services.clock),
      onFallback: () => {
        metrics.storeFallback();
      },
    });
    const opened: { close(): Promise<unknown> }[] = [stores];
    try {
      const audit = await AuditLog.open({
        file: auditFile(config),
        instance: services.instance,
        clock: services.clock,
        maxBytes: config.audit.rotateAt,
        metrics,
        ...(services.openAuditSegment === undefined ? {} : { openSegment: services.openAuditSegment }),
      });
      opened.unshift(audit);
      const application = new Application(config, services, { log, metrics, stores, audit });
      await application.generation.start();
      await application.#recordPublishedKeys();
      return application;
    } catch (error) {
      for (const each of opened) await each.close();
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
    this.tracer = telemetry(services, { metrics, log, config: () => this.generation.config });
    this.#events = provisioningEvents({ metrics, audit, traces: stores.traces, clock, log });
    this.provisioner = createProvisioner({
      backend: stores.backend,
      spool: stores.spool,
      sealer: this.#sealer,
      clock,
      events: this.#events,
    });
    this.status = createProvisioningStatus({ backend: stores.backend, sealer: this.#sealer, clock });
    this.#generation = this.#make(config, null);
    this.health.register(audit.check());
    const current = () => this.generation;
    const { provisioner, status } = this;
    for (const check of fixedChecks({ clock, state: stores.state, provisioner, status, current })) {
      this.health.register(check);
    }
    this.#watchGeneration();
  }

  get generation(): Generation {
    return this.#generation;
  }

  /** Whether what was read just now is in force already, key files included. */
  isInForce(config: GatewayConfig): boolean {
    const { fingerprint, keyMaterial } = this.#generation;
    return configurationFingerprint(config) === fingerprint && readKeyMaterial(config) === keyMaterial;
  }

  /** A generation beside the one in force; `adopt` puts it in its place. @throws GatewayError KEY_* */
  makeGeneration(config: GatewayConfig): Generation {
    return this.#make(config, this.#generation);
  }

  #make(config: GatewayConfig, before: Generation | null): Generation {
    const { clock, random, fetcher, pace } = this.services;
    const services: GenerationServices = {
      clock,
      random,
      fetcher,
      state: this.stores.state,
      provisioner: this.provisioner,
      ...(pace?.metadata === undefined ? {} : { metadataTiming: pace.metadata }),
      onMetadata: (status) => {
        this.#onMetadata(status);
      },
    };
    return new Generation(config, services, before);
  }

  #onMetadata(status: MetadataStatus): void {
    // A source may serve several generations, one after the other: what counts is the one in force.
    this.#generation.refresh();
    this.log.info({ idp: status.name, state: status.state, code: status.lastError?.code }, 'metadata');
    void this.audit.append({
      event: 'metadata',
      idp: status.name,
      decision: status.state,
      ...(status.lastError === null ? {} : { code: status.lastError.code, detail: status.lastError.detail }),
    });
    for (const event of certificateEvents(this.#metadataTold.get(status.name), status)) void this.audit.append(event);
    this.#metadataTold.set(status.name, status);
  }

  /** From the next request on, this generation counts. */
  async adopt(generation: Generation): Promise<void> {
    const before = this.#generation;
    generation.refresh();
    this.#generation = generation;
    this.#watchGeneration();
    await this.#recordPublishedKeys();
    await before.stop(generation);
  }

  /** For `keys promote`, which must not believe the configuration alone. A login does not hang on it. */
  async #recordPublishedKeys(): Promise<void> {
    const { dataDirectory } = this.opened;
    const fingerprints = this.generation.ring.published.map(({ info }) => info.fingerprint);
    await recordPublishedKeys(dataDirectory, fingerprints, this.services.clock.now()).catch((err: unknown) => {
      this.log.warn({ err }, 'since when the keys have been published could not be written down');
    });
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
      tracer: this.tracer,
    };
  }

  startWorker(): void {
    const { clock, random, fetch, version, pace } = this.services;
    this.#worker ??= startWorker({
      backend: this.stores.backend,
      sealer: this.#sealer,
      tenants: () => this.generation.tenants,
      clock,
      random,
      fetch,
      version,
      events: this.#events,
      tracer: this.tracer,
      ...(pace?.workerBeat === undefined ? {} : { beatEvery: pace.workerBeat }),
    });
  }

  /**
   * Runs `finish`, and tells the log that the program ends, why, how long that took, ms, and what was left undone.
   *
   * @param reason the signal, or what else ends it
   */
  async end(reason: string, limits: object, finish: () => Promise<Left>): Promise<void> {
    const { elapsed } = this.services;
    const began = elapsed();
    this.log.info({ reason, ...limits }, 'shutting down');
    const left = await finish();
    this.log.info({ reason, duration: Math.round(elapsed() - began), left }, 'shut down');
  }

  /**
   * Finishes held jobs, writes what waits to be written, closes the stores. Every request must have been answered.
   *
   * @param limit how long that may take, ms; a job that takes longer is taken up again by another worker
   */
  async close(limit: number): Promise<Omit<Left, 'connections'>> {
    const { elapsed } = this.services;
    const until = elapsed() + limit;
    await withinTime(this.#worker?.stop() ?? Promise.resolve(), limit).catch(() => undefined);
    const jobs = this.#worker?.held() ?? 0;
    if (jobs > 0) this.log.warn({ limit, jobs }, 'held jobs were left at shutdown; they are taken up again');
    await this.provisioner.close();
    const spooled = this.provisioner.spoolDepth();
    await this.generation.stop();
    await this.tracer.close(Math.max(0, until - elapsed()));
    const auditEvents = await this.audit.close();
    if (auditEvents > 0) this.log.error({ unwritten: auditEvents }, 'audit events were not written');
    await this.stores.close();
    return { jobs, spooled, auditEvents };
  }

  /** Keys change with the generation; what was handed the sealer does not. */
  get #sealer(): Sealer {
    return {
      seal: (text, context) => this.generation.sealer.seal(text, context),
      open: (sealed, context) => this.generation.sealer.open(sealed, context),
      accountIds: (tenant, address) => this.generation.sealer.accountIds(tenant, address),
    };
  }

  #watchGeneration(): void {
    const { generation } = this;
    const { metrics, services } = this;
    const checks = idpChecks(generation, { clock: services.clock, metrics, current: () => this.generation });
    const wanted = new Map(checks.map((check) => [`${check.name} ${check.readiness}`, check]));
    for (const [key, unregister] of this.#idpChecks) {
      if (wanted.has(key)) continue;
      unregister();
      this.#idpChecks.delete(key);
    }
    for (const [key, check] of wanted) {
      if (!this.#idpChecks.has(key)) this.#idpChecks.set(key, this.health.register(check));
    }
    this.metrics.setIdentityProviders(generation.idps.map(({ name }) => name));
  }
}
