import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Secret } from '../../src/config/index.js';
import {
  createOtlpTracer,
  formatTraceparent,
  Metrics,
  nextContext,
  noTracer,
  parseTraceparent,
  type OtlpOptions,
  type OtlpSettings,
} from '../../src/observe/index.js';
import { systemRandom } from '../../src/shared/index.js';
import { startCollector } from '../support/collector.js';
import { metricValue, until } from '../support/running.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const clock = { now: () => 1_700_000_000_123 };

function tracer(endpoint: string, more: Partial<OtlpOptions> = {}, settings: Partial<OtlpSettings> = {}) {
  const metrics = new Metrics({ clock, version: '1', processMetrics: false });
  const given = { endpoint, headers: {}, serviceName: 'gateway-a', sample: 1, ...settings };
  const told: (string | null)[] = [];
  const traced = createOtlpTracer({
    settings: () => given,
    service: { version: '1.2.3', instance: 'host/serve' },
    clock,
    elapsed: () => 0,
    random: systemRandom,
    fetch,
    metrics,
    onCollector: (failure) => told.push(failure),
    sendEvery: 10_000,
    ...more,
  });
  const count = async (result: 'exported' | 'dropped') =>
    metricValue(await metrics.render(), `spans_total{result="${result}"}`) ?? 0;
  return { tracer: traced, count, told };
}

t.test('traceparent is read and written as W3C Trace Context says', (t) => {
  const header = `00-${TRACE}-${SPAN}-01`;
  t.same(parseTraceparent(header), { traceId: TRACE, spanId: SPAN, sampled: true });
  t.equal(parseTraceparent(`00-${TRACE}-${SPAN}-00`)?.sampled, false);
  t.ok(parseTraceparent(`01-${TRACE}-${SPAN}-01-more`), 'a later version');
  t.equal(formatTraceparent({ traceId: TRACE, spanId: SPAN, sampled: true }), header);
  for (const wrong of [
    '',
    `${header}-more`,
    header.toUpperCase(),
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    ` ${header}`,
  ]) {
    t.equal(parseTraceparent(wrong), null, wrong);
  }
  t.end();
});

t.test('a child keeps the trace and takes a new span id', (t) => {
  const child = nextContext({ traceId: TRACE, spanId: SPAN, sampled: false }, systemRandom);
  t.match(child, { traceId: TRACE, sampled: false });
  t.not(child.spanId, SPAN);
  t.match(nextContext(null, systemRandom), { traceId: /^[0-9a-f]{32}$/, spanId: /^[0-9a-f]{16}$/, sampled: true });
  t.end();
});

t.test('a share of the new traces is sampled, by their id; a parent decides for its children', (t) => {
  const ids = Array.from({ length: 2000 }, () => nextContext(null, systemRandom, 0.25));
  const share = ids.filter(({ sampled }) => sampled).length / ids.length;
  t.ok(share > 0.15 && share < 0.35, `a quarter: ${share}`);
  const early = { ...nextContext(null, () => new Uint8Array(16).fill(1), 0.25) };
  t.equal(early.sampled, true, 'an id that begins low');
  t.equal(nextContext(null, () => new Uint8Array(16).fill(0xff), 0.25).sampled, false);
  t.equal(nextContext(null, () => new Uint8Array(16).fill(0xff), 1).sampled, true);
  t.equal(nextContext(null, () => new Uint8Array(16), 0).sampled, false);
  t.equal(nextContext({ traceId: TRACE, spanId: SPAN, sampled: true }, systemRandom, 0).sampled, true);
  t.end();
});

t.test('where nobody wants spans nothing is traced and no context is carried', async (t) => {
  const { tracer: off, count } = tracer('http://127.0.0.1:9/', { settings: () => null });
  for (const each of [noTracer, off]) {
    const span = each.start('login');
    span.end();
    each.add({ name: 'step', ago: 0, duration: 1 });
    t.equal(span.context, null);
    await each.close(1000);
  }
  t.equal(await count('dropped'), 0);
});

t.test('spans reach a collector as OTLP over HTTP with JSON', async (t) => {
  const { endpoint, received, spans } = await startCollector(t);
  let elapsed = 5;
  const headers = { 'x-tenant': new Secret('a') };
  const { tracer: traced, count } = tracer(endpoint, { elapsed: () => elapsed }, { headers });
  const root = traced.start('login', { kind: 'server', attributes: { idp: 'okta', bytes: 8192 } });
  traced.add({ name: 'verify', parent: root.context, ago: 2, duration: 0.5, code: 'SIGNATURE_INVALID' });
  elapsed = 8.25;
  root.end({ attributes: { share: 0.5, first: true } });
  root.end();
  await traced.close(5000);
  t.equal(received.length, 1, 'one batch');
  t.match(received[0]?.headers, { 'content-type': 'application/json', 'x-tenant': 'a' });
  t.match(received[0]?.body.resourceSpans[0]?.resource.attributes, [
    { key: 'service.name', value: { stringValue: 'gateway-a' } },
    { key: 'service.version', value: { stringValue: '1.2.3' } },
    { key: 'service.instance.id', value: { stringValue: 'host/serve' } },
  ]);
  t.match(spans(), [
    {
      name: 'verify',
      traceId: root.context?.traceId,
      parentSpanId: root.context?.spanId,
      kind: 1,
      status: { code: 2, message: 'SIGNATURE_INVALID' },
      startTimeUnixNano: '1700000000120500000',
      endTimeUnixNano: '1700000000121000000',
    },
    {
      name: 'login',
      kind: 2,
      status: {},
      startTimeUnixNano: '1700000000119750000',
      endTimeUnixNano: '1700000000123000000',
      attributes: [
        { key: 'idp', value: { stringValue: 'okta' } },
        { key: 'bytes', value: { intValue: '8192' } },
        { key: 'share', value: { doubleValue: 0.5 } },
        { key: 'first', value: { boolValue: true } },
      ],
    },
  ]);
  t.equal(spans().length, 2, 'ending twice is ending once');
  t.notOk(spans()[1]?.parentSpanId);
  t.equal(await count('exported'), 2);
});

