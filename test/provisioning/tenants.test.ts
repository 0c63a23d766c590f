import t from 'tap';
import { overBothBackends } from './backends.js';
import { eventually, makeRig, type Rig } from './rig.js';

/** One worker for both tenants, as in an installation. */
function workForBoth(one: Rig, other: Rig, concurrency: number): void {
  one.work({ tenants: () => [one.settings, other.settings], concurrency, probeEvery: 300 });
}

overBothBackends(t, (t, source) => {
  t.test('a tenant that Zivver throttles waits as a whole; another one does not', async (t) => {
    const backend = await source().open(t);
    const [throttled, free] = [await makeRig(t, backend), await makeRig(t, backend)];
    throttled.zivver.misbehave({ queue: [{ kind: 'too-many-requests', headers: { 'retry-after': '6' } }] });
    workForBoth(throttled, free, 1);
    const began = performance.now();
    await throttled.provisioner.submit(throttled.login('First'));
    await eventually(() => throttled.seen.notes.includes('throttled 6000'), 'a 429');
    for (const name of ['Ada', 'Bob', 'Eve']) {
      await throttled.provisioner.submit(throttled.login(name));
      await free.provisioner.submit(free.login(name));
    }
    await eventually(() => free.zivver.accounts().length === 3, 'the accounts of the other tenant');
    t.equal(throttled.zivver.requests().total, 1, 'nothing was sent for the throttled one meanwhile');
    await eventually(() => throttled.zivver.accounts().length === 4, 'its accounts');
    t.ok(performance.now() - began > 5_990, 'after the wait');
    t.equal(throttled.zivver.requests().total, 1 + 2 * 4, 'and each once');
  });

  t.test('a tenant whose credential is refused stands still; another one does not', async (t) => {
    const backend = await source().open(t);
    const [refused, free] = [await makeRig(t, backend), await makeRig(t, backend)];
    refused.zivver.misbehave({ rules: [{ fault: { kind: 'unauthorized' } }] });
    workForBoth(refused, free, 8);
    await refused.provisioner.submit(refused.login('Ada'));
    await eventually(async () => (await refused.status.tenant(refused.tenant)).pause !== null, 'a pause');
    await free.provisioner.submit(free.login('Ada'));
    await eventually(() => free.zivver.accounts().length === 1, 'the account of the other tenant');
    t.equal((await free.status.tenant(free.tenant)).pause, null);
    await eventually(async () => (await refused.status.tenant(refused.tenant)).active === 0, 'nothing in hand');
    t.match(await refused.status.tenant(refused.tenant), { waiting: 1, dead: 0, pause: { status: 401 } });
    refused.zivver.misbehave({ rules: [] });
    await eventually(() => refused.zivver.accounts().length === 1, 'its account, by itself');
  });

  t.test(
    'a tenant whose probe must wait for an hour keeps nobody from being worked on, nor the worker’s signs of life',
    async (t) => {
      const backend = await source().open(t);
      const [held, free] = [await makeRig(t, backend), await makeRig(t, backend)];
      await backend.queue.pause(held.tenant);
      await backend.budget.hold(held.tenant, 3_600_000);
      let configured = [held.settings];
      held.work({ tenants: () => configured });
      await eventually(async () => (await held.status.tenant(held.tenant)).workers === 1, 'a worker');
      configured = [held.settings, free.settings];
      await free.provisioner.submit(free.login('Ada'));
      await eventually(() => free.zivver.accounts().length === 1, 'the account of a tenant that came later');
      const { lastBeat } = await held.status.tenant(held.tenant);
      await eventually(
        async () => ((await held.status.tenant(held.tenant)).lastBeat ?? 0) > (lastBeat ?? 0),
        'a sign of life',
      );
      t.equal(held.zivver.requests().total, 0);
    },
  );
});
