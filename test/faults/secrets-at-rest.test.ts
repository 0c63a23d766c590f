import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import t, { type Test } from 'tap';
import { startZivverStandIn, type ZivverStandIn } from '../../src/sandbox/index.js';
import { eventually } from '../provisioning/rig.js';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { startRedis, type RunningRedis } from '../support/redis.js';
import { ACCOUNT_KEY } from '../support/saml-parties.js';
import { startServe, type RunningServe } from '../support/serve.js';
import { spellings } from '../support/spellings.js';

const TOKEN = 'planted-scim-token';
const DOMAIN_KEY = 'planted-domain-key';
const KEY = 'planted-account-key';
const NAME = 'Plantedname';
const PLANTED = [TOKEN, DOMAIN_KEY, KEY, NAME, 'planted-mailbox'];

async function start(t: Test, store: string): Promise<{ serve: RunningServe; zivver: ZivverStandIn }> {
  const zivver = await startZivverStandIn({
    host: '127.0.0.1',
    port: 0,
    domain: 'example.org',
    domainKey: { attribute: 'DomainKey', value: DOMAIN_KEY },
    scimToken: TOKEN,
    budget: { requests: 1_000, windowMs: 1_000 },
    freeAccounts: ['planted-mailbox-dead@example.org'],
    accounts: [{ userName: 'planted-mailbox-found@example.org', displayName: `Other ${NAME}` }],
  });
  t.teardown(() => zivver.close());
  const serve = await startServe(t, {
    gateway: {
      store,
      dataDirectory: './data',
      onStoreFailure: 'local',
      limits: { rate: { requests: 10_000, per: '1s' } },
      provisioning: {
        mode: 'scim',
        scim: { baseUrl: zivver.scimUrl, token: { file: 'certs/scim-token' }, timeout: '5s' },
        budget: { requests: 1_000, per: '1s' },
        waitForAccount: '0s',
      },
    },
    idps: { okta: idpContent({ unsolicited: 'allow' }) },
    files: { 'certs/scim-token': TOKEN, 'certs/domain-key': DOMAIN_KEY },
    args: ['--with-worker'],
  });
  return { serve, zivver };
}

async function signIn(t: Test, { publicUrl }: RunningServe, who: string): Promise<void> {
  const attributes = [
    { name: ACCOUNT_KEY, values: [`${KEY}-of-${who}`] },
    { name: 'urn:oid:2.5.4.42', values: [`${NAME} ${who}`] },
  ];
  const address = `planted-mailbox-${who}@example.org`;
  const { status, html } = await logIn({ publicUrl, address, changes: { attributes } });
  t.equal(status, 200);
  t.match(html, /name="SAMLResponse"/, 'delivered');
}

/** Leaves an account created, one found with differences, a dead letter, and jobs that wait for another attempt. */
async function run(t: Test, { serve, zivver }: { serve: RunningServe; zivver: ZivverStandIn }): Promise<void> {
  for (const who of ['created', 'found', 'dead']) await signIn(t, serve, who);
  const queue = async () => (await (await fetch(`${serve.operationsUrl}/metrics`)).text()).split('\n');
  const shows = (line: RegExp) => async () => (await queue()).some((each) => line.test(each));
  await eventually(() => zivver.accounts().length === 2, 'two accounts');
  await eventually(shows(/^claims_gateway_dead_letters(\{.*\})? 1$/), 'a dead letter');
  zivver.misbehave({ rules: [{ fault: { kind: 'status', status: 503 } }] });
  for (let at = 0; at < 5; at++) await signIn(t, serve, `waiting${at}`);
  await eventually(shows(/^claims_gateway_queue_jobs\{.*state="delayed".*\} 5$/), 'jobs that wait');
}

async function search(t: Test, directories: readonly string[], present: readonly string[]): Promise<void> {
  const files = await Promise.all(
    directories.map(async (directory) => {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  const names = files.flat();
  for (const kind of present)
    t.ok(
      names.some((name) => name.includes(kind)),
      `there is ${kind} to look through`,
    );
  for (const name of names) {
    const content = await readFile(name, 'latin1');
    const found = PLANTED.filter((text) => spellings(text).some((spelling) => content.includes(spelling)));
    t.strictSame(found, [], name);
  }
}

async function dump({ port }: RunningRedis): Promise<void> {
  const client = new Redis({ port, host: '127.0.0.1' });
  await client.save();
  t.ok((await client.dbsize()) > 5, 'there is something in Redis');
  client.disconnect();
}

t.test('the search finds what it looks for', (t) => {
  const { length } = spellings(KEY).filter((spelling) => spelling.length >= 8);
  t.equal(length, spellings(KEY).length);
  for (const prefix of ['', 'a', 'ab', 'abc']) {
    const encoded = Buffer.from(`${prefix}${KEY} and more`).toString('base64');
    t.ok(
      spellings(KEY).some((spelling) => encoded.includes(spelling)),
      prefix,
    );
  }
  t.end();
});

t.test('no file of the embedded store shows a secret, a name or an address', async (t) => {
  const gateway = await start(t, 'embedded:./data');
  await run(t, gateway);
  gateway.serve.program.signal('SIGKILL');
  await gateway.serve.program.exited;
  const directory = join(gateway.serve.root, 'data');
  await search(t, [directory], ['state/data.mdb', 'provisioning/data.mdb', 'traces/data.mdb']);
});

t.test('neither Redis’s dump nor its append-only file, the spool or the local claims show one', async (t) => {
  const redis = await startRedis(t, { args: ['--appendonly', 'yes'] });
  const gateway = await start(t, redis.url);
  await run(t, gateway);
  await dump(redis);
  await redis.kill();
  for (let at = 0; at < 5; at++) await signIn(t, gateway.serve, `spooled${at}`);
  gateway.serve.program.signal('SIGKILL');
  await gateway.serve.program.exited;
  const directories = [redis.dir, join(gateway.serve.root, 'data')];
  await search(t, directories, ['dump.rdb', '.aof', 'spool/data.mdb', 'local-state/data.mdb']);
});
