import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { AuditEvent } from '../../src/observe/index.js';
import { httpServer, metadataXml, ENTITY } from '../app/metadata/support.js';
import { claimsGateway } from '../support/command-line.js';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { rsaKeyPair } from '../support/pki.js';
import { startRedis } from '../support/redis.js';
import { startProgram } from '../support/program.js';
import { startRunning, until } from '../support/running.js';
import { mainFile } from '../support/serve.js';

const okta = idpContent({ unsolicited: 'allow' });

/** In a process of its own, as an operator has it: the store is open in the gateway's. */
async function traceShow(t: Test, reference: string, ...args: readonly string[]) {
  const program = await startProgram(t, [process.execPath, mainFile, 'trace', 'show', reference, ...args]);
  return { status: await program.exited, out: program.stdout(), err: program.stderr() };
}

t.test('trace show tells what became of a login, in the embedded store and in Redis', async (t) => {
  const redis = await startRedis(t);
  for (const store of ['embedded:./data', redis.url]) {
    const running = await startRunning(t, { gateway: { store }, idps: { okta } });
    const { directory } = running.configuration;
    const delivered = await logIn({ publicUrl: running.publicUrl });
    t.equal(delivered.status, 200);
    // Of the login, and of what is done about the account.
    const [trace] = await until(
      () => running.application.stores.traces.recent(1),
      ([newest]) => newest?.entries.length === 2,
    );
    const reference = trace?.reference ?? '';
    const spoken = reference.replaceAll('-', ' ').toLowerCase().replaceAll('0', 'o');
    const { status, out } = await traceShow(t, spoken, '--config', directory);
    t.equal(status, 0);
    t.match(out, `${reference}\n`);
    t.match(out, /login through okta of acct-[0-9a-f]{16}: OK in/);
    t.match(out, /pass {4}verify \(\d+\.\d ms\)/);
    t.match(out, /added {3}attribute https:\/\/zivver\.com\/SAML\/Attributes\/DomainKey/);
    t.match(out, /provisioning: skipped/);
    const json = await traceShow(t, reference, '--json', '--config', directory);
    t.match(JSON.parse(json.out), { reference, entries: [{ kind: /login|provisioning/ }, {}] });
  }
});

t.test('trace show names the check that refused a login, with what was expected and seen', async (t) => {
  const running = await startRunning(t, { idps: { okta } });
  const again = { responseId: '_r1', assertionId: '_a1' };
  await logIn({ publicUrl: running.publicUrl, changes: again });
  const { status: refused, reference } = await logIn({ publicUrl: running.publicUrl, changes: again });
  t.equal(refused, 403);
  const { directory } = running.configuration;
  const shown = await until(
    () => traceShow(t, reference ?? '', '--config', directory),
    ({ status }) => status === 0,
  );
  t.match(shown.out, /fail {4}claim \(.*\): SAML_REPLAYED/);
});

t.test('trace show without a trace: status 1; without a reference: status 2', async (t) => {
  const running = await startRunning(t, { idps: { okta } });
  const { directory } = running.configuration;
  const none = await traceShow(t, '0000-0000-0000', '--config', directory);
  t.equal(none.status, 1);
  t.match(none.err, /no trace of 0000-0000-0000/);
  const wrong = await traceShow(t, 'hello', '--config', directory);
  t.equal(wrong.status, 2);
});

t.test('idp candidates lists a certificate that waits, and idp approve lets it verify', async (t) => {
  const [old, next] = [rsaKeyPair(2048, 'idp'), rsaKeyPair(2048, 'idp-next')];
  const pairs = [old];
  const server = await httpServer(t, (_request, response) =>
    response.end(metadataXml(pairs, { cacheDuration: 'PT1S' })),
  );
  const url = `http://127.0.0.1:${server.port}/metadata`;
  const { domain, domainKey } = okta;
  const content = { preset: 'generic', unsolicited: 'allow', domain, domainKey };
  const running = await startRunning(t, {
    gateway: { dataDirectory: './data' },
    idps: { okta: { ...content, metadata: { url, allowPrivateAddress: true } } },
    services: { pace: { metadata: { shortestInterval: 300, pollEvery: 200 } } },
  });
  const { publicUrl, configuration } = running;
  const login = async () => (await logIn({ publicUrl, entityId: ENTITY, keys: next })).status;
  const args = ['--config', configuration.directory];
  await until(
    () => running.ready(),
    ({ status }) => status === 200,
  );
  t.match((await claimsGateway(['idp', 'candidates', 'okta', ...args])).out, /no certificate of okta waits/);

  pairs.push(next);
  const { fingerprint } = next.verificationKey();
  const { out } = await until(
    () => claimsGateway(['idp', 'candidates', 'okta', ...args]),
    (result) => result.out.startsWith(fingerprint),
  );
  t.match(out, /CN=idp-next, until 2049/);
  const json = await claimsGateway(['idp', 'candidates', 'okta', '--json', ...args]);
  t.match(JSON.parse(json.out), { idp: 'okta', candidates: [{ fingerprint }] });
  t.equal(await login(), 403, 'it does not verify before');

  const stranger = await claimsGateway(['idp', 'approve', 'okta', 'ab'.repeat(32), ...args]);
  t.equal(stranger.status, 1);
  t.match(stranger.err, fingerprint, 'what waits is named');
  const approved = await claimsGateway(['idp', 'approve', 'okta', fingerprint, ...args]);
  t.equal(approved.status, 0);
  t.match(approved.out, /approved: CN=idp-next/);
  await until(login, (status) => status === 200);
  t.match((await claimsGateway(['idp', 'candidates', 'okta', ...args])).out, /no certificate of okta waits/);
  const told = await until(
    () => certificateDecisions(join(running.root, 'audit')),
    ({ length }) => length >= 3,
  );
  t.strictSame(told, [
    ['accept', old.verificationKey().fingerprint],
    ['hold', fingerprint],
    ['approve', fingerprint],
  ]);
});

async function certificateDecisions(directory: string): Promise<unknown[]> {
  const files = await readdir(directory);
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  const lines = texts.flatMap((text) => text.split('\n').slice(0, -1)).map((line) => JSON.parse(line) as AuditEvent);
  return lines
    .filter(({ event, certificate }) => event === 'metadata' && certificate !== undefined)
    .map(({ decision, certificate }) => [decision, certificate]);
}

t.test('idp commands: an unknown name and one without a metadata URL are usage faults', async (t) => {
  const running = await startRunning(t, { idps: { okta } });
  const args = ['--config', running.configuration.directory];
  const unknown = await claimsGateway(['idp', 'candidates', 'google', ...args]);
  t.equal(unknown.status, 2);
  t.match(unknown.err, /no identity provider google; the configuration has: okta/);
  const fixed = await claimsGateway(['idp', 'approve', 'okta', 'ab'.repeat(32), ...args]);
  t.equal(fixed.status, 2);
  t.match(fixed.err, /comes from no URL/);
});

t.test('trace show with the store away says so within seconds: status 3', async (t) => {
  const redis = await startRedis(t);
  const { configuration } = await startRunning(t, { gateway: { store: redis.url }, idps: { okta } });
  await redis.kill();
  const { status, err } = await traceShow(t, '0000-0000-0000', '--config', configuration.directory);
  t.equal(status, 3);
  t.match(err, /STORE_UNAVAILABLE/);
});
