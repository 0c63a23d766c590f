import type { Test } from 'tap';
import { Secret } from '../../src/config/index.js';
import {
  createDeadLetters,
  createProvisioner,
  createProvisioningStatus,
  createSealer,
  startWorker,
  type Backend,
  type DeadLetters,
  type Failure,
  type Fetch,
  type LoginFacts,
  type OutcomeKind,
  type Provisioner,
  type ProvisioningEvents,
  type ProvisioningStatus,
  type ProvisioningWorker,
  type Sealer,
  type Spool,
  type TenantSettings,
  type WorkerOptions,
} from '../../src/provisioning/index.js';
import { startZivverStandIn, type ZivverStandIn, type ZivverStandInOptions } from '../../src/sandbox/index.js';
import { systemClock, systemRandom, type Clock } from '../../src/shared/index.js';

export const TOKEN = 'scim-token-1';
export const ACCOUNT_KEY = 'account-key-of-';

export const sealer = createSealer(
  { current: { id: 'k1', bytes: new Secret<Uint8Array>(new Uint8Array(32).fill(7)) }, previous: [] },
  systemRandom,
);

export interface Seen {
  readonly outcomes: [OutcomeKind, readonly string[]][];
  readonly failures: Failure[];
  readonly calls: string[];
  readonly notes: string[];
  readonly faults: unknown[];
}

export interface Rig {
  readonly zivver: ZivverStandIn;
  readonly provisioner: Provisioner;
  readonly deadLetters: DeadLetters;
  readonly status: ProvisioningStatus;
  readonly seen: Seen;
  readonly tenant: string;
  settings: TenantSettings;
  login(name: string, change?: Partial<LoginFacts>): LoginFacts;
  work(options?: Partial<WorkerOptions>): ProvisioningWorker;
}

export interface RigOptions {
  readonly settings?: Partial<TenantSettings>;
  readonly zivver?: Partial<ZivverStandInOptions>;
  readonly spool?: Spool;
  readonly observeAfter?: number;
  readonly clock?: Clock;
  /** Default: the one of all tests. */
  readonly sealer?: Sealer;
}

let tenants = 0;

/** A gateway's producer and worker on a backend, with the stand-in for Zivver behind them. */
export async function makeRig(t: Test, backend: Backend, options: RigOptions = {}): Promise<Rig> {
  const zivver = await startZivverStandIn({
    host: '127.0.0.1',
    port: 0,
    domain: 'example.org',
    domainKey: { attribute: 'DomainKey', value: 'unused' },
    scimToken: TOKEN,
    budget: { requests: 100_000, windowMs: 1_000 },
    ...options.zivver,
  });
  t.teardown(() => zivver.close());
  tenants += 1;
  const tenant = `tenant ${tenants} of ${process.pid}`;
  const { seen, events } = recorder();
  const clock = options.clock ?? systemClock;
  const own = options.sealer ?? sealer;
  const rig: Rig = {
    zivver,
    seen,
    tenant,
    settings: settingsFor(tenant, zivver.scimUrl, options.settings),
    provisioner: createProvisioner({
      backend,
      spool: options.spool ?? null,
      sealer: own,
      clock,
      events,
      ...(options.observeAfter === undefined ? {} : { observeAfter: options.observeAfter }),
    }),
    deadLetters: createDeadLetters({ backend, sealer: own, clock, rememberFor: 60_000, events }),
    status: createProvisioningStatus({ backend, sealer: own, clock }),
    login: (name: string, change: Partial<LoginFacts> = {}): LoginFacts => ({
      mode: rig.settings.mode,
      tenant,
      domain: 'example.org',
      idp: 'okta',
      address: `${name.toLowerCase()}@example.org`,
      accountKey: `${ACCOUNT_KEY}${name}`,
      displayName: `${name} Surname`,
      reference: 'ABCD-EFGH-JKMN',
      at: Date.now(),
      ...change,
    }),
    work: (change: Partial<WorkerOptions> = {}): ProvisioningWorker => {
      const worker = startWorker({
        backend,
        sealer: own,
        tenants: () => [rig.settings],
        clock,
        random: systemRandom,
        fetch: globalThis.fetch,
        version: '0.0.0-test',
        events,
        beatEvery: 50,
        ...change,
      });
      t.teardown(() => worker.stop());
      return worker;
    },
  };
  t.teardown(() => rig.provisioner.close());
  return rig;
}

function settingsFor(tenant: string, baseUrl: string, change: Partial<TenantSettings> = {}): TenantSettings {
  return {
    mode: 'scim',
    tenant,
    scim: {
      baseUrl,
      token: new Secret(TOKEN),
      tokenEncoding: 'raw',
      mediaType: 'application/json',
      timeout: 2_000,
    },
    budget: { requests: 1_000, per: 1_000 },
    waitForAccount: 2_000,
    retryFor: 86_400_000,
    rememberFor: 60_000,
    active: true,
    ...change,
  };
}

function recorder(): { seen: Seen; events: ProvisioningEvents } {
  const seen: Seen = { outcomes: [], failures: [], calls: [], notes: [], faults: [] };
  const events: ProvisioningEvents = {
    onQueued: (_subject, spooled) => seen.notes.push(spooled ? 'spooled' : 'queued'),
    onRequest: (_subject, call) => seen.calls.push(`${call.method} ${call.status ?? 'silence'} ${call.class}`),
    onRetry: (_subject, failure) => {
      seen.failures.push(failure);
      seen.notes.push(`retry ${failure.class}`);
    },
    onDeadLetter: (_subject, failure) => {
      seen.failures.push(failure);
      seen.notes.push(`dead ${failure.class}`);
    },
    onOutcome: (_subject, outcome, followUps) => seen.outcomes.push([outcome, followUps]),
    onSettled: (_tenant, _id, how, note) => seen.notes.push(note === null ? how : `${how}: ${note}`),
    onThrottled: (_tenant, wait) => seen.notes.push(`throttled ${wait}`),
    onPaused: (_tenant, pause) => seen.notes.push(`paused ${pause.status}`),
    onResumed: () => seen.notes.push('resumed'),
    onFault: (_tenant, error) => seen.faults.push(error),
  };
  return { seen, events };
}

/** Waits until the condition holds; fails after `limit` milliseconds. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limit = 30_000,
): Promise<void> {
  const deadline = performance.now() + limit;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A fetch that notes each request's method and path before it goes out. */
export function watchedFetch(requests: { method: string; path: string; headers: Headers; body: string }[]): Fetch {
  return (input, init) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    const body = typeof init?.body === 'string' ? init.body : '';
    requests.push({ method: request.method, path: pathname, headers: request.headers, body });
    return globalThis.fetch(input, init);
  };
}
