import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { until, type HealthAnswer } from '../support/running.js';
import { listeningOf, servePlace, startServe, type RunningServe, type ServePlace } from '../support/serve.js';

const okta = idpContent({ unsolicited: 'allow' });
const google = { entityId: 'https://google.example.org/idp' };
const COUNT = 2;

/** The operations port of the first process; the others have those after it. */
const operationsPort = ({ operationsUrl }: ServePlace) => Number(new URL(operationsUrl).port);

async function health(port: number): Promise<HealthAnswer & { readonly configuration: string }> {
  return (await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()) as HealthAnswer & { configuration: string };
}

/** How often each process took up, or rejected, a configuration; by the name of its audit chain. */
async function decisions({ root }: RunningServe, decision: string): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const name of await readdir(join(root, 'audit'))) {
    const lines = (await readFile(join(root, 'audit', name), 'utf8')).split('\n');
    const instance = name.split('.')[1] ?? '';
    const found = lines.filter((line) => line.includes('"event":"configuration"') && line.includes(`"${decision}"`));
    counts[instance] = (counts[instance] ?? 0) + found.length;
  }
  return counts;
}

t.test('SIGHUP to `serve --processes` reaches every process, and a fault is rejected by every one', async (t) => {
  const place = await servePlace(t, COUNT);
  const ports = Array.from({ length: COUNT }, (_, index) => operationsPort(place) + index);
  const args = ['--processes', String(COUNT)];
  const serve = await startServe(t, { idps: { okta }, args, until: 'none' }, place);
  const states = () => Promise.all(ports.map(async (port) => (await health(port)).checks['configuration']?.state));
  const all = (wanted: string) => (found: readonly (string | undefined)[]) => found.every((state) => state === wanted);
  await until(
    () => states().catch(() => [serve.program.stderr()]),
    (found) => found.length === COUNT && all('pass')(found),
    60_000,
  );
  const before = await Promise.all(ports.map(health));
  t.equal(new Set(before.map(({ configuration }) => configuration)).size, 1, 'both run on the same');

  // Nothing has changed, so only the signal can be why it was read.
  serve.program.signal('SIGHUP');
  await until(
    () => decisions(serve, 'reload'),
    (counts) => Object.values(counts).length === COUNT && Object.values(counts).every((count) => count === 1),
  );

  serve.configuration.idp('okta', { ...okta, unsolicited: 'perhaps' });
  serve.configuration.idp('google', { ...okta, ...google });
  serve.program.signal('SIGHUP');
  await until(states, all('fail'));
  const after = await Promise.all(ports.map(health));
  t.same(
    after.map(({ configuration }) => configuration),
    before.map(({ configuration }) => configuration),
    'what was in force goes on in both',
  );
  await until(
    () => decisions(serve, 'reject'),
    (counts) => Object.values(counts).length === COUNT && Object.values(counts).every((count) => count > 0),
  );
  const { publicUrl } = serve;
  for (let login = 0; login < 6; login += 1) {
    t.equal((await logIn({ publicUrl })).status, 200);
    t.equal((await logIn({ publicUrl, idp: 'google', ...google })).status, 404, 'nothing of it counts');
  }

  serve.configuration.idp('okta', okta);
  serve.program.signal('SIGHUP');
  await until(states, all('pass'));
  for (let login = 0; login < 6; login += 1) {
    t.equal((await logIn({ publicUrl, idp: 'google', ...google })).status, 200, 'in whichever process');
  }
  t.equal(await serve.program.stop(), 0);
});

/** The processes that take logins, as their logs tell. */
function pidsOf(serve: RunningServe): number[] {
  return [...new Set(listeningOf(serve).map(({ pid }) => pid))];
}

t.test('SIGTERM while every process has just died ends `serve --processes` with 0', async (t) => {
  const args = ['--processes', String(COUNT)];
  const serve = await startServe(t, { idps: { okta }, args, until: 'none' }, await servePlace(t, COUNT));
  const pids = await until(
    () => pidsOf(serve),
    (found) => found.length === COUNT,
    60_000,
  );
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await until(
    () => serve.program.stderr(),
    (text) => text.split('another one takes its place').length > COUNT,
  );
  serve.program.signal('SIGTERM');
  t.equal(await serve.program.exited, 0, serve.program.stderr());
});

t.test('a process that cannot start ends them all, however long it takes to find out', async (t) => {
  const place = await servePlace(t, COUNT);
  const port = operationsPort(place);
  const taken = createServer().listen(port + 1, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  // Each process sleeps before it starts, as on a machine that is busy.
  const sleepy =
    'if (process.env.CLAIMS_GATEWAY_PROCESS) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0,4000)';
  const options = {
    idps: { okta },
    args: ['--processes', String(COUNT)],
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(sleepy)}` },
    until: 'none',
  } as const;
  const serve = await startServe(t, options, place);
  t.equal(await serve.program.exited, 3);
  t.match(serve.program.stderr(), `Cannot listen on 127.0.0.1 port ${port + 1}`);
});
