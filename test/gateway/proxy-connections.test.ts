import { once } from 'node:events';
import { request, type ClientRequest } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { idpResponse, postForm, startTestGateway, type TestGateway } from '../support/gateway.js';
import { testSp } from '../support/saml-parties.js';
import { until } from '../support/running.js';

const ACS = 'https://app.example/app/consumer/';
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone';

interface Upstream {
  /** Request lines in the order in which they came, each with the number of its connection. */
  readonly seen: readonly string[];
  readonly connections: () => number;
}

/** A service provider at the level of its sockets. `nth` counts the requests of a connection from 1. */
async function startSockets(
  t: Test,
  answer: (socket: Socket, nth: number, line: string) => void,
  more: { readonly body?: number; readonly timeout?: number } = {},
): Promise<Upstream & { gateway: TestGateway }> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    const connection = (count += 1);
    let nth = 0;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      const line = /^(?:GET|HEAD|POST|PUT) \S+/.exec(data.toString('latin1'))?.[0];
      // The rest of a body.
      if (line === undefined) return;
      nth += 1;
      seen.push(`${connection}: ${line}`);
      answer(socket, nth, line);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const target = { prefix: '/app/', upstream, timeout: more.timeout ?? 5000, body: more.body ?? 100_000 };
  const gateway = await startTestGateway(t, {
    route: { sp: testSp({ acsUrls: [ACS] }), deliverTo: ACS, delivery: { kind: 'proxy', target } },
  });
  return { gateway, seen, connections: () => count };
}

/** Answers the first request of a connection and closes it under the second, as a server does whose patience ended. */
function closesUnderTheSecond(socket: Socket, nth: number): void {
  if (nth === 1) socket.write(ANSWER);
  else socket.destroy();
}

void t.test('a connection that went stale costs a GET nothing: it is asked once more', async (t) => {
  const { gateway, seen } = await startSockets(t, closesUnderTheSecond);
  t.equal((await gateway.app.inject({ url: '/app/a' })).statusCode, 200);
  t.equal((await gateway.app.inject({ url: '/app/b' })).body, 'done');
  t.same(seen, ['1: GET /app/a', '1: GET /app/b', '2: GET /app/b']);
});

void t.test('what breaks every time is asked twice and no more', async (t) => {
  const { gateway, seen } = await startSockets(t, (socket) => socket.destroy());
  t.equal((await gateway.app.inject({ url: '/app/a' })).statusCode, 502);
  t.equal(seen.length, 2);
});

void t.test('what may change something is never sent twice', async (t) => {
  const { gateway, seen } = await startSockets(t, (socket) => socket.destroy());
  const answer = await gateway.app.inject({ method: 'POST', url: '/app/a', payload: 'x' });
  t.equal(answer.statusCode, 502);
  t.same(seen, ['1: POST /app/a']);
});

void t.test('a silence is not asked again', async (t) => {
  const { gateway, seen } = await startSockets(t, () => undefined, { timeout: 500 });
  t.equal((await gateway.app.inject({ url: '/app/a' })).statusCode, 504);
  // What ends the silent request looks like a broken connection, and comes after.
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.same(seen, ['1: GET /app/a']);
});

void t.test('the form that ends a login gets a connection of its own, so that none can be stale', async (t) => {
  const { gateway, seen } = await startSockets(t, closesUnderTheSecond);
  t.equal((await gateway.app.inject({ url: '/app/a' })).statusCode, 200);
  for (const connection of [2, 3]) {
    const ids = { responseId: `_r${connection}`, assertionId: `_a${connection}` };
    const posted = await postForm(gateway.app, { SAMLResponse: await idpResponse(ids) });
    t.equal(posted.statusCode, 200);
    t.equal(posted.body, 'done');
    t.equal(seen.at(-1), `${connection}: POST /app/consumer/`);
  }
});

