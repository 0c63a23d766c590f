import t, { type Test } from 'tap';
import { startZivverStandIn, type ZivverStandIn } from '../../src/sandbox/index.js';
import { attributeOf, startCollector, type Collector, type ReceivedSpan } from '../support/collector.js';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { startProgram } from '../support/program.js';
import { startRedis } from '../support/redis.js';
import { metricValue, startRunning, until, type Running, type RunningOptions } from '../support/running.js';
import { mainFile, startServe } from '../support/serve.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const TRACEPARENT = { traceparent: `00-${TRACE}-${CALLER}-01` };
const TOKEN = 'scim-token-of-example-org';
const okta = idpContent({ unsolicited: 'allow' });

async function startZivver(t: Test): Promise<ZivverStandIn> {
  const zivver = await startZivverStandIn({
    domain: 'example.org',
    domainKey: { attribute: 'https://zivver.com/SAML/Attributes/DomainKey', value: 'the-domain-key-of-example-org' },
    scimToken: TOKEN,
  });
  t.teardown(() => zivver.close());
  return zivver;
}

function provisioning(zivver: ZivverStandIn) {
  const scim = { baseUrl: zivver.scimUrl, token: { file: 'certs/scim-token' } };
  return { mode: 'scim', scim, waitForAccount: '0s' };
}

const spanNamed = (spans: readonly ReceivedSpan[], name: string) => spans.find((span) => span.name === name);

