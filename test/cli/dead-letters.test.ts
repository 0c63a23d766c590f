import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readConfiguration, requireConfiguration } from '../../src/app/index.js';
import {
  createEmbeddedBackend,
  createSealer,
  loadRedisQueue,
  type Backend,
  type Failure,
  type Sealer,
} from '../../src/provisioning/index.js';
import { systemRandom } from '../../src/shared/index.js';
import { loadRedis } from '../../src/state/index.js';
import { claimsGateway } from '../support/command-line.js';
import { idpContent, writeConfiguration } from '../support/configuration.js';
import { startRedis } from '../support/redis.js';

const { connectRedis } = await loadRedis();
const { createRedisBackend } = await loadRedisQueue();

const failure: Failure = {
  class: 'permanent',
  status: 400,
  detail: 'HTTP 400: Account is outside the organization',
  remedy: 'Adopt the account; then retry.',
  at: Date.parse('2026-03-01T12:00:00Z'),
};

interface Fixture {
  readonly directory: string;
  readonly root: string;
  readonly tenant: string;
  readonly ids: readonly string[];
}

/** A configuration whose store holds two dead letters; nothing has the store open. */
async function withTwo(t: Test, store: string, open: (root: string) => Promise<Backend>): Promise<Fixture> {
  const root = t.testdir();
  const { directory, gateway, idp } = writeConfiguration(root);
  gateway({ store });
  idp('okta', idpContent());
  const config = requireConfiguration(readConfiguration({ directory, env: {} }));
  const tenant = config.idps[0]?.provisioning.tenant ?? '';
  const sealer = createSealer(config.dataKeys, systemRandom);
  const backend = await open(root);
  const ids: string[] = [];
  for (const name of ['ada', 'bob']) {
    const address = `${name}@example.org`;
    const [id] = sealer.accountIds(tenant, address);
    const at = failure.at - 60_000;
    const request = { tenant, idp: 'okta', address, accountKey: 'the-account-key', displayName: name };
    const payload = sealer.seal(JSON.stringify({ ...request, reference: 'ABCD-EFGH-JKMN', at }), id);
    await backend.queue.add({ id, tenant, payload, since: at });
    const lease = await backend.queue.take(tenant);
    await lease?.bury({ ...failure, at: failure.at + ids.length });
    ids.push(id);
    // BullMQ orders by the millisecond.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await followUpsOf(backend, sealer, tenant, ids[0] ?? '');
  await backend.close();
  return { directory, root, tenant, ids };
}

async function auditFiles(root: string): Promise<string[]> {
  return (await readdir(root, { recursive: true })).filter((file) => /audit.*\.jsonl$/.test(file));
}

/** As a worker leaves them where it finds the account; and one whose data key has been taken away. */
async function followUpsOf(backend: Backend, sealer: Sealer, tenant: string, accountId: string): Promise<void> {
  const items = [{ kind: 'name', login: 'Ada Lovelace', account: 'A. Lovelace' }];
  const entry = { accountId, address: 'ada@example.org', reference: 'ABCD-EFGH-JKMN', at: failure.at, items };
  const sealed = sealer.seal(JSON.stringify(entry), `follow-up:${tenant}:${accountId}`);
  await backend.records.listPut(tenant, 'follow-ups', accountId, sealed);
  await backend.records.listPut(tenant, 'follow-ups', 'gone', 'v1.gone.AAAA');
}

async function followUpStory({ directory, root, tenant, ids }: Fixture, t: Test): Promise<void> {
  const run = (...args: string[]) => claimsGateway(['follow-ups', ...args, '--config', directory]);
  const [ada = ''] = ids;
  const listed = await run('list');
  t.match(listed.out.split('\n'), [
    `gone ${tenant} (cannot be decrypted)`,
    `2026-03-01T12:00:00.000Z ${ada} ${tenant} ada@example.org, login ABCD-EFGH-JKMN`,
    '  name: the login says Ada Lovelace, Zivver says A. Lovelace',
  ]);
  t.match(JSON.parse((await run('list', '--json')).out), {
    followUps: [
      { id: 'gone', address: null },
      { id: ada, tenant, address: 'ada@example.org', items: [{ kind: 'name' }] },
    ],
  });
  t.match(await run('settle', ada), { status: 2 }, 'without a note');
  t.match(await run('settle', ada, '--note', ' '), { status: 2 }, 'with an empty one');
  t.match(await run('settle', ada, '--note', 'changed in Zivver'), { status: 0, out: `settled ${ada}` });
  t.match(await run('settle', ada, '--note', 'again'), { status: 1, err: /no follow-ups/ });
  t.match(await run('settle', 'gone', '--note', 'key lost', '--json'), { status: 0, out: '{"settled":"gone"}' });
  t.match(await run('list'), { status: 0, out: 'no follow-ups' });
  const files = await auditFiles(root);
  const audit = (await Promise.all(files.map((file) => readFile(join(root, file), 'utf8')))).join('');
  t.match(audit, /"decision":"settled".*changed in Zivver/);
}

async function wholeStory(t: Test, { directory, root, tenant, ids }: Fixture): Promise<void> {
  const run = (...args: string[]) => claimsGateway(['dead-letters', ...args, '--config', directory]);
  const [ada = '', bob = ''] = ids;

  const listed = await run('list');
  t.equal(listed.status, 0, listed.err);
  t.match(listed.out.split('\n'), [
    `2026-03-01T12:00:00.000Z ${ada} ${tenant} ada@example.org: ${failure.detail}`,
    `2026-03-01T12:00:00.001Z ${bob} ${tenant} bob@example.org: ${failure.detail}`,
  ]);
  const json = await run('list', '--json');
  t.match(JSON.parse(json.out), { deadLetters: [{ id: ada, login: { address: 'ada@example.org' } }, { id: bob }] });
  t.notMatch(listed.out + json.out, 'the-account-key');

  t.strictSame(await auditFiles(root), [], 'who only looks leaves no trace in the audit log');

  const shown = await run('show', ada);
  t.match(shown.out, /reason +HTTP 400: Account is outside the organization\nremedy +Adopt the account; then retry\./);
  t.match(JSON.parse((await run('show', ada, '--json')).out), { id: ada, attempts: 1, failure: { status: 400 } });
  t.match(await run('show', 'nothing'), { status: 1, err: /no dead letter nothing/ });

  t.match(await run('retry'), { status: 2 }, 'neither an id nor --all');
  t.match(await run('retry', ada, '--all'), { status: 2 }, 'nor both');
  t.match(await run('dismiss', bob), { status: 2 }, 'without a note');
  t.match(await run('dismiss', bob, '--note', ' '), { status: 2 }, 'with an empty one');
  t.match(await run('dismiss', bob, '--note', 'has left', '--json'), { status: 0, out: `{"dismissed":"${bob}"}` });
  t.match(await run('dismiss', bob, '--note', 'again'), { status: 1 });
  t.match(await run('retry', ada), { status: 0, out: '1 back in the queue' });
  t.match(await run('retry', ada), { status: 1 });
  t.match(await run('retry', '--all', '--json'), { status: 0, out: '{"retried":0}' });
  t.match(await run('list'), { status: 0, out: 'no dead letters' });

  const files = await auditFiles(root);
  const audit = (await Promise.all(files.map((file) => readFile(join(root, file), 'utf8')))).join('');
  t.match(audit, /"decision":"dismissed".*has left/);
  t.match(audit, /"decision":"retried"/);
  await followUpStory({ directory, root, tenant, ids }, t);
}

t.test('dead letters in the embedded store', async (t) => {
  const open = (root: string) => Promise.resolve(createEmbeddedBackend({ path: join(root, 'data/provisioning') }));
  await wholeStory(t, await withTwo(t, 'embedded:./data', open));
});

t.test('dead letters in Redis', async (t) => {
  const { port } = await startRedis(t);
  const address = { kind: 'redis', host: '127.0.0.1', port, tls: false, db: 0 } as const;
  const open = async (): Promise<Backend> => {
    const connection = connectRedis(address, 'commands');
    while (connection.status !== 'ready') await new Promise((resolve) => setTimeout(resolve, 10));
    const backend = createRedisBackend({ connection, openBlocking: () => connectRedis(address, 'blocking') });
    return {
      ...backend,
      close: async () => {
        await backend.close();
        connection.disconnect();
      },
    };
  };
  await wholeStory(t, await withTwo(t, `redis://127.0.0.1:${port}/0`, open));
});

t.test('what was settled and could not be written to the audit log ends the command with status 3', async (t) => {
  const open = (root: string) => Promise.resolve(createEmbeddedBackend({ path: join(root, 'data/provisioning') }));
  const { directory, root, ids } = await withTwo(t, 'embedded:./data', open);
  await writeFile(join(root, 'data/audit'), 'a file where the directory should be');
  const [ada = ''] = ids;
  const dismissed = await claimsGateway(['dead-letters', 'dismiss', ada, '--note', 'has left', '--config', directory]);
  t.match(dismissed, { status: 3, out: `dismissed ${ada}`, err: /1 event.* not written to the audit log/ });
});

t.test('a store that is away ends the command with status 3 and a remedy', async (t) => {
  const root = t.testdir();
  const { directory, gateway, idp } = writeConfiguration(root);
  gateway({ store: 'redis://127.0.0.1:1/0' });
  idp('okta', idpContent());
  t.match(await claimsGateway(['dead-letters', 'list', '--config', directory]), {
    status: 3,
    err: /STORE_UNAVAILABLE/,
  });
});
