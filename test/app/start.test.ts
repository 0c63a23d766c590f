import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { idpContent, writeConfiguration } from '../support/configuration.js';
import { logIn, loginForm } from '../support/logins.js';
import { startProgram } from '../support/program.js';
import { startRedis } from '../support/redis.js';
import { until } from '../support/running.js';
import { mainFile, servePlace, startServe } from '../support/serve.js';

const okta = idpContent({ unsolicited: 'allow' });

interface Upstream {
  /** An IdP whose logins go there. */
  readonly idp: Record<string, unknown>;
  /** Until the first request has come. */
  readonly asked: () => Promise<unknown>;
  /** To what has come so far. */
  readonly answer: () => void;
}

/** A service provider behind the gateway that answers when it is told to. */
async function behindProxy(t: Test): Promise<Upstream> {
  const waiting: Socket[] = [];
  const upstream = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => waiting.push(socket));
  }).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  t.teardown(() => upstream.close());
  const proxy = { prefix: '/api/', upstream: `http://127.0.0.1:${portOf(upstream)}` };
  return {
    idp: { ...okta, delivery: 'proxy', serviceProvider: { proxy } },
    asked: () =>
      until(
        () => waiting.length,
        (count) => count > 0,
      ),
    answer: () => {
      for (const socket of waiting) {
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ndone');
      }
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function auditOf(root: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const names = (await readdir(join(root, 'audit'))).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(root, 'audit', name), 'utf8')));
  const lines = texts.join('').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

async function failing(operationsUrl: string): Promise<readonly string[] | null> {
  const response = await fetch(`${operationsUrl}/readyz`);
  return ((await response.json()) as { failing: string[] }).failing;
}

t.test('a port that is taken ends the start with status 3 and the port', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => other.close());
  const port = portOf(other);
  const { operationsUrl, root } = await servePlace(t);
  for (const taken of ['listen', 'operations']) {
    const configuration = writeConfiguration(root);
    configuration.idp('okta', okta);
    const free = { host: '127.0.0.1', port: Number(new URL(operationsUrl).port) };
    configuration.gateway({ listen: free, operations: free, [taken]: { host: '127.0.0.1', port } });
    const program = await startProgram(t, [process.execPath, mainFile, 'serve', '--config', configuration.directory]);
    t.equal(await program.exited, 3, taken);
    t.match(program.stderr(), `LISTEN_FAILED: Cannot listen on 127.0.0.1 port ${port}`);
  }
});

t.test('a store that is away at the start: starts, is not ready, says so, and recovers by itself', async (t) => {
  const redis = await startRedis(t);
  await redis.kill();
  const serve = await startServe(t, {
    gateway: { store: redis.url, provisioning: { mode: 'off' } },
    idps: { okta },
    until: 'live',
  });
  t.same(
    await until(
      () => failing(serve.operationsUrl),
      (names) => names?.length === 1,
    ),
    ['store'],
  );
  const { checks } = (await (await fetch(`${serve.operationsUrl}/healthz`)).json()) as {
    checks: Record<string, { state: string; detail: string; remedy: string }>;
  };
  t.match(checks['store'], { state: 'fail', detail: /takes no claims/, remedy: /Bring it back/ });
  const refused = await logIn({ publicUrl: serve.publicUrl });
  t.equal(refused.status, 503, 'a replay could not be ruled out');
  t.ok(refused.reference);

  await redis.restart();
  await until(
    () => failing(serve.operationsUrl),
    (names) => names?.length === 0,
  );
  t.equal((await logIn({ publicUrl: serve.publicUrl })).status, 200);
  t.equal(await serve.program.stop(), 0);
});

t.test('a store that is away does not keep the process from ending', async (t) => {
  const redis = await startRedis(t);
  const serve = await startServe(t, { gateway: { store: redis.url }, idps: { okta } });
  await redis.kill();
  const since = Date.now();
  t.equal(await serve.program.stop(), 0);
  t.ok(Date.now() - since < 8000, 'within seconds');
});

t.test('SIGTERM under load: not ready, every login that began is finished, exit 0', async (t) => {
  const serve = await startServe(t, { idps: { okta } });
  const { publicUrl, operationsUrl, program } = serve;
  let stopping = false;
  const answers: number[] = [];
  const turnedAway: unknown[] = [];
  const forms = await Promise.all(Array.from({ length: 300 }, () => loginForm({ publicUrl })));
  const visitor = async () => {
    for (let form = forms.pop(); form !== undefined; form = forms.pop()) {
      try {
        const response = await fetch(`${publicUrl}/saml/okta/acs`, { method: 'POST', body: form });
        await response.text();
        answers.push(response.status);
      } catch (error) {
        if (!stopping) throw error;
        turnedAway.push(error);
        return;
      }
    }
  };
  const visitors = Array.from({ length: 8 }, visitor);
  await until(
    () => answers.length,
    (count) => count > 20,
  );
  stopping = true;
  program.signal('SIGTERM');
  await Promise.all(visitors);
  t.equal(await program.exited, 0);
  t.ok(answers.length > 20);
  t.same([...new Set(answers)], [200], 'what was answered was answered in full');
  for (const error of turnedAway) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    // Turned away at the door, or a connection that was idle; never in the middle of an answer.
    t.match(cause, { code: /ECONNREFUSED|UND_ERR_SOCKET|ECONNRESET/ });
  }
  await t.rejects(fetch(`${operationsUrl}/livez`), 'nothing answers any more');
});