t.test('spans are sent by themselves after a while', async (t) => {
  const { endpoint, spans } = await startCollector(t);
  const { tracer: traced } = tracer(endpoint, { sendEvery: 10 });
  for (const round of [1, 2]) {
    traced.start('login').end();
    await until(spans, ({ length }) => length >= round);
    t.equal(spans().length, round);
  }
  await traced.close(1000);
});

t.test('spans that come while others are on their way are sent too', async (t) => {
  let release = (): void => undefined;
  const { endpoint, spans } = await startCollector(t, (response) => {
    release = () => response.end('{}');
  });
  const { tracer: traced, count } = tracer(endpoint, { sendEvery: 1 });
  traced.start('one').end();
  await until(spans, ({ length }) => length === 1);
  traced.start('two').end();
  release();
  await until(spans, ({ length }) => length === 2);
  release();
  await until(
    () => count('exported'),
    (exported) => exported === 2,
  );
  await sleep(5);
  traced.start('three').end();
  await until(spans, ({ length }) => length === 3);
  release();
  await traced.close(1000);
});

t.test('a trace that its beginner does not sample is not sent, but its context goes on', async (t) => {
  const { endpoint, received } = await startCollector(t);
  const { tracer: traced } = tracer(endpoint);
  const span = traced.start('login', { parent: { traceId: TRACE, spanId: SPAN, sampled: false } });
  traced.add({ name: 'step', parent: span.context, ago: 0, duration: 1 });
  span.end();
  await traced.close(1000);
  t.equal(received.length, 0);
  t.match(span.context, { traceId: TRACE, sampled: false });
});

t.test('a queue that is full costs spans, which are counted', async (t) => {
  const { endpoint, spans } = await startCollector(t);
  const { tracer: traced, count } = tracer(endpoint, { maxWaiting: 2 });
  for (let index = 0; index < 5; index += 1) traced.start('login').end();
  t.equal(await count('dropped'), 3);
  await traced.close(1000);
  t.equal(spans().length, 2);
  t.equal(await count('exported'), 2);
});

t.test('a collector that is away, refuses or redirects costs spans, which are counted, and is told once', async (t) => {
  const elsewhere = await startCollector(t);
  const cases = {
    'nobody listens': 'http://127.0.0.1:9/v1/traces',
    'status 503': (await startCollector(t, (response) => response.writeHead(503).end())).endpoint,
    'a redirect, which would carry the headers elsewhere': (
      await startCollector(t, (response) => response.writeHead(307, { location: elsewhere.endpoint }).end())
    ).endpoint,
    'half an answer': (await startCollector(t, (response) => response.destroy())).endpoint,
  };
  for (const [what, endpoint] of Object.entries(cases)) {
    const { tracer: traced, count, told } = tracer(endpoint);
    for (let index = 0; index < 600; index += 1) traced.start('login').end();
    await traced.close(5000);
    t.equal(await count('dropped'), 600, what);
    t.equal(told.length, 1, 'two batches failed, and it is told once');
    t.type(told[0], 'string');
  }
  t.equal(elsewhere.received.length, 0);
});

t.test('a collector that hangs is given up after the time limit; one that comes back is told', async (t) => {
  const collector = await startCollector(t, () => undefined);
  const { tracer: traced, count, told } = tracer(collector.endpoint, { timeLimit: 50, sendEvery: 1 });
  traced.start('login').end();
  await until(
    () => count('dropped'),
    (dropped) => dropped === 1,
  );
  collector.answer((response) => response.end('{}'));
  // Again and again: on a machine that is busy an answer may come later than the limit.
  await until(
    () => {
      traced.start('login').end();
      return count('exported');
    },
    (exported) => exported > 0,
  );
  t.same([told[0], told.at(-1)], ['TimeoutError', null]);
  await traced.close(1000);
});

t.test('closing takes no longer than it may, whatever the collector does', async (t) => {
  const { endpoint } = await startCollector(t, () => undefined);
  const { tracer: traced, count } = tracer(endpoint, { timeLimit: 600_000 });
  for (let index = 0; index < 1500; index += 1) traced.start('login').end();
  await traced.close(100);
  t.equal(await count('dropped'), 1500, 'three batches, none of which was taken');
});

t.test('spans that wait while telemetry is switched off are dropped and counted', async (t) => {
  const { endpoint, received } = await startCollector(t);
  const given: { settings: OtlpSettings | null } = {
    settings: { endpoint, headers: {}, serviceName: 'a', sample: 1 },
  };
  const { tracer: traced, count } = tracer(endpoint, { settings: () => given.settings });
  traced.start('login').end();
  given.settings = null;
  await traced.close(1000);
  t.equal(received.length, 0);
  t.equal(await count('dropped'), 1);
});
