import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import {
  createOtlpTracer,
  formatTraceparent,
  Metrics,
  nextContext,
  noTracer,
  parseTraceparent,
  type OtlpOptions,
} from '../../src/observe/index.js';
import { systemRandom } from '../../src/shared/index.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const clock = { now: () => 1_700_000_000_123 };

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: { resourceSpans: { resource: object; scopeSpans: { spans: Record<string, unknown>[] }[] }[] };
}

async function collector(t: Test, status = 200) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({
        headers: request.headers,
        body: JSON.parse(Buffer.concat(chunks).toString()) as Received['body'],
      });
      response.writeHead(status).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  const spans = () =>
    received.flatMap(({ body }) =>
      body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    );
  return { endpoint, received, spans };
}

function tracer(endpoint: string, more: Partial<OtlpOptions> = {}) {
  const metrics = new Metrics({ clock, version: '1', processMetrics: false });
  const service = { name: 'claims-gateway', version: '1.2.3', instance: 'serve' };
  const options = { endpoint, service, clock, random: systemRandom, fetch, metrics, sendEvery: 10_000, ...more };
  return { metrics, tracer: createOtlpTracer(options) };
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

t.test('without an endpoint nothing is traced and no context is carried', async (t) => {
  const span = noTracer.start('login');
  span.end();
  t.equal(span.context, null);
  await noTracer.close();
});

t.test('spans reach a collector as OTLP over HTTP with JSON', async (t) => {
  const { endpoint, received, spans } = await collector(t);
  const { tracer: traced, metrics } = tracer(endpoint, { headers: { 'x-tenant': 'a' } });
  const root = traced.start('login', {
    kind: 'server',
    attributes: { idp: 'okta', bytes: 8192, share: 0.5, first: true },
  });
  const child = traced.start('verify', { parent: root.context });
  child.end('SIGNATURE_INVALID');
  child.end();
  root.end();
  await traced.close();
  t.equal(received.length, 1, 'one batch');
  t.match(received[0]?.headers, { 'content-type': 'application/json', 'x-tenant': 'a' });
  t.match(received[0]?.body.resourceSpans[0]?.resource, {
    attributes: [{ key: 'service.name', value: { stringValue: 'claims-gateway' } }],
  });
  t.match(spans(), [
    {
      name: 'verify',
      traceId: root.context?.traceId,
      parentSpanId: root.context?.spanId,
      kind: 1,
      status: { code: 2, message: 'SIGNATURE_INVALID' },
      startTimeUnixNano: '1700000000123000000',
    },
    {
      name: 'login',
      kind: 2,
      status: {},
      attributes: [
        { key: 'idp', value: { stringValue: 'okta' } },
        { key: 'bytes', value: { intValue: '8192' } },
        { key: 'share', value: { doubleValue: 0.5 } },
        { key: 'first', value: { boolValue: true } },
      ],
    },
  ]);
  t.equal(spans().length, 2, 'ending twice is ending once');
  t.match(await metrics.render(), 'claims_gateway_spans_total{result="exported"} 2');
});

t.test('spans are sent by themselves after a while', async (t) => {
  const { endpoint, spans } = await collector(t);
  const { tracer: traced } = tracer(endpoint, { sendEvery: 10 });
  for (const round of [1, 2]) {
    traced.start('login').end();
    for (let tries = 0; tries < 300 && spans().length < round; tries += 1) await sleep(10);
    t.equal(spans().length, round);
  }
  await traced.close();
});

t.test('a trace that its beginner does not sample is not sent, but its context goes on', async (t) => {
  const { endpoint, received } = await collector(t);
  const { tracer: traced } = tracer(endpoint);
  const span = traced.start('login', { parent: { traceId: TRACE, spanId: SPAN, sampled: false } });
  span.end();
  await traced.close();
  t.equal(received.length, 0);
  t.match(span.context, { traceId: TRACE, sampled: false });
});

t.test(
  'a queue that is full and a collector that refuses, is away or hangs cost spans, which are counted',
  async (t) => {
    const full = tracer('http://127.0.0.1:9/', { maxWaiting: 2 });
    for (let index = 0; index < 5; index += 1) full.tracer.start('login').end();
    t.match(await full.metrics.render(), 'claims_gateway_spans_total{result="dropped"} 3');
    await full.tracer.close();
    t.match(await full.metrics.render(), 'claims_gateway_spans_total{result="dropped"} 5', 'nobody listens there');

    const refusing = tracer((await collector(t, 503)).endpoint);
    refusing.tracer.start('login').end();
    await refusing.tracer.close();
    t.match(await refusing.metrics.render(), 'claims_gateway_spans_total{result="dropped"} 1');

    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.teardown(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const hanging = tracer(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`, { timeLimit: 50 });
    hanging.tracer.start('login').end();
    const started = Date.now();
    await hanging.tracer.close();
    t.ok(Date.now() - started < 2000);
    t.match(await hanging.metrics.render(), 'claims_gateway_spans_total{result="dropped"} 1');
  },
);
