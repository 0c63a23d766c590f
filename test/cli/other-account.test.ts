import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { claimsGateway, type CommandResult } from '../support/command-line.js';
import { idpContent, writeConfiguration, type TestConfiguration } from '../support/configuration.js';
import { temporaryDirectory } from '../support/temporary.js';

const NOBODY = 65_534;
const { domain, domainKey } = idpContent();
const okta = { preset: 'generic', domain, domainKey, metadata: { url: 'https://idp.example.org/metadata' } };

interface Place {
  readonly root: string;
  readonly configuration: TestConfiguration;
}

async function place(t: { teardown(action: () => unknown): void }): Promise<Place> {
  const root = await temporaryDirectory(t);
  const configuration = writeConfiguration(root);
  configuration.gateway({ dataDirectory: './data' });
  configuration.idp('okta', okta);
  mkdirSync(join(root, 'data/metadata'), { recursive: true });
  return { root, configuration };
}

/** Runs a command that may read the configuration, but not the data of the gateway. */
async function withoutAccess({ root, configuration }: Place, args: readonly string[]): Promise<CommandResult> {
  const data = join(root, 'data');
  chmodSync(data, 0);
  // Root may read anything, so it steps down meanwhile.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    for (const path of ['.', ...readdirSync(root, { recursive: true, encoding: 'utf8' })]) {
      if (!path.startsWith('data')) chownSync(join(root, path), NOBODY, NOBODY);
    }
    process.seteuid?.(NOBODY);
  }
  try {
    return await claimsGateway([...args, '--config', configuration.directory]);
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(data, 0o700);
  }
}

t.test('an account that may not read what the gateway keeps is told so, and nothing else', async (t) => {
  const here = await place(t);
  mkdirSync(join(here.root, 'data/traces'));
  here.configuration.write('data/metadata/okta.json', '{}');
  const unreadable = /^FILE_UNREADABLE: .*data.* Run the command as the account that runs the gateway/m;
  for (const args of [
    ['trace', 'show', '7Q3K-9M2X-TB4W'],
    ['idp', 'candidates', 'okta'],
    ['idp', 'approve', 'okta', 'ab'.repeat(32)],
  ]) {
    t.match(await withoutAccess(here, args), { status: 3, out: '', err: unreadable }, args.join(' '));
  }
  for (const args of [
    ['follow-ups', 'list'],
    ['dead-letters', 'list'],
  ]) {
    const refused = { status: 3, out: '', err: /^STORE_UNAVAILABLE: .*data.*permission denied/m };
    t.match(await withoutAccess(here, args), refused, args.join(' '));
  }
});

t.test('what is damaged is not taken for absent', async (t) => {
  const { configuration } = await place(t);
  const candidates = () => claimsGateway(['idp', 'candidates', 'okta', '--config', configuration.directory]);
  t.match(await candidates(), { status: 0, out: 'no certificate of okta waits' }, 'nothing was kept yet');
  configuration.write('data/metadata/okta.json', '{ "version": ');
  t.match(await candidates(), { status: 3, out: '', err: /^FILE_UNREADABLE: .*okta\.json, or it is damaged/ });
  const show = () => claimsGateway(['trace', 'show', '7Q3K-9M2X-TB4W', '--config', configuration.directory]);
  t.match(await show(), { status: 1 }, 'no login yet');
  configuration.write('data/traces', 'a file in the place of the directory');
  t.match(await show(), { status: 3, err: /^FILE_UNREADABLE: .*traces/ });
});
