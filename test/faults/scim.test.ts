import t, { type Test } from 'tap';
import type { Fault } from '../../src/sandbox/index.js';
import { overBothBackends } from '../provisioning/backends.js';
import { eventually, makeRig } from '../provisioning/rig.js';
import { accountedFor, BUDGET, namesFrom, STAND_IN, steadyLogins } from './accounting.js';

/** For so many milliseconds Zivver answers in no other way. */
const FOR = 2_500;

const storms: readonly (readonly [name: string, fault: Fault])[] = [
  ['slow answers', { kind: 'latency', ms: 400, applied: true }],
  ['answers too late', { kind: 'latency', ms: 1_500, applied: true }],
  ['connections reset before', { kind: 'reset' }],
  ['connections reset after', { kind: 'reset', applied: true }],
  ['half an answer', { kind: 'half-answer' }],
  ['HTML', { kind: 'html', applied: true }],
  ['a 429 storm', { kind: 'too-many-requests' }],
  ['a 429 storm with Retry-After', { kind: 'too-many-requests', headers: { 'retry-after': '1' } }],
  ['a 500 storm', { kind: 'status', status: 500, body: 'oops' }],
  ['a 500 storm that creates accounts', { kind: 'status', status: 500, applied: true }],
  ['a refused credential', { kind: 'unauthorized' }],
];

overBothBackends(t, (t, source) => {
  for (const [name, fault] of storms) {
    t.test(`${name}: each login ends in one account`, async (t: Test) => {
      const rig = await makeRig(t, await source().open(t), { settings: { budget: BUDGET }, zivver: STAND_IN });
      const { scim } = rig.settings;
      if (scim === undefined) throw new Error('the rig has a connection');
      rig.settings = { ...rig.settings, scim: { ...scim, timeout: 1_000 } };
      rig.work({ probeEvery: 500 });
      const names = namesFrom(0, 60);
      await steadyLogins(rig, names.slice(0, 10), 5);
      rig.zivver.misbehave({ rules: [{ fault, forMs: FOR }] });
      await steadyLogins(rig, names.slice(10, 50), 50);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await steadyLogins(rig, names.slice(50), 5);
      await accountedFor(t, rig, names);
      t.ok(rig.zivver.requests().faulty > 0, 'the fault was met');
    });
  }

  t.test('faults without end and refusals for good end as dead letters with a reason', async (t: Test) => {
    const freeAccounts = namesFrom(0, 5).map((name) => `${name.toLowerCase()}@example.org`);
    const rig = await makeRig(t, await source().open(t), {
      settings: { budget: BUDGET, retryFor: 3_000 },
      zivver: { ...STAND_IN, freeAccounts },
    });
    rig.work();
    const names = namesFrom(0, 30);
    await steadyLogins(rig, names.slice(0, 20), 5);
    await eventually(() => rig.seen.failures.some(({ class: kind }) => kind === 'permanent'), 'a refusal for good');
    rig.zivver.misbehave({ rules: [{ fault: { kind: 'status', status: 503 } }] });
    await steadyLogins(rig, names.slice(20), 5);
    await accountedFor(t, rig, names);
    t.ok(rig.seen.failures.some(({ class: kind }) => kind === 'permanent'));
    t.ok(rig.seen.failures.some(({ class: kind }) => kind === 'transient'));
  });
});