void t.test('a form whose connection breaks is not sent again: it may have arrived', async (t) => {
  const { gateway, seen } = await startSockets(t, (socket) => socket.destroy());
  const posted = await postForm(gateway.app, { SAMLResponse: await idpResponse() });
  t.equal(posted.statusCode, 502);
  t.same(seen, ['1: POST /app/consumer/']);
  t.match(await gateway.audit(), [{ code: 'UPSTREAM_UNREACHABLE', decision: 'refuse' }]);
});

async function postAndLeave(
  { gateway, seen }: Awaited<ReturnType<typeof startSockets>>,
  path: string,
  body: string,
): Promise<void> {
  const address = await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const browser: ClientRequest = request(`${address}${path}`, { method: 'POST', headers, agent: false });
  browser.on('error', () => undefined);
  browser.end(body);
  await until(
    () => seen.length,
    (count) => count === 1,
  );
  browser.destroy();
}

void t.test('a browser that leaves while its login is delivered: what became of it is still recorded', async (t) => {
  const waiting: Socket[] = [];
  const started = await startSockets(t, (socket) => waiting.push(socket));
  const { gateway } = started;
  const body = new URLSearchParams({ SAMLResponse: await idpResponse() }).toString();
  await postAndLeave(started, '/saml/okta/acs', body);
  t.strictSame(await gateway.audit(), [], 'nobody knows yet');
  waiting[0]?.write(ANSWER);
  await until(
    () => gateway.audit(),
    (lines) => lines.length === 1,
  );
  t.match(await gateway.audit(), [{ code: 'OK', decision: 'deliver' }]);
  t.match(await gateway.metrics(), 'claims_gateway_deliveries_total{delivery="proxy",code="OK"} 1');
  t.equal((await gateway.app.inject({ url: '/saml/metadata' })).statusCode, 200, 'and the gateway goes on');
});

void t.test('a browser that leaves, and a service provider that then fails: the failure is recorded', async (t) => {
  const waiting: Socket[] = [];
  const started = await startSockets(t, (socket) => waiting.push(socket));
  const body = new URLSearchParams({ SAMLResponse: await idpResponse() }).toString();
  await postAndLeave(started, '/saml/okta/acs', body);
  waiting[0]?.destroy();
  await until(
    () => started.gateway.audit(),
    (lines) => lines.length === 1,
  );
  t.match(await started.gateway.audit(), [{ code: 'UPSTREAM_UNREACHABLE', decision: 'refuse' }]);
});

void t.test('a browser that leaves while something passes through ends that exchange', async (t) => {
  const waiting: Socket[] = [];
  const started = await startSockets(t, (socket) => waiting.push(socket));
  await postAndLeave(started, '/app/slow', 'x=1');
  waiting[0]?.write(ANSWER);
  t.equal((await started.gateway.app.inject({ url: '/saml/metadata' })).statusCode, 200);
  t.strictSame(await started.gateway.audit(), []);
});

void t.test('a body above the limit does not pass through, and one that lies about its length neither', async (t) => {
  const { gateway, seen } = await startSockets(t, (socket) => socket.write(ANSWER), { body: 10_000 });
  const declared = await gateway.app.inject({ method: 'PUT', url: '/app/a', payload: 'x'.repeat(10_001) });
  t.equal(declared.statusCode, 413);
  t.same(seen, [], 'nothing of it was sent on');
  t.equal((await gateway.app.inject({ method: 'PUT', url: '/app/a', payload: 'x'.repeat(10_000) })).statusCode, 200);
});

void t.test('a body without a length is cut off at the limit', async (t) => {
  const { gateway } = await startSockets(t, () => undefined, { body: 10_000 });
  const address = await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const outgoing = request(`${address}/app/a`, { method: 'POST', agent: false }, (answer) => {
      resolve(answer.statusCode);
      answer.destroy();
    });
    outgoing.on('error', reject);
    for (let part = 0; part < 11; part += 1) outgoing.write('x'.repeat(1000));
  });
  t.equal(status, 413);
  t.match(gateway.log(), 'HTTP_BODY_TOO_LARGE');
});
