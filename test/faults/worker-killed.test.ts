import t, { type Test } from 'tap';
import type { StoreAddress } from '../../src/config/index.js';
import { addressOf, PATIENCE } from '../provisioning/backends.js';
import { openBackend } from '../provisioning/open-backend.js';
import { eventually, makeRig } from '../provisioning/rig.js';
import { startWorkerChild } from '../provisioning/worker-child.js';
import { startRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { accountedFor, BUDGET, namesFrom, STAND_IN, steadyLogins } from './accounting.js';

async function killedAgainAndAgain(t: Test, address: StoreAddress): Promise<void> {
  const backend = await openBackend(address, { leaseTime: 600, commandTimeout: PATIENCE });
  t.teardown(() => backend.close());
  const rig = await makeRig(t, backend, { settings: { budget: BUDGET }, zivver: STAND_IN });
  // Slow answers, so that every kill meets calls under way.
  rig.zivver.misbehave({ rules: [{ fault: { kind: 'latency', ms: 120, applied: true } }] });
  const names = namesFrom(0, 200);
  await steadyLogins(rig, names, 0);
  for (let times = 0; times < 4; times++) {
    const created = rig.zivver.requests().byOperation.create;
    const worker = startWorkerChild(t, rig, address);
    await worker.working;
    await eventually(() => rig.zivver.requests().byOperation.create >= created + 12, 'some accounts');
    await worker.kill();
  }
  startWorkerChild(t, rig, address);
  startWorkerChild(t, rig, address);
  await accountedFor(t, rig, names);
}

t.test('kill -9 of a worker holding jobs, four times: others take them over', (t) => {
  t.jobs = 2;
  t.test('embedded', async (t) => {
    await killedAgainAndAgain(t, { kind: 'embedded', path: await temporaryDirectory(t) });
  });
  t.test('redis', async (t) => {
    await killedAgainAndAgain(t, addressOf(await startRedis(t)));
  });
  t.end();
});
