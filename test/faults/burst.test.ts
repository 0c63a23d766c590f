import t, { type Test } from 'tap';
import type { StoreAddress } from '../../src/config/index.js';
import { addressOf } from '../provisioning/backends.js';
import { openBackend } from '../provisioning/open-backend.js';
import { eventually, makeRig } from '../provisioning/rig.js';
import { startWorkerChild } from '../provisioning/worker-child.js';
import { startRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { accountedFor, namesFrom } from './accounting.js';

const LOGINS = 10_000;
const BUDGET = { requests: 5_000, per: 1_000 };

/** All log in at once, as on the first morning; two worker processes share the budget. */
async function burst(t: Test, address: StoreAddress, concurrency: number): Promise<void> {
  // No worker dies here, and a machine that is busy must not look like one that did.
  const leaseTime = 30_000;
  const backend = await openBackend(address, { leaseTime, commandTimeout: 30_000 });
  t.teardown(() => backend.close());
  const rig = await makeRig(t, backend, {
    settings: { budget: BUDGET, rememberFor: 600_000 },
    zivver: { budget: { requests: BUDGET.requests, windowMs: BUDGET.per } },
  });
  const names = namesFrom(0, LOGINS);
  const began = performance.now();
  for (let from = 0; from < LOGINS; from += 100) {
    await Promise.all(names.slice(from, from + 100).map((name) => rig.provisioner.submit(rig.login(name))));
  }
  const queued = performance.now() - began;
  const workers = [1, 2].map(() => startWorkerChild(t, rig, address, { leaseTime, concurrency }));
  await Promise.all(workers.map(({ working }) => working));
  await eventually(() => rig.zivver.accounts().length >= LOGINS, `${LOGINS} accounts`, 280_000);
  await accountedFor(t, rig, names);
  const { total } = rig.zivver.requests();
  const ratio = total / (2 * LOGINS);
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  t.comment(
    `${total} requests, ${ratio.toFixed(4)} times two per account; ${seconds} s, ${queued.toFixed(0)} ms to queue`,
  );
  t.ok(ratio <= 1.1, 'at most 1.1 times two requests per account');
}

t.test('ten thousand first logins at once end as ten thousand accounts', async (t) => {
  await t.test('redis', async (t) => {
    await burst(t, addressOf(await startRedis(t)), 16);
  });
  await t.test('embedded', async (t) => {
    await burst(t, { kind: 'embedded', path: await temporaryDirectory(t) }, 64);
  });
});
