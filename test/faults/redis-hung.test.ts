import t from 'tap';
import { createSpool } from '../../src/provisioning/index.js';
import { systemClock } from '../../src/shared/index.js';
import { addressOf, redisSource } from '../provisioning/backends.js';
import { makeRig } from '../provisioning/rig.js';
import { startWorkerChild } from '../provisioning/worker-child.js';
import { startRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { accountedFor, BUDGET, namesFrom, STAND_IN, steadyLogins } from './accounting.js';

t.test('a Redis that hangs for 20 s under load: logins go on without waiting, and none is forgotten', async (t) => {
  const redis = await startRedis(t);
  const spool = createSpool({ path: await temporaryDirectory(t), clock: systemClock });
  t.teardown(() => spool.close());
  const backend = await redisSource(redis, 500).open(t);
  const rig = await makeRig(t, backend, { spool, settings: { budget: BUDGET }, zivver: STAND_IN });
  startWorkerChild(t, rig, addressOf(redis));
  await steadyLogins(rig, namesFrom(0, 60), 5);
  redis.pause();
  const [first = 0, ...others] = await steadyLogins(rig, namesFrom(60, 400), 45);
  const median = others.sort((one, other) => one - other)[others.length >> 1] ?? first;
  t.ok(median * 4 < first, `only the first one waits for the time-out: ${first.toFixed(0)}, ${median.toFixed(1)} ms`);
  t.ok(rig.provisioner.spoolDepth() >= 395, 'they are in the spool');
  redis.resume();
  await steadyLogins(rig, namesFrom(460, 40), 5);
  await accountedFor(t, rig, namesFrom(0, 500));
});
