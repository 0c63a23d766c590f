import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ENTITY, httpServer, metadataXml } from '../app/metadata/support.js';
import { claimsGateway } from '../support/command-line.js';
import { idpContent, writeConfiguration } from '../support/configuration.js';
import { rsaKeyPair } from '../support/pki.js';
import { startRunning, until } from '../support/running.js';

const pair = rsaKeyPair(2048, 'idp');

/** A file of an IdP whose metadata is fetched from this machine. */
async function fetched(t: Test, changes: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> {
  const { port } = await httpServer(t, (_request, response) => response.end(metadataXml([pair])));
  const url = `http://127.0.0.1:${port}/metadata`;
  return idpContent({
    metadata: { url, allowPrivateAddress: true },
    entityId: undefined,
    certificates: undefined,
    sso: undefined,
    ...changes,
  });
}

// Whoever looks may be root: a file of root's in the data directory is one that the gateway cannot read any more.
t.test('commands that look write nothing where no gateway has run', async (t) => {
  const root = t.testdir();
  const { directory, idp } = writeConfiguration(root);
  idp('okta', await fetched(t));
  const before = readdirSync(root, { recursive: true }).sort();
  const checked = await claimsGateway(['check-config', '--online', '--config', directory]);
  t.match(checked, { status: 0, out: new RegExp(`^ok {3}store: .*\n^ok {3}metadata of okta: ${ENTITY}$`, 'm') });
  const inspected = await claimsGateway(['inspect', '--idp', 'okta', '--json', '--config', directory, '-'], {
    stdin: '<x/>',
  });
  t.match(JSON.parse(inspected.out), { code: 'SAML_ROOT' });
  t.match(await claimsGateway(['metadata', '--idp', 'okta', '--config', directory]), { status: 0 });
  t.equal((await claimsGateway(['trace', 'show', '7Q3K-9M2X-TB4W', '--config', directory])).status, 1);
  t.same(readdirSync(root, { recursive: true }).sort(), before);
});

t.test('commands that look leave the files of a gateway that runs as they are', async (t) => {
  const running = await startRunning(t, { idps: { okta: await fetched(t) } });
  const record = join(running.root, 'data/metadata/okta.json');
  await until(
    () => existsSync(record),
    (kept) => kept,
  );
  const before = statSync(record);
  const { status } = await claimsGateway(['check-config', '--online', '--config', running.configuration.directory]);
  t.equal(status, 0);
  t.equal(statSync(record).ino, before.ino, 'it was not written anew');
});

t.test('an embedded store that cannot be made is told before the first start', async (t) => {
  const root = t.testdir({ data: 'a file' });
  const { directory, idp } = writeConfiguration(root);
  idp('okta', idpContent());
  const { status, out } = await claimsGateway(['check-config', '--online', '--config', directory]);
  t.equal(status, 1);
  t.match(out, /^FAIL store: .+; .+$/m);
});

t.test('dead-letters writes to the audit log what was settled, and nothing else', async (t) => {
  const root = t.testdir();
  const { directory, idp } = writeConfiguration(root);
  idp('okta', idpContent());
  t.match(await claimsGateway(['dead-letters', 'list', '--config', directory]), { status: 0, out: 'no dead letters' });
  t.equal((await claimsGateway(['dead-letters', 'show', 'nothing', '--config', directory])).status, 1);
  t.notOk(existsSync(join(root, 'data/audit')));
});
