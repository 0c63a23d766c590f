import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import t from 'tap';
import { Secret } from '../../src/config/index.js';
import {
  createDeadLetters,
  createProvisioner,
  createProvisioningStatus,
  createSealer,
} from '../../src/provisioning/index.js';
import { systemClock, systemRandom } from '../../src/shared/index.js';
import { overBothBackends } from './backends.js';
import { eventually, makeRig } from './rig.js';

const key = (id: string, byte: number) => ({ id, bytes: new Secret<Uint8Array>(new Uint8Array(32).fill(byte)) });
const earlier = createSealer({ current: key('2025', 1), previous: [] }, systemRandom);
const rotated = createSealer({ current: key('2026', 2), previous: [key('2025', 1)] }, systemRandom);
const later = createSealer({ current: key('2026', 2), previous: [] }, systemRandom);

overBothBackends(t, (t, source) => {
  t.test(
    'what waits under the earlier data key is worked on after a rotation, follow-ups are still read',
    async (t) => {
      const backend = await source().open(t);
      const accounts = [{ userName: 'bob@example.org', displayName: 'Somebody Else' }];
      const rig = await makeRig(t, backend, { sealer: earlier, zivver: { accounts } });
      const before = rig.work();
      await rig.provisioner.submit(rig.login('Bob'));
      await eventually(() => rig.seen.outcomes.length === 1, 'a follow-up under the earlier key');
      await before.stop();
      await rig.provisioner.submit(rig.login('Ada'));
      rig.work({ sealer: rotated });
      await eventually(() => rig.seen.outcomes.length === 2, 'the outcome');
      t.strictSame(rig.seen.outcomes[1], ['created', []]);
      t.match(await rig.status.followUps(rig.tenant, 10), [{ entry: { address: 'bob@example.org' } }]);
      const tooLate = createProvisioningStatus({ backend, sealer: later, clock: systemClock });
      const [unread] = await tooLate.followUps(rig.tenant, 10);
      t.equal(unread?.entry, null, 'without the earlier key it is still listed');
      t.equal(await tooLate.settleFollowUps(rig.tenant, unread?.accountId ?? ''), true, 'and can be settled');
    },
  );

  t.test('a process that still seals under the earlier key while others have rotated is understood', async (t) => {
    const backend = await source().open(t);
    const rig = await makeRig(t, backend, { sealer: rotated });
    rig.work({ sealer: createSealer({ current: key('2025', 1), previous: [key('2026', 2)] }, systemRandom) });
    await rig.provisioner.submit(rig.login('Ada'));
    await eventually(() => rig.seen.outcomes.length === 1, 'the outcome');
    t.strictSame(rig.seen.outcomes, [['created', []]]);
  });

  t.test('an account that was made under the earlier key is known after a rotation', async (t) => {
    const backend = await source().open(t);
    const rig = await makeRig(t, backend, { sealer: earlier });
    const login = rig.login('Ada');
    await rig.provisioner.submit(login);
    const worker = rig.work();
    await eventually(() => rig.seen.outcomes.length === 1, 'the outcome');
    await worker.stop();
    const after = createProvisioner({ backend, spool: null, sealer: rotated, clock: systemClock });
    t.teardown(() => after.close());
    t.strictSame(await after.submit(login), { action: 'skip', reason: 'known' });
    t.equal(await after.waitForAccount(login, 30_000), 'exists');
    t.equal((await rig.status.tenant(rig.tenant)).waiting, 0);
  });

  t.test('two processes in the middle of a rotation make one account, and nothing that needs a person', async (t) => {
    const backend = await source().open(t);
    // Each worker finds nobody before either creates: the race that two jobs for one account can lead to.
    let found = 0;
    const rig = await makeRig(t, backend, { sealer: rotated });
    const behind = createSealer({ current: key('2025', 1), previous: [key('2026', 2)] }, systemRandom);
    const other = createProvisioner({ backend, spool: null, sealer: behind, clock: systemClock });
    t.teardown(() => other.close());
    const login = rig.login('Ada');
    await Promise.all([rig.provisioner.submit(login), other.submit(login)]);
    t.equal((await rig.status.tenant(rig.tenant)).waiting, 2, 'one job under each name');
    const meet = new EventEmitter();
    const both = once(meet, 'both');
    const meeting: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      if (init?.method !== 'GET') return answer;
      found += 1;
      if (found === 2) meet.emit('both');
      else if (found === 1) await both;
      return answer;
    };
    rig.work({ fetch: meeting });
    rig.work({ fetch: meeting, sealer: behind });
    await eventually(() => rig.seen.outcomes.length === 2, 'both outcomes');
    t.strictSame(rig.seen.outcomes.map(([outcome]) => outcome).sort(), ['created', 'existed']);
    t.equal(rig.zivver.accounts().length, 1);
    t.equal((await rig.status.tenant(rig.tenant)).dead, 0);
    for (const process of [rig.provisioner, other]) {
      t.strictSame(await process.submit(login), { action: 'skip', reason: 'known' });
    }
  });

  t.test('a worker that is not told of the new key yet leaves the job to one that is', async (t) => {
    const backend = await source().open(t);
    const rig = await makeRig(t, backend, { sealer: rotated });
    const behind = rig.work({ sealer: earlier });
    await rig.provisioner.submit(rig.login('Ada'));
    await eventually(() => rig.seen.notes.includes('retry unreadable'), 'an attempt in vain');
    await behind.stop();
    rig.work();
    await eventually(() => rig.seen.outcomes.length === 1, 'the outcome');
    t.strictSame(rig.seen.outcomes, [['created', []]]);
    t.equal((await rig.status.tenant(rig.tenant)).dead, 0);
  });

  t.test('so it is with a job that has waited for long', async (t) => {
    const backend = await source().open(t);
    const rig = await makeRig(t, backend, { sealer: rotated });
    await rig.provisioner.submit(rig.login('Ada'));
    const behind = rig.work({ sealer: earlier, clock: { now: () => Date.now() + 3_600_000 } });
    await eventually(() => rig.seen.notes.includes('retry unreadable'), 'an attempt in vain');
    await behind.stop();
    rig.work();
    await eventually(() => rig.seen.outcomes.length === 1, 'the outcome');
    t.strictSame(rig.seen.outcomes, [['created', []]]);
  });

  t.test('a job from before a rotation leaves its account on record under the new key', async (t) => {
    const backend = await source().open(t);
    const freeAccounts = ['eve@example.org'];
    const accounts = [{ userName: 'bob@example.org', displayName: 'Somebody Else' }];
    const rig = await makeRig(t, backend, { sealer: earlier, zivver: { accounts, freeAccounts } });
    for (const name of ['Ada', 'Bob', 'Eve']) await rig.provisioner.submit(rig.login(name));
    rig.work({ sealer: rotated });
    await eventually(() => rig.seen.outcomes.length === 3, 'the outcomes');
    // The earlier key has gone.
    const after = createProvisioner({ backend, spool: null, sealer: later, clock: systemClock });
    t.teardown(() => after.close());
    for (const name of ['Ada', 'Bob', 'Eve']) {
      t.strictSame(await after.submit(rig.login(name)), { action: 'skip', reason: 'known' });
    }
    const status = createProvisioningStatus({ backend, sealer: later, clock: systemClock });
    const [id] = later.accountIds(rig.tenant, 'bob@example.org');
    t.match(await status.followUps(rig.tenant, 10), [{ accountId: id, entry: { address: 'bob@example.org' } }]);
  });

  t.test('a dead letter from before a rotation is retried and dismissed under the new key', async (t) => {
    const backend = await source().open(t);
    const freeAccounts = ['ada@example.org', 'bob@example.org'];
    const rig = await makeRig(t, backend, { sealer: earlier, zivver: { freeAccounts } });
    for (const name of ['Ada', 'Bob']) await rig.provisioner.submit(rig.login(name));
    const before = rig.work();
    await eventually(async () => (await rig.status.tenant(rig.tenant)).dead === 2, 'two dead letters');
    await before.stop();
    const letters = createDeadLetters({ backend, sealer: rotated, clock: systemClock, rememberFor: 60_000 });
    const after = createProvisioner({ backend, spool: null, sealer: rotated, clock: systemClock });
    t.teardown(() => after.close());
    const [ada, bob] = (await letters.list(rig.tenant)).map(({ id }) => id);
    rig.work({ sealer: rotated });
    await letters.retry(rig.tenant, ada ?? '');
    await eventually(async () => (await rig.status.tenant(rig.tenant)).dead === 2, 'it fails again');
    t.strictSame(await after.submit(rig.login('Ada')), { action: 'skip', reason: 'known' });
    await letters.retry(rig.tenant, ada ?? '');
    await eventually(() => rig.seen.outcomes.length === 4, 'and again, though it is on record under both keys');
    await letters.dismiss(rig.tenant, bob ?? '', 'has left');
    const withoutEarlier = createProvisioner({ backend, spool: null, sealer: later, clock: systemClock });
    t.teardown(() => withoutEarlier.close());
    t.strictSame(await withoutEarlier.submit(rig.login('Bob')), { action: 'skip', reason: 'known' });
  });

  t.test(
    'what an earlier version queued under a digest without a key is worked on, and the account is known',
    async (t) => {
      const backend = await source().open(t);
      const rig = await makeRig(t, backend, { sealer: earlier });
      const { tenant, idp, address, accountKey, displayName, reference, at } = rig.login('Ada');
      const request = { tenant, idp, address, accountKey, displayName, reference, at };
      const id = createHash('sha256').update(`${rig.tenant}\0ada@example.org`).digest('hex');
      const payload = earlier.seal(JSON.stringify(request), id);
      await backend.queue.add({ id, tenant: rig.tenant, payload, since: Date.now() });
      rig.work();
      t.equal(await rig.provisioner.waitForAccount(rig.login('Ada'), 30_000), 'exists');
      t.strictSame(await rig.provisioner.submit(rig.login('Ada')), { action: 'skip', reason: 'known' });
    },
  );

  t.test('taken away too early, the earlier key makes a dead letter, and put back it mends it', async (t) => {
    const backend = await source().open(t);
    const rig = await makeRig(t, backend, { sealer: earlier });
    await rig.provisioner.submit(rig.login('Ada'));
    // So long after the login nobody is about to be told of a key.
    const hasty = rig.work({ sealer: later, clock: { now: () => Date.now() + 600_000 } });
    await eventually(async () => (await rig.status.tenant(rig.tenant)).dead === 1, 'a dead letter', 60_000);
    await hasty.stop();
    const options = { backend, clock: systemClock, rememberFor: 60_000 };
    const [letter] = await createDeadLetters({ ...options, sealer: later }).list(rig.tenant);
    t.match(letter, { login: null, failure: { class: 'unreadable', remedy: /put the earlier data key back/ } });
    t.equal(rig.zivver.requests().total, 0);
    const letters = createDeadLetters({ ...options, sealer: rotated });
    t.match(await letters.show(rig.tenant, letter?.id ?? ''), { login: { address: 'ada@example.org' } });
    rig.work({ sealer: rotated });
    t.equal(await letters.retryAll(rig.tenant), 1);
    await eventually(() => rig.zivver.accounts().length === 1, 'the account');
  });
});