t.test('while requests are finished the gateway says that it is not ready', async (t) => {
  const { idp, asked, answer: finish } = await behindProxy(t);
  const serve = await startServe(t, { idps: { okta: idp } });
  const held = logIn({ publicUrl: serve.publicUrl });
  await asked();
  serve.program.signal('SIGTERM');
  const response = await until(
    () => fetch(`${serve.operationsUrl}/readyz`),
    ({ status }) => status === 503,
  );
  t.match(await response.json(), { draining: true });
  finish();
  const answer = await held;
  t.equal(answer.status, 200);
  t.equal(answer.html, 'done', 'the login under way was finished');
  t.equal(await serve.program.exited, 0);
});

t.test('shutdownDelay: a load balancer hears that the gateway is not ready while logins are still taken', async (t) => {
  const serve = await startServe(t, { gateway: { shutdownDelay: '4s' }, idps: { okta } });
  const { publicUrl, operationsUrl, program } = serve;
  program.signal('SIGTERM');
  await until(
    async () => (await fetch(`${operationsUrl}/readyz`)).status,
    (status) => status === 503,
  );
  t.equal((await logIn({ publicUrl })).status, 200, 'a new connection is taken');
  t.equal(await program.exited, 0);
});

t.test('shutdownDelay: SIGINT waits for nobody', async (t) => {
  const serve = await startServe(t, { gateway: { shutdownDelay: '10m' }, idps: { okta } });
  serve.program.signal('SIGINT');
  t.equal(await serve.program.exited, 0);
});

t.test('what takes longer than shutdownTimeout is cut off, and the process ends all the same', async (t) => {
  const { idp, asked } = await behindProxy(t);
  const serve = await startServe(t, { gateway: { shutdownTimeout: '1s' }, idps: { okta: idp } });
  const held = logIn({ publicUrl: serve.publicUrl }).catch((error: unknown) => error);
  await asked();
  const since = Date.now();
  serve.program.signal('SIGTERM');
  t.ok((await held) instanceof Error);
  t.equal(await serve.program.exited, 0);
  t.ok(Date.now() - since < 15_000);
  t.match(serve.program.stderr(), /requests were cut off at shutdown/);
  const audit = await auditOf(serve.root);
  t.match(
    audit.filter(({ event }) => event === 'login' || event === 'stop'),
    [{ event: 'login', decision: 'refuse', code: 'UPSTREAM_UNREACHABLE' }, { event: 'stop' }],
    'nobody says that it was delivered',
  );
});

t.test('SIGHUP reads the configuration again', async (t) => {
  const serve = await startServe(t, { idps: { okta } });
  const entityId = 'https://google.example.org/idp';
  serve.configuration.idp('google', { ...okta, entityId });
  serve.program.signal('SIGHUP');
  await until(
    async () => (await logIn({ publicUrl: serve.publicUrl, idp: 'google', entityId })).status,
    (status) => status === 200,
  );
  t.ok(serve.program.running(), 'and does not end the process');
});

t.test('a second SIGTERM ends the process at once', async (t) => {
  const { idp, asked } = await behindProxy(t);
  const serve = await startServe(t, { idps: { okta: idp } });
  const held = logIn({ publicUrl: serve.publicUrl }).catch((error: unknown) => error);
  await asked();
  serve.program.signal('SIGTERM');
  await until(
    () => serve.program.stderr(),
    (log) => log.includes('"msg":"shutting down"'),
  );
  serve.program.signal('SIGTERM');
  t.equal(await serve.program.exited, 128 + 15);
  t.ok((await held) instanceof Error);
});

t.test('an identity provider names nobody of a domain that another IdP file is for', async (t) => {
  const other = idpContent({
    unsolicited: 'allow',
    entityId: 'https://idp.example.net/idp',
    domain: 'example.net',
    provisioning: { tenant: 'example-net' },
    enabled: false,
  });
  const { publicUrl, root } = await startServe(t, { idps: { okta, other } });
  t.equal((await logIn({ publicUrl, address: 'a@example.net' })).status, 403);
  t.equal((await logIn({ publicUrl, address: 'a@example.com' })).status, 200);
  t.equal((await logIn({ publicUrl })).status, 200);
  const logins = (await auditOf(root)).filter(({ event }) => event === 'login');
  t.strictSame(
    logins.map(({ code }) => code),
    ['NAME_ID_FOREIGN_DOMAIN', 'OK', 'OK'],
  );
});
