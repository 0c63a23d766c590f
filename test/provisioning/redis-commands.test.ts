import { Redis } from 'ioredis';
import t, { type Test } from 'tap';
import { Secret } from '../../src/config/index.js';
import { createSealer } from '../../src/provisioning/index.js';
import { systemRandom } from '../../src/shared/index.js';
import { startRedis, type RunningRedis } from '../support/redis.js';
import { redisSource } from './backends.js';
import { eventually, makeRig } from './rig.js';

/** What a Redis was told between two calls: command → how often. */
async function commandCounter(t: Test, { port }: RunningRedis): Promise<() => Promise<Record<string, number>>> {
  const admin = new Redis({ port, host: '127.0.0.1' });
  t.teardown(() => {
    admin.disconnect();
  });
  await admin.config('RESETSTAT');
  return async () => {
    const stats = await admin.info('commandstats');
    await admin.config('RESETSTAT');
    const lines = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
    const counts = lines.map(([, name = '', calls]): [string, number] => [name, Number(calls)]);
    return Object.fromEntries(counts.filter(([name]) => name !== 'info' && name !== 'config|resetstat'));
  };
}

t.test('the login of a known account reads once and touches no queue', async (t) => {
  const redis = await startRedis(t);
  const rig = await makeRig(t, await redisSource(redis).open(t));
  const worker = rig.work();
  const login = rig.login('Ada');
  await rig.provisioner.submit(login);
  await eventually(() => rig.seen.outcomes.length === 1, 'the outcome');
  await worker.stop();
  const told = await commandCounter(t, redis);
  for (let at = 0; at < 50; at++) {
    t.strictSame(await rig.provisioner.submit(login), { action: 'skip', reason: 'known' });
  }
  t.strictSame(await told(), { mget: 50 });
});

t.test('so does one of an account that was recorded under the data key before', async (t) => {
  const redis = await startRedis(t);
  const backend = await redisSource(redis).open(t);
  const [before, now] = [7, 8].map((byte) => ({
    id: `k${byte}`,
    bytes: new Secret<Uint8Array>(new Uint8Array(32).fill(byte)),
  }));
  if (before === undefined || now === undefined) throw new Error('no keys');
  const rotated = createSealer({ current: now, previous: [before] }, systemRandom);
  const rig = await makeRig(t, backend, { sealer: rotated });
  const login = rig.login('Ada');
  const [, recorded = ''] = rotated.accountIds(rig.tenant, login.address);
  await backend.records.set(rig.tenant, `outcome:${recorded}`, JSON.stringify({ kind: 'created', at: 0 }), 60_000);
  const told = await commandCounter(t, redis);
  for (let at = 0; at < 50; at++) {
    t.strictSame(await rig.provisioner.submit(login), { action: 'skip', reason: 'known' });
  }
  t.strictSame(await told(), { mget: 50 });
});

t.test('a login that needs no account tells Redis nothing at all', async (t) => {
  const redis = await startRedis(t);
  const rig = await makeRig(t, await redisSource(redis).open(t));
  const told = await commandCounter(t, redis);
  await rig.provisioner.submit(rig.login('Ada', { accountKey: null }));
  await rig.provisioner.submit(rig.login('Ada', { address: 'ada@elsewhere.test' }));
  t.strictSame(await told(), {});
});

t.test('a first login costs Redis two round trips: one read, one script', async (t) => {
  const redis = await startRedis(t);
  const rig = await makeRig(t, await redisSource(redis).open(t));
  // The first one makes the tenant's queue and loads the script.
  await rig.provisioner.submit(rig.login('First'));
  const told = await commandCounter(t, redis);
  for (let at = 0; at < 20; at++) await rig.provisioner.submit(rig.login(`User${at}`));
  const { mget, evalsha } = await told();
  t.strictSame({ mget, evalsha }, { mget: 20, evalsha: 20 });
});
