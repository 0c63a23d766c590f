import type { Test } from 'tap';
import type { StoreAddress } from '../../src/config/index.js';
import { openBackend } from '../provisioning/open-backend.js';
import { makeRig } from '../provisioning/rig.js';
import { startWorkerChild } from '../provisioning/worker-child.js';
import { accountedFor, namesFrom } from './accounting.js';

const LOGINS = 10_000;
const BUDGET = { requests: 5_000, per: 1_000 };

/** All log in at once, as on the first morning; two worker processes share the budget. */
export async function burst(t: Test, address: StoreAddress, concurrency: number): Promise<void> {
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
  await whileItGoesOn(() => rig.zivver.accounts().length, LOGINS);
  await accountedFor(t, rig, names);
  const { total } = rig.zivver.requests();
  const ratio = total / (2 * LOGINS);
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  t.comment(
    `${total} requests, ${ratio.toFixed(4)} times two per account; ${seconds} s, ${queued.toFixed(0)} ms to queue`,
  );
  t.ok(ratio <= 1.1, 'at most 1.1 times two requests per account');
}

/** How long it takes is the machine's affair; that nothing comes for a minute is ours. */
async function whileItGoesOn(count: () => number, wanted: number): Promise<void> {
  let [seen, since] = [0, performance.now()];
  while (seen < wanted) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (count() > seen) [seen, since] = [count(), performance.now()];
    else if (performance.now() - since > 60_000) throw new Error(`nothing more came after ${seen}`);
  }
}
