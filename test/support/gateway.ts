import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import type { Test } from 'tap';
import {
  publicServerOptions,
  registerGateway,
  type GatewayDeps,
  type GatewayRuntime,
  type LoginRoute,
} from '../../src/gateway/index.js';
import { Secret } from '../../src/config/index.js';
import {
  AuditLog,
  createAccountNames,
  createEmbeddedTraceStore,
  deriveRedactionKey,
  logOptions,
  Metrics,
  noTracer,
  type Trace,
  type TraceStore,
} from '../../src/observe/index.js';
import { createEmbeddedBackend, createProvisioner, createSealer, type Backend } from '../../src/provisioning/index.js';
import { createIdSource, systemRandom } from '../../src/shared/index.js';
import { createEmbeddedStore, type StateStore } from '../../src/state/index.js';
import { defaultXmlLimits } from '../../src/xml/index.js';
import { gatewayKeys, idpKeys, NOW, testIdp, testIssuing, testResponse, testSp, ZIVVER_ACS } from './saml-parties.js';
import { signedResponse, type ResponseDescription, type Sealing } from './saml-response.js';

const DATA_KEY = new Uint8Array(32).fill(7);

/** For what takes some milliseconds where the machine has nothing else to do. */
const LONGEST_WAIT_MS = 15_000;

type AuditLine = Readonly<Record<string, unknown>>;

/** The whole public surface on real stores in a directory of its own; Zivver's SCIM service is not asked. */
export interface TestGateway {
  readonly app: FastifyInstance;
  readonly store: StateStore;
  readonly backend: Backend;
  readonly traces: TraceStore;
  /** Makes another configuration the one in force, as a reload does. */
  change(changes: Partial<GatewayRuntime>, route?: Partial<LoginRoute>): void;
  runtime(): GatewayRuntime;
  route(): LoginRoute;
  /** What the clock says from now on, ms. */
  setTime(now: number): void;
  /** What happened to SAML messages, without the lines about the file itself. */
  audit(): Promise<readonly AuditLine[]>;
  metrics(): Promise<string>;
  /** Every line that was logged. */
  log(): string;
  /** The trace of that reference, once it is written. */
  trace(reference: string): Promise<Trace | null>;
}

export interface TestGatewayOptions {
  readonly runtime?: Partial<GatewayRuntime>;
  readonly route?: Partial<LoginRoute>;
  readonly trustProxy?: readonly string[];
  readonly deps?: Partial<GatewayDeps>;
}

export async function startTestGateway(t: Test, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const directory = await mkdtemp(path.join(tmpdir(), 'gateway-test-'));
  let now = NOW;
  const clock = { now: () => now };
  const ids = createIdSource();
  const store = createEmbeddedStore({ path: path.join(directory, 'state'), clock });
  const backend = createEmbeddedBackend({ path: path.join(directory, 'queue'), clock });
  const traces = createEmbeddedTraceStore({
    path: path.join(directory, 'traces'),
    clock,
    bounds: { count: 1000, age: 86_400_000 },
  });
  const audit = await AuditLog.open({ file: path.join(directory, 'audit', 'audit.jsonl'), instance: 'test', clock });
  const metrics = new Metrics({ clock, version: 'test', processMetrics: false });
  const sealer = createSealer({ current: { id: 'test', bytes: new Secret(DATA_KEY) }, previous: [] }, systemRandom);
  const provisioner = createProvisioner({ backend, spool: null, sealer, clock });
  const redactionKey = deriveRedactionKey(DATA_KEY);
  const lines: string[] = [];

  let runtime: GatewayRuntime = {
    publicUrl: 'https://sso.example.org',
    routes: new Map(),
    store,
    sealer,
    limits: {
      bodyBytes: 512 * 1024,
      messageBytes: 256 * 1024,
      xml: defaultXmlLimits,
      requestLifetime: 600_000,
      rate: { requests: 1000, per: 60_000 },
    },
    missingCookie: 'refuse',
    metadata: {
      signingCertificates: [gatewayKeys().certificateBase64],
      decryptionCertificates: [],
      validFor: 86_400_000,
      key: null,
    },
    accountNames: createAccountNames('hashed', redactionKey),
    redactionKey,
    ...options.runtime,
  };
  let route = { ...standardRoute(provisioner), ...options.route };
  const enforce = () => {
    runtime = { ...runtime, routes: options.runtime?.routes ?? new Map([[route.idp.name, route]]) };
    metrics.setIdentityProviders(runtime.routes.keys());
  };
  enforce();

  const deps: GatewayDeps = {
    runtime: () => runtime,
    clock,
    elapsed: () => performance.now(),
    ids,
    random: systemRandom,
    audit,
    metrics,
    traces,
    tracer: noTracer,
    ...options.deps,
  };
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const app = fastify({
    ...publicServerOptions({ ids, trustProxy: options.trustProxy ?? [], metrics }),
    loggerInstance: pino(logOptions('info'), stream),
  }) as unknown as FastifyInstance;
  await registerGateway(app, deps);
  t.teardown(async () => {
    await app.close();
    await provisioner.close();
    await audit.close();
    await traces.close();
    await store.close();
    await backend.close();
    await rm(directory, { recursive: true, force: true });
  });

  return {
    app,
    store,
    backend,
    traces,
    change(changes, routeChanges = {}) {
      route = { ...route, ...routeChanges };
      runtime = { ...runtime, ...changes };
      enforce();
    },
    runtime: () => runtime,
    route: () => route,
    setTime: (time) => {
      now = time;
    },
    audit: async () => {
      await audit.flush();
      return readAudit(path.join(directory, 'audit'));
    },
    metrics: () => metrics.render(),
    log: () => lines.join(''),
    trace: (reference) => eventually(() => traces.find(reference)),
  };
}

