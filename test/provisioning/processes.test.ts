import t, { type Test } from 'tap';
import type { StoreAddress } from '../../src/config/index.js';
import { createEmbeddedBackend, type Backend } from '../../src/provisioning/index.js';
import { startRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { addressOf, redisSource } from './backends.js';
import { eventually, makeRig } from './rig.js';
import { startWorkerChild } from './worker-child.js';

async function killedWorker(t: Test, backend: Backend, address: StoreAddress): Promise<void> {
  const rig = await makeRig(t, backend);
  // The account comes into being, but its creator never hears of it.
  rig.zivver.misbehave({ rules: [{ fault: { kind: 'hang', applied: true }, operations: ['create'], times: 3 }] });
  const first = startWorkerChild(t, rig, address);
  const names = Array.from({ length: 20 }, (_, at) => `User${at}`);
  for (const name of names) await rig.provisioner.submit(rig.login(name));
  await eventually(() => rig.zivver.requests().faulty === 3, 'three answers that do not come');
  await first.kill();
  startWorkerChild(t, rig, address);
  startWorkerChild(t, rig, address);
  const waits = names.map((name) => rig.provisioner.waitForAccount(rig.login(name), 60_000));
  t.ok((await Promise.all(waits)).every((result) => result === 'exists'));
  const addresses = rig.zivver.accounts().map(({ userName }) => userName);
  t.equal(addresses.length, 20);
  t.equal(new Set(addresses).size, 20);
  t.equal(rig.zivver.requests().byOperation.create, 20, 'nothing was even tried twice');
  await eventually(async () => (await rig.status.tenant(rig.tenant)).active === 0, 'no job in hand');
  t.match(await rig.status.tenant(rig.tenant), { waiting: 0, delayed: 0, dead: 0 });
}

t.test('a worker killed with jobs in its hands: others take them over, and no account is made twice', (t) => {
  t.test('embedded', async (t) => {
    const path = await temporaryDirectory(t);
    const backend = createEmbeddedBackend({ path });
    t.teardown(() => backend.close());
    await killedWorker(t, backend, { kind: 'embedded', path });
  });
  t.test('redis', async (t) => {
    const redis = await startRedis(t);
    await killedWorker(t, await redisSource(redis).open(t), addressOf(redis));
  });
  t.end();
});
