import { Writable } from 'node:stream';
import { pino } from 'pino';
import {
  Application,
  readConfiguration,
  requireConfiguration,
  startGateway,
  systemServices,
  type ApplicationServices,
  type RunningGateway,
} from '../../src/app/index.js';
import { logOptions } from '../../src/observe/index.js';
import { writeConfiguration, type TestConfiguration } from './configuration.js';
import { servePlace, type ServePlace } from './serve.js';

interface Teardown {
  teardown(action: () => unknown): void;
}

export interface RunningOptions {
  readonly gateway?: Readonly<Record<string, unknown>>;
  readonly idps?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly services?: Partial<ApplicationServices>;
  readonly withWorker?: boolean;
  /** Asked for by the operations listener; `ready`, `health` and `metrics` send it. */
  readonly operationsToken?: string;
  /** Files of the public listener's TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

interface CheckAnswer {
  readonly state: 'pass' | 'warn' | 'fail';
  readonly readiness: boolean;
  readonly since: string;
  readonly detail: string;
  readonly remedy: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface HealthAnswer {
  readonly state: 'pass' | 'warn' | 'fail';
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, CheckAnswer>>;
  readonly identityProviders: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly queue: Readonly<Record<string, unknown>> | null;
}

/** A whole gateway with both listeners, on a configuration directory, in this process: its clock can be moved. */
export interface Running extends ServePlace {
  readonly application: Application;
  readonly gateway: RunningGateway;
  readonly configuration: TestConfiguration;
  readonly base: Readonly<Record<string, unknown>>;
  /** Writes gateway.yaml with these keys over what it began with. */
  rewrite(changes: Readonly<Record<string, unknown>>): void;
  /** Moves the gateway's clock, ms. */
  shift(milliseconds: number): void;
  now(): number;
  ready(): Promise<{ readonly status: number; readonly failing: readonly string[] }>;
  health(): Promise<HealthAnswer>;
  metrics(): Promise<string>;
  /** Every line that was logged. */
  log(): string;
  stop(): Promise<void>;
}

export async function startRunning(t: Teardown, options: RunningOptions = {}): Promise<Running> {
  const place = await servePlace(t);
  const base = {
    publicUrl: place.publicUrl,
    listen: {
      host: '127.0.0.1',
      port: Number(new URL(place.publicUrl).port),
      ...(options.tls === undefined ? {} : { tls: options.tls }),
    },
    operations: {
      host: '127.0.0.1',
      port: Number(new URL(place.operationsUrl).port),
      ...(options.operationsToken === undefined ? {} : { token: { file: 'certs/operations-token' } }),
    },
    audit: { directory: 'audit' },
    ...options.gateway,
  };
  const configuration = writeConfiguration(place.root);
  configuration.gateway(base);
  const files = { 'certs/operations-token': options.operationsToken ?? '', ...options.files };
  for (const [path, text] of Object.entries(files)) configuration.write(path, text);
  for (const [name, content] of Object.entries(options.idps ?? {})) configuration.idp(name, content);
  const request = { directory: configuration.directory, env: {} };
  let offset = 0;
  const now = () => Date.now() + offset;
  const lines: string[] = [];
  const log = pino(logOptions('info'), collecting(lines));
  const services = { ...systemServices('test'), clock: { now }, log, ...options.services };
  const application = await Application.open(requireConfiguration(readConfiguration(request)), services);
  const gateway = await startGateway(application, { request, withWorker: options.withWorker ?? false, place: 1 });
  let stopped: Promise<void> | null = null;
  const stop = () => (stopped ??= gateway.stop('the test ends'));
  t.teardown(stop);
  const headers = { authorization: `Bearer ${options.operationsToken ?? ''}` };
  const ask = (path: string) => fetch(`${place.operationsUrl}${path}`, { headers });
  return {
    ...place,
    application,
    gateway,
    configuration,
    base,
    rewrite: (changes) => {
      configuration.gateway({ ...base, ...changes });
    },
    shift: (milliseconds) => {
      offset += milliseconds;
    },
    now,
    ready: async () => {
      const response = await ask('/readyz');
      const { failing } = (await response.json()) as { failing: string[] };
      return { status: response.status, failing };
    },
    health: async () => (await (await ask('/healthz')).json()) as HealthAnswer,
    metrics: async () => (await ask('/metrics')).text(),
    log: () => lines.join(''),
    stop,
  };
}

function collecting(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
}

/** The value of a series, such as `ready` or `health_check_state{check="store"}`; null where there is none. */
export function metricValue(text: string, series: string): number | null {
  const line = text.split('\n').find((each) => each.startsWith(`claims_gateway_${series} `));
  return line === undefined ? null : Number(line.slice(line.lastIndexOf(' ') + 1));
}

/** Asks again until the answer fits. @throws Error with the last answer after `limit` ms */
export async function until<T>(ask: () => Promise<T> | T, fits: (answer: T) => boolean, limit = 30_000): Promise<T> {
  const deadline = performance.now() + limit;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`not so after ${limit} ms: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
