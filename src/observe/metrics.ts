import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { errorTable, type Clock, type ErrorCode } from '../shared/index.js';
import type { HealthRegistry, HealthReport } from './health.js';
import { METRIC_PREFIX, metricDefinitions, type LoginStage, type MetricName } from './metric-definitions.js';
import { withinTime } from './time-limit.js';

export type ResultCode = ErrorCode | 'OK';
export type ExpiryKind = 'signing' | 'decryption' | 'tls' | 'service_provider' | 'idp_certificate' | 'idp_metadata';
export type StoreOperation = 'claim_once' | 'put_request' | 'find_request' | 'take_request' | 'ping';
export type AttemptClass =
  'ok' | 'transient' | 'throttled' | 'credential' | 'permanent' | 'suspect' | 'absent' | 'unreadable';
export type ProvisioningDecision = 'create' | 'observe' | 'other-domain' | 'known' | 'not-a-user' | 'off';
export type ProvisioningOutcome = 'created' | 'existed' | 'failed' | 'dismissed';
export type FollowUpKind = 'name' | 'address-case' | 'inactive' | 'several-matches' | 'functional-account';

export interface QueueGauges {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly dead: number;
  readonly pausedTenants: number;
  /** Milliseconds; null when nothing waits. */
  readonly oldestAge: number | null;
  /** When any worker last reported, ms since 1970; null while none has. */
  readonly lastHeartbeat: number | null;
}

export interface Expiry {
  readonly kind: ExpiryKind;
  /** Key id or name of the IdP. */
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface MetadataFetch {
  readonly idp: string;
  /** Milliseconds since 1970. */
  readonly confirmedAt: number;
}

/** What is asked at each scrape. A source that fails or hangs loses its gauges, and only them. */
export interface MetricSources {
  readonly queue?: () => QueueGauges | Promise<QueueGauges>;
  /** Jobs in this machine's spool: apart from the queue, since it is in use while the queue cannot be asked. */
  readonly spool?: () => number;
  readonly expiries?: () => readonly Expiry[];
  readonly metadata?: () => readonly MetadataFetch[];
}

export interface MetricsOptions {
  readonly clock: Clock;
  readonly version: string;
  /** Whether the metrics of Node.js and of the process are there too. Default true. */
  readonly processMetrics?: boolean;
  /** How long a source may take, ms. Default 500. */
  readonly timeLimit?: number;
}

/** The program's metrics, in a registry of their own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #clock: Clock;
  readonly #timeLimit: number;
  readonly #counters = new Map<MetricName, Counter>();
  readonly #gauges = new Map<MetricName, Gauge>();
  readonly #histograms = new Map<MetricName, Histogram>();
  readonly #clockDifferences = new Map<string, number>();
  #idps: ReadonlySet<string> = new Set();
  #sources: MetricSources = {};

  constructor({ clock, version, processMetrics = true, timeLimit = 500 }: MetricsOptions) {
    this.#clock = clock;
    this.#timeLimit = timeLimit;
    for (const name of Object.keys(metricDefinitions) as MetricName[]) this.#create(name);
    if (processMetrics) collectDefaultMetrics({ register: this.#registry });
    this.#set('build_info', { version, node: process.version }, 1);
    // There from the start, so that the first loss is an increase.
    this.auditEvents('lost', 0);
  }

  /** The IdPs of the configuration now in force; any other name is counted as `unknown`. */
  setIdentityProviders(names: Iterable<string>): void {
    const next = new Set(names);
    for (const idp of this.#idps) {
      if (next.has(idp)) continue;
      this.#clockDifferences.delete(idp);
      this.#gauge('idp_clock_difference_seconds').remove({ idp });
    }
    this.#idps = next;
  }

  setSources(sources: MetricSources): void {
    this.#sources = sources;
  }

  /** @param duration milliseconds */
  login(idp: string | null, code: ResultCode, duration: number): void {
    this.#count('logins_total', { idp: this.#idpLabel(idp), code: codeLabel(code) });
    this.#observe('login_duration_seconds', { result: resultOf(code) }, duration);
  }

