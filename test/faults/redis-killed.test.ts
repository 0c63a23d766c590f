import t, { type Test } from 'tap';
import { createSpool } from '../../src/provisioning/index.js';
import { systemClock } from '../../src/shared/index.js';
import { addressOf, redisSource } from '../provisioning/backends.js';
import { makeRig, type Rig } from '../provisioning/rig.js';
import { startWorkerChild } from '../provisioning/worker-child.js';
import { startRedis, type RunningRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { accountedFor, BUDGET, namesFrom, STAND_IN, steadyLogins, untilIdle } from './accounting.js';

async function open(t: Test, args: readonly string[]): Promise<{ redis: RunningRedis; rig: Rig }> {
  const redis = await startRedis(t, { args });
  const spool = createSpool({ path: await temporaryDirectory(t), clock: systemClock });
  t.teardown(() => spool.close());
  const backend = await redisSource(redis).open(t);
  const rig = await makeRig(t, backend, { spool, settings: { budget: BUDGET }, zivver: STAND_IN });
  return { redis, rig };
}

async function killTwice(redis: RunningRedis): Promise<void> {
  for (let times = 0; times < 2; times++) {
    await new Promise((resolve) => setTimeout(resolve, 700));
    await redis.kill();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await redis.restart();
  }
}

// They mostly wait: for restarts, and for slots of the budget that went with the data.
t.jobs = 3;

t.test('kill -9 of a Redis with an append-only file, twice under load: no login is forgotten', async (t) => {
  const { redis, rig } = await open(t, ['--appendonly', 'yes']);
  startWorkerChild(t, rig, addressOf(redis));
  const names = namesFrom(0, 250);
  await Promise.all([steadyLogins(rig, names, 10), killTwice(redis)]);
  await accountedFor(t, rig, names);
});

t.test('jobs that wait survive the kill of a Redis with an append-only file', async (t) => {
  const { redis, rig } = await open(t, ['--appendonly', 'yes']);
  const names = namesFrom(0, 200);
  await steadyLogins(rig, names, 0);
  await redis.kill();
  await redis.restart();
  rig.work();
  await accountedFor(t, rig, names);
});

t.test(
  'kill -9 of a Redis without one forgets what waits in it; the next login queues it again, and makes none twice',
  async (t) => {
    const { redis, rig } = await open(t, []);
    const worker = startWorkerChild(t, rig, addressOf(redis));
    await worker.working;
    const names = namesFrom(0, 250);
    await Promise.all([steadyLogins(rig, names, 10), killTwice(redis)]);
    await untilIdle(rig);
    const before = rig.zivver.accounts().length;
    t.comment(`${names.length - before} of ${names.length} logins were forgotten`);
    await steadyLogins(rig, names, 0);
    await accountedFor(t, rig, names);
  },
);
