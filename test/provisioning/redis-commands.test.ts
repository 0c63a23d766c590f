import { Redis } from 'ioredis';
import t, { type Test } from 'tap';
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
  const rig = await makeRig(t, await (await redisSource(t, redis)).open(t));
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

t.test('a login that needs no account tells Redis nothing at all', async (t) => {
  const redis = await startRedis(t);
  const rig = await makeRig(t, await (await redisSource(t, redis)).open(t));
  const told = await commandCounter(t, redis);
  await rig.provisioner.submit(rig.login('Ada', { accountKey: null }));
  await rig.provisioner.submit(rig.login('Ada', { address: 'ada@elsewhere.test' }));
  t.strictSame(await told(), {});
});

t.test('a first login costs Redis two round trips: one read, one script', async (t) => {
  const redis = await startRedis(t);
  const rig = await makeRig(t, await (await redisSource(t, redis)).open(t));
  // The first one makes the tenant's queue and loads the script.
  await rig.provisioner.submit(rig.login('First'));
  const told = await commandCounter(t, redis);
  for (let at = 0; at < 20; at++) await rig.provisioner.submit(rig.login(`User${at}`));
  const { mget, evalsha } = await told();
  t.strictSame({ mget, evalsha }, { mget: 20, evalsha: 20 });
});