t.test('a login, its steps, its job and the calls to Zivver are one trace, begun by whoever called', async (t) => {
  const [zivver, collector] = [await startZivver(t), await startCollector(t)];
  const headersOfCalls: (string | null)[] = [];
  const running = await startRunning(t, {
    gateway: {
      provisioning: provisioning(zivver),
      telemetry: { endpoint: collector.endpoint, serviceName: 'sso', headers: { 'x-key': { file: 'certs/key' } } },
    },
    files: { 'certs/scim-token': TOKEN, 'certs/key': 'key-of-the-collector' },
    idps: { okta },
    withWorker: true,
    services: {
      fetch: (input, init) => {
        const request = new Request(input, init);
        if (request.url.startsWith(zivver.scimUrl)) headersOfCalls.push(request.headers.get('traceparent'));
        return fetch(request);
      },
    },
  });
  t.equal((await logIn({ publicUrl: running.publicUrl, headers: TRACEPARENT })).status, 200);
  const spans = await until(
    () => collector.spans(),
    (all) => ['login', 'deliver', 'provision account', 'SCIM POST Users'].every((name) => spanNamed(all, name)),
  );
  t.same(new Set(spans.map(({ traceId }) => traceId)), new Set([TRACE]));
  const login = spanNamed(spans, 'login');
  t.match(login, { parentSpanId: CALLER, kind: 2, status: {} });
  t.equal(attributeOf(login, 'claims_gateway.idp'), 'okta');
  t.equal(attributeOf(login, 'claims_gateway.code'), 'OK');
  t.match(attributeOf(login, 'claims_gateway.reference'), /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  const steps = spans.filter(({ parentSpanId, kind }) => parentSpanId === login?.spanId && kind === 1);
  t.same(
    steps.map(({ name }) => name),
    ['decode', 'parse', 'verify', 'validate', 'claim', 'inject', 'reissue', 'sign', 'enqueue', 'deliver'],
  );
  const nanos = (text: string | undefined) => BigInt(text ?? '0');
  for (const step of steps) {
    t.ok(nanos(step.startTimeUnixNano) >= nanos(login?.startTimeUnixNano) - 2_000_000n, `${step.name} is inside`);
    t.ok(nanos(step.endTimeUnixNano) <= nanos(login?.endTimeUnixNano) + 2_000_000n);
    t.ok(nanos(step.startTimeUnixNano) <= nanos(step.endTimeUnixNano));
  }
  const job = spanNamed(spans, 'provision account');
  t.match(job, { parentSpanId: login?.spanId, kind: 5, status: {} });
  t.equal(attributeOf(job, 'claims_gateway.outcome'), 'created');
  t.equal(attributeOf(job, 'claims_gateway.reference'), attributeOf(login, 'claims_gateway.reference'));
  const calls = spans.filter(({ kind }) => kind === 3);
  t.same(
    calls.map(({ name, parentSpanId }) => [name, parentSpanId]),
    [
      ['SCIM GET Users', job?.spanId],
      ['SCIM POST Users', job?.spanId],
    ],
  );
  t.same(
    calls.map((call) => attributeOf(call, 'http.response.status_code')),
    ['200', '201'],
  );
  t.same(
    headersOfCalls.filter((header) => header !== null),
    calls.map(({ spanId }) => `00-${TRACE}-${spanId}-01`),
    'Zivver is told which call it is',
  );
  t.equal(collector.received[0]?.headers['x-key'], 'key-of-the-collector');
  const resource = collector.received[0]?.body.resourceSpans[0]?.resource.attributes;
  t.match(resource, [{ value: { stringValue: 'sso' } }, {}, { value: { stringValue: /\/test$/ } }]);
  // They are counted once the collector's answer has come back.
  await until(
    async () => metricValue(await running.metrics(), 'spans_total{result="exported"}') ?? 0,
    (exported) => exported >= spans.length,
  );
});

t.test('the trace goes on in a worker of its own process', async (t) => {
  const [zivver, collector, redis] = [await startZivver(t), await startCollector(t), await startRedis(t)];
  const serve = await startServe(t, {
    gateway: {
      store: redis.url,
      dataDirectory: './data',
      provisioning: provisioning(zivver),
      telemetry: { endpoint: collector.endpoint },
    },
    files: { 'certs/scim-token': TOKEN },
    idps: { okta },
  });
  t.equal((await logIn({ publicUrl: serve.publicUrl, headers: TRACEPARENT })).status, 200);
  const worker = await startProgram(t, [
    process.execPath,
    mainFile,
    'worker',
    '--config',
    serve.configuration.directory,
  ]);
  await until(
    () => zivver.accounts(),
    ({ length }) => length === 1,
  );
  t.equal(await worker.stop(), 0, 'what waits is sent before it ends');
  t.equal(await serve.program.stop(), 0);
  const [login, job] = ['login', 'provision account'].map((name) => spanNamed(collector.spans(), name));
  t.equal(login?.traceId, TRACE);
  t.match(job, { traceId: TRACE, parentSpanId: login?.spanId });
  t.equal(instancesOf(collector).size, 2, 'two processes sent spans');
});

function instancesOf({ received }: Collector): Set<unknown> {
  const instances = received.flatMap(({ body }) =>
    body.resourceSpans.map(({ resource }) => JSON.stringify(resource.attributes[2])),
  );
  return new Set(instances);
}

t.test('what is refused before its signature was found good leaves no span; what is refused later does', async (t) => {
  const collector = await startCollector(t);
  const running = await startRunning(t, {
    gateway: { telemetry: { endpoint: collector.endpoint } },
    idps: { okta },
  });
  const { publicUrl } = running;
  const garbage = new URLSearchParams({ SAMLResponse: 'AAAA' });
  for (let count = 0; count < 5; count += 1) {
    await fetch(`${publicUrl}/saml/okta/acs`, { method: 'POST', body: garbage, headers: TRACEPARENT });
  }
  const late = await logIn({ publicUrl, now: Date.now() - 3_600_000 });
  t.equal(late.status, 403);
  await running.stop();
  const logins = collector.spans().filter(({ name }) => name === 'login');
  t.equal(logins.length, 1);
  t.match(logins[0]?.status, { code: 2, message: /^SAML_/ });
  t.equal(attributeOf(logins[0], 'claims_gateway.reference'), late.reference);
  const failed = collector.spans().filter(({ name, status }) => name !== 'login' && status.code === 2);
  t.same(
    failed.map(({ name }) => name),
    ['validate'],
  );
});

t.test('a caller that does not sample is obeyed, and so is the share for everybody else', async (t) => {
  const collector = await startCollector(t);
  const running = await startRunning(t, {
    gateway: { telemetry: { endpoint: collector.endpoint, sample: 0 } },
    idps: { okta },
  });
  const { publicUrl } = running;
  const unsampled = { traceparent: `00-${TRACE}-${CALLER}-00` };
  for (const headers of [{}, unsampled, { traceparent: 'nonsense' }]) {
    t.equal((await logIn({ publicUrl, headers })).status, 200);
  }
  t.equal((await logIn({ publicUrl, headers: TRACEPARENT })).status, 200);
  await running.stop();
  t.equal(collector.spans().filter(({ name }) => name === 'login').length, 1, 'only the one that was asked for');
});

async function loginsAndStop(t: Test, endpoint: string, gateway: RunningOptions['gateway'] = {}): Promise<Running> {
  const running = await startRunning(t, { gateway: { telemetry: { endpoint }, ...gateway }, idps: { okta } });
  for (let count = 0; count < 20; count += 1) {
    t.equal((await logIn({ publicUrl: running.publicUrl })).status, 200);
  }
  return running;
}

t.test('a collector that is away, refuses or hangs fails no login and is counted', async (t) => {
  const refusing = await startCollector(t, (response) => response.writeHead(500).end());
  for (const endpoint of ['http://127.0.0.1:9/v1/traces', refusing.endpoint]) {
    const running = await loginsAndStop(t, endpoint);
    const dropped = await until(
      async () => metricValue(await running.metrics(), 'spans_total{result="dropped"}'),
      (count) => count !== null && count > 0,
    );
    t.ok(dropped);
    await until(
      () => running.log(),
      (log) => log.includes('the collector takes no spans'),
    );
    t.equal((await running.ready()).status, 200);
    await running.stop();
  }
});

t.test('a collector that hangs holds neither a login nor the end of the process', async (t) => {
  const hanging = await startCollector(t, () => undefined);
  const running = await loginsAndStop(t, hanging.endpoint, { shutdownTimeout: '1s' });
  await until(
    () => hanging.received,
    ({ length }) => length > 0,
  );
  // The collector would hold each batch for longer than that; what is cut off is dropped.
  await running.stop();
  t.notMatch(running.log(), /cut off/);
});

t.test('telemetry is switched on and off by a reload', async (t) => {
  const collector = await startCollector(t);
  const running = await startRunning(t, { idps: { okta } });
  const { publicUrl, gateway } = running;
  await logIn({ publicUrl });
  running.rewrite({ telemetry: { endpoint: collector.endpoint } });
  t.ok(await gateway.reload());
  t.equal((await running.health()).checks['configuration']?.state, 'pass', 'no restart is needed');
  await logIn({ publicUrl });
  await until(
    () => collector.spans(),
    (spans) => spanNamed(spans, 'login') !== undefined,
  );
  running.rewrite({});
  t.ok(await gateway.reload());
  await logIn({ publicUrl });
  await running.stop();
  t.equal(collector.spans().filter(({ name }) => name === 'login').length, 1);
});
