import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { freePorts } from '../support/program.js';
import { until, type HealthAnswer } from '../support/running.js';
import { startServe, type RunningServe } from '../support/serve.js';

const okta = idpContent({ unsolicited: 'allow' });
const google = { entityId: 'https://google.example.org/idp' };
const COUNT = 2;

/** A port that is free, and the one after it too: each process has an operations port of its own. */
async function neighbours(): Promise<number> {
  for (;;) {
    const [port = 0] = await freePorts(1);
    const next = createServer().listen(port + 1, '127.0.0.1');
    const free = await once(next, 'listening').then(
      () => true,
      () => false,
    );
    next.close();
    if (free) return port;
  }
}

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
  const first = await neighbours();
  const ports = Array.from({ length: COUNT }, (_, index) => first + index);
  const serve = await startServe(t, {
    gateway: { operations: { host: '127.0.0.1', port: first } },
    idps: { okta },
    args: ['--processes', String(COUNT)],
    until: 'none',
  });
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
  const rejected = await decisions(serve, 'reject');
  t.ok(
    Object.values(rejected).every((count) => count > 0),
    JSON.stringify(rejected),
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
