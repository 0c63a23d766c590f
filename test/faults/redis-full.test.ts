import { Redis } from 'ioredis';
import t from 'tap';
import { createSpool } from '../../src/provisioning/index.js';
import { systemClock } from '../../src/shared/index.js';
import { addressOf, redisSource } from '../provisioning/backends.js';
import { eventually, makeRig } from '../provisioning/rig.js';
import { startWorkerChild } from '../provisioning/worker-child.js';
import { startRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { accountedFor, BUDGET, namesFrom, STAND_IN, steadyLogins } from './accounting.js';

t.test('a full Redis (noeviction) takes no job, so logins are spooled; with room again all goes on', async (t) => {
  const redis = await startRedis(t, { args: ['--maxmemory-policy', 'noeviction'] });
  const spool = createSpool({ path: await temporaryDirectory(t), clock: systemClock });
  t.teardown(() => spool.close());
  const rig = await makeRig(t, await redisSource(redis).open(t), {
    spool,
    settings: { budget: BUDGET },
    zivver: STAND_IN,
  });
  const admin = new Redis({ port: redis.port, host: '127.0.0.1' });
  t.teardown(() => {
    admin.disconnect();
  });
  startWorkerChild(t, rig, addressOf(redis));
  // Some wait, are in hand and are done when it fills up.
  rig.zivver.misbehave({ rules: [{ fault: { kind: 'latency', ms: 60, applied: true } }] });
  await steadyLogins(rig, namesFrom(0, 100), 2);
  await admin.config('SET', 'maxmemory', '1mb');
  await t.rejects(admin.set('ballast', 'x'), { message: /OOM/ }, 'it is full');
  await steadyLogins(rig, namesFrom(100, 100), 5);
  t.equal(rig.provisioner.spoolDepth(), 100);
  const before = rig.zivver.requests().total;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  t.ok(rig.zivver.requests().total - before <= 16, 'without a budget slot no request is sent');
  await admin.config('SET', 'maxmemory', '0');
  await eventually(() => rig.provisioner.spoolDepth() === 0, 'an empty spool');
  await steadyLogins(rig, namesFrom(200, 20), 2);
  await accountedFor(t, rig, namesFrom(0, 220));
});