  /** @param duration milliseconds */
  stage(stage: LoginStage, duration: number): void {
    this.#observe('login_stage_duration_seconds', { stage }, duration);
  }

  authenticationRequest(idp: string | null, code: ResultCode): void {
    this.#count('authentication_requests_total', { idp: this.#idpLabel(idp), code: codeLabel(code) });
  }

  delivery(delivery: 'browser' | 'proxy', code: ResultCode): void {
    this.#count('deliveries_total', { delivery, code: codeLabel(code) });
  }

  /** @param route the pattern as registered (`/saml/:idp/acs`), never the path; undefined when none matched */
  httpRequest(listener: 'public' | 'operations', route: string | undefined, status: number): void {
    const known = Number.isInteger(status) && status >= 100 && status <= 599;
    this.#count('http_requests_total', {
      listener,
      route: route ?? 'unmatched',
      status: known ? status.toString() : 'other',
    });
  }

  storeError(operation: StoreOperation): void {
    this.#count('store_errors_total', { operation });
  }

  storeFallback(): void {
    this.#count('store_fallbacks_total', {});
  }

  provisioningDecision(decision: ProvisioningDecision): void {
    this.#count('provisioning_decisions_total', { decision });
  }

  provisioningAttempt(attempt: AttemptClass): void {
    this.#count('provisioning_attempts_total', { class: attempt });
  }

  provisioningOutcome(outcome: ProvisioningOutcome): void {
    this.#count('provisioning_outcomes_total', { outcome });
  }

  provisioningFollowUp(kind: FollowUpKind): void {
    this.#count('provisioning_follow_ups_total', { kind });
  }

  /** @param duration milliseconds */
  provisioningWait(result: 'exists' | 'failed' | 'timeout', duration: number): void {
    this.#observe('provisioning_wait_seconds', { result }, duration);
  }

  /** @param difference the IdP's clock minus ours, milliseconds */
  clockDifference(idp: string, difference: number): void {
    if (!this.#idps.has(idp)) return;
    this.#clockDifferences.set(idp, difference);
    this.#set('idp_clock_difference_seconds', { idp }, difference / 1000);
  }

  /** The difference that was told last, milliseconds; null before the first. */
  clockDifferenceOf(idp: string): number | null {
    return this.#clockDifferences.get(idp) ?? null;
  }

  auditEvents(result: 'written' | 'lost', count: number): void {
    this.#count('audit_events_total', { result }, count);
  }

  auditWaiting(lines: number): void {
    this.#set('audit_waiting_lines', {}, lines);
  }

  traceError(): void {
    this.#count('trace_errors_total', {});
  }

  spans(result: 'exported' | 'dropped', count: number): void {
    this.#count('spans_total', { result }, count);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Asks the health checks and the sources, at once and each within its time limit, and renders everything. */
  async render(health?: HealthRegistry): Promise<string> {
    const sources = [this.#readQueue(), this.#readSpool(), this.#readExpiries(), this.#readMetadata()];
    const [report] = await Promise.all([health?.report(), ...sources]);
    if (report !== undefined) this.#health(report);
    return this.#registry.metrics();
  }

  #health(report: HealthReport): void {
    this.#set('ready', {}, report.ready ? 1 : 0);
    const states = this.#gauge('health_check_state');
    // A check that is gone (an IdP was removed) leaves no series behind.
    states.reset();
    for (const { name, state } of report.checks) states.set({ check: name }, { pass: 0, warn: 1, fail: 2 }[state]);
  }

  async #readQueue(): Promise<void> {
    const gauges = ['queue_jobs', 'queue_oldest_job_age_seconds', 'dead_letters'] as const;
    await this.#read(
      'queue',
      this.#sources.queue,
      [...gauges, 'paused_tenants', 'worker_heartbeat_age_seconds'],
      (queue) => {
        this.#set('queue_jobs', { state: 'waiting' }, queue.waiting);
        this.#set('queue_jobs', { state: 'delayed' }, queue.delayed);
        this.#set('queue_jobs', { state: 'active' }, queue.active);
        this.#set('queue_oldest_job_age_seconds', {}, (queue.oldestAge ?? 0) / 1000);
        this.#set('dead_letters', {}, queue.dead);
        this.#set('paused_tenants', {}, queue.pausedTenants);
        if (queue.lastHeartbeat !== null) {
          this.#set('worker_heartbeat_age_seconds', {}, (this.#clock.now() - queue.lastHeartbeat) / 1000);
        }
      },
    );
  }

  async #readSpool(): Promise<void> {
    await this.#read('spool', this.#sources.spool, ['spool_jobs'], (jobs) => {
      this.#set('spool_jobs', {}, jobs);
    });
  }

  async #readExpiries(): Promise<void> {
    await this.#read('expiries', this.#sources.expiries, ['expiry_seconds'], (expiries) => {
      for (const { kind, owner, expiresAt } of expiries) {
        this.#set('expiry_seconds', { kind, owner }, (expiresAt - this.#clock.now()) / 1000);
      }
    });
  }

  async #readMetadata(): Promise<void> {
    await this.#read('metadata', this.#sources.metadata, ['idp_metadata_age_seconds'], (fetches) => {
      for (const { idp, confirmedAt } of fetches) {
        this.#set('idp_metadata_age_seconds', { idp }, (this.#clock.now() - confirmedAt) / 1000);
      }
    });
  }

  async #read<Answer>(
    source: keyof MetricSources,
    ask: (() => Answer | Promise<Answer>) | undefined,
    gauges: readonly MetricName[],
    record: (answer: Answer) => void,
  ): Promise<void> {
    let answer: Answer | undefined;
    let failed = false;
    if (ask !== undefined) {
      try {
        answer = await withinTime(runAsync(ask), this.#timeLimit);
      } catch {
        failed = true;
      }
    }
    // Emptied and filled in one go, so that two scrapes at once do not see each other's half.
    for (const gauge of gauges) this.#clear(gauge);
    if (failed) this.#count('scrape_failures_total', { source });
    else if (answer !== undefined) record(answer);
  }

  #clear(name: MetricName): void {
    const gauge = this.#gauge(name);
    gauge.reset();
    // reset() puts an unlabelled gauge back to 0, which would be a statement; absent is the truth.
    gauge.remove({});
  }

  #idpLabel(idp: string | null): string {
    return idp !== null && this.#idps.has(idp) ? idp : 'unknown';
  }

  #create(name: MetricName): void {
    const { type, help, labels, buckets } = metricDefinitions[name];
    const common = { name: METRIC_PREFIX + name, help, labelNames: Object.keys(labels), registers: [this.#registry] };
    if (type === 'counter') this.#counters.set(name, new Counter(common));
    else if (type === 'gauge') this.#gauges.set(name, new Gauge(common));
    else this.#histograms.set(name, new Histogram({ ...common, ...(buckets && { buckets: [...buckets] }) }));
  }

  #gauge(name: MetricName): Gauge {
    const gauge = this.#gauges.get(name);
    if (gauge === undefined) throw new TypeError(`${name} is not a gauge`);
    return gauge;
  }

  #set(name: MetricName, labels: Record<string, string>, value: number): void {
    this.#gauge(name).set(labels, value);
  }

  #count(name: MetricName, labels: Record<string, string>, by = 1): void {
    this.#counters.get(name)?.inc(labels, by);
  }

  /** @param duration milliseconds */
  #observe(name: MetricName, labels: Record<string, string>, duration: number): void {
    this.#histograms.get(name)?.observe(labels, duration / 1000);
  }
}

async function runAsync<Answer>(ask: () => Answer | Promise<Answer>): Promise<Answer> {
  return ask();
}

function codeLabel(code: ResultCode): string {
  return code === 'OK' || Object.hasOwn(errorTable, code) ? code : 'INTERNAL';
}

function resultOf(code: ResultCode): 'delivered' | 'refused' | 'failed' {
  if (code === 'OK') return 'delivered';
  return errorTable[code].status >= 500 ? 'failed' : 'refused';
}
