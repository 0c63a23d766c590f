import t from 'tap';
import { createEmbeddedBackend } from '../../src/provisioning/index.js';
import { overBothBackends } from '../provisioning/backends.js';
import { eventually, makeRig } from '../provisioning/rig.js';
import { manualClock } from '../support/clock.js';
import { temporaryDirectory } from '../support/temporary.js';
import { accountedFor, BUDGET, namesFrom, STAND_IN, steadyLogins } from './accounting.js';

const MINUTE = 60_000;
const PROBE = 10_000;

// Both mostly wait.
t.jobs = 3;

overBothBackends(t, (t, source) => {
  t.test('401 for a whole minute: the tenant waits, and then goes on by itself', async (t) => {
    const rig = await makeRig(t, await source().open(t), { settings: { budget: BUDGET }, zivver: STAND_IN });
    const workers = [rig.work({ probeEvery: PROBE }), rig.work({ probeEvery: PROBE })];
    const names = namesFrom(0, 130);
    await steadyLogins(rig, names.slice(0, 10), 5);
    await eventually(() => rig.zivver.accounts().length === 10, 'the first accounts');
    rig.zivver.misbehave({ rules: [{ fault: { kind: 'unauthorized' }, forMs: MINUTE }] });
    const before = rig.zivver.requests().total;
    // People go on logging in all the while.
    await steadyLogins(rig, names.slice(10), 480);
    const refused = rig.zivver.requests().faulty;
    // Jobs that were in hand when it began, and one probe in ten seconds over both workers.
    t.ok(refused <= 2 * 8 + MINUTE / PROBE + 2, `hardly anything is sent meanwhile: ${refused}`);
    t.ok(rig.zivver.requests().total - before >= refused);
    t.ok(rig.seen.notes.filter((note) => note === 'paused 401').length === 1, 'it is told once');
    await eventually(() => rig.zivver.accounts().length === 130, 'the accounts', 12 * PROBE);
    await accountedFor(t, rig, names);
    t.ok(rig.seen.notes.includes('resumed'));
    t.strictSame(rig.seen.failures, [], 'no attempt was counted');
    for (const worker of workers) await worker.stop();
  });
});

t.test('Zivver is asked once a minute whether the credential is good again', async (t) => {
  const clock = manualClock();
  const backend = createEmbeddedBackend({ path: await temporaryDirectory(t), clock });
  t.teardown(() => backend.close());
  const rig = await makeRig(t, backend, { clock });
  rig.zivver.misbehave({ rules: [{ fault: { kind: 'unauthorized' } }] });
  rig.work();
  await rig.provisioner.submit(rig.login('Ada'));
  await eventually(() => rig.zivver.requests().faulty === 2, 'the refusal and the first probe');
  for (let probes = 3; probes < 6; probes++) {
    clock.advance(MINUTE - 1);
    await new Promise((resolve) => setTimeout(resolve, 400));
    t.equal(rig.zivver.requests().faulty, probes - 1, 'not before a minute is over');
    clock.advance(1);
    await eventually(() => rig.zivver.requests().faulty === probes, 'another probe');
  }
});