function standardRoute(provisioner: LoginRoute['account']['provisioner']): LoginRoute {
  return {
    idp: testIdp({ unsolicited: true, sso: { redirect: 'https://idp.example/sso', post: 'https://idp.example/post' } }),
    sp: testSp(),
    issuing: testIssuing(),
    own: {
      entityId: 'https://sso.example.org/saml/okta/metadata',
      acsUrl: 'https://sso.example.org/saml/okta/acs',
      ssoUrl: 'https://sso.example.org/saml/okta/sso',
    },
    request: {
      binding: 'redirect',
      forceAuthn: 'carry',
      nameIdPolicy: 'carry',
      requestedAuthnContext: 'carry',
      key: null,
    },
    deliverTo: ZIVVER_ACS,
    delivery: { kind: 'browser' },
    startUrl: 'https://app.zivver.com/',
    intercept: false,
    account: {
      mode: 'scim',
      tenant: 'example',
      domain: 'example.org',
      accountKeyAttribute: 'https://zivver.com/SAML/Attributes/ZivverAccountKey',
      displayNameAttribute: 'urn:oid:2.5.4.42',
      waitForAccount: 0,
      provisioner,
    },
  };
}

async function readAudit(directory: string): Promise<readonly AuditLine[]> {
  const files = (await readdir(directory)).sort();
  const texts = await Promise.all(files.map((file) => readFile(path.join(directory, file), 'utf8')));
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditLine)
    .filter(({ event }) => event === 'login' || event === 'request');
}

async function eventually<Result>(find: () => Promise<Result | null>): Promise<Result | null> {
  const deadline = performance.now() + LONGEST_WAIT_MS;
  for (;;) {
    const found = await find();
    if (found !== null || performance.now() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A response of the test's IdP, in base64; unsolicited unless said otherwise. */
export async function idpResponse(
  changes: Partial<ResponseDescription> = {},
  sealing: Partial<Sealing> = {},
): Promise<string> {
  const xml = await signedResponse(testResponse({ inResponseTo: null, ...changes }), {
    key: idpKeys().signingKey(),
    ...sealing,
  });
  return Buffer.from(xml, 'utf8').toString('base64');
}

export interface PostOptions {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly remoteAddress?: string;
}

/** Posts a form as a browser does. */
export function postForm(
  app: FastifyInstance,
  fields: Readonly<Record<string, string>> | string,
  { path: url = '/saml/okta/acs', headers = {}, remoteAddress }: PostOptions = {},
): Promise<LightMyRequestResponse> {
  return app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  });
}

/** The value of a hidden field, unescaped; null where the page has none of that name. */
export function hiddenField(html: string, name: string): string | null {
  const value = new RegExp(`<input type="hidden" name="${name}" value="([^"]*)"`).exec(html)?.[1];
  return value === undefined ? null : unescapeHtml(value);
}

function unescapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|#39|amp);/g, (_all, name: string) => entities[name] ?? '');
}

/** The reference that an error page shows. */
export function referenceOf(html: string): string | null {
  return /<dd>([0-9A-Z-]{14})<\/dd>/.exec(html)?.[1] ?? null;
}
