import t from 'tap';
import type { Budget, RecordStore } from '../../src/provisioning/index.js';
import { GatewayError } from '../../src/shared/index.js';
import { overBothBackends } from './backends.js';
import { ACCOUNT_KEY, eventually, makeRig, sealer, watchedFetch } from './rig.js';

overBothBackends(t, (t, source) => {
  t.test('a first login leads to one account with what the login says; the next login is known', async (t) => {
    const rig = await makeRig(t, await source().open(t));
    const requests: Parameters<typeof watchedFetch>[0] = [];
    rig.work({ fetch: watchedFetch(requests) });
    const login = rig.login('Ada');
    t.strictSame(await rig.provisioner.submit(login), { action: 'create', spooled: false });
    t.equal(await rig.provisioner.waitForAccount(login, 30_000), 'exists');
    t.match(rig.zivver.accounts(), [
      { userName: 'ada@example.org', displayName: 'Ada Surname', active: true, ssoAccountKey: `${ACCOUNT_KEY}Ada` },
    ]);
    t.equal(rig.zivver.accounts().length, 1);
    t.strictSame(await rig.provisioner.submit(login), { action: 'skip', reason: 'known' });
    await eventually(() => rig.seen.outcomes.length === 1, 'the outcome');
    t.strictSame(rig.seen.outcomes, [['created', []]]);
    t.strictSame(rig.seen.calls, ['GET 200 ok', 'POST 201 ok']);
    t.equal(requests[0]?.headers.get('user-agent'), 'claims-gateway/0.0.0-test (ABCD-EFGH-JKMN)');
  });

  t.test('a worker’s signs of life are counted; those of a killed one are cleared away', async (t) => {
    const backend = await source().open(t);
    const rig = await makeRig(t, backend);
    await backend.records.listPut(rig.tenant, 'workers', 'killed', String(Date.now() - 7_200_000));
    t.equal((await rig.status.tenant(rig.tenant)).workers, 0);
    const worker = rig.work();
    await eventually(async () => (await rig.status.tenant(rig.tenant)).workers === 1, 'a sign of life');
    await eventually(async () => (await backend.records.listCount(rig.tenant, 'workers')) === 1, 'one entry');
    await worker.stop();
    t.equal(await backend.records.listCount(rig.tenant, 'workers'), 0);
  });

  t.test('logins that need no account queue nothing and ask nothing', async (t) => {
    const rig = await makeRig(t, await source().open(t));
    for (const [change, reason] of [
      [{ address: 'ada@elsewhere.test' }, 'other-domain'],
      [{ accountKey: null }, 'not-a-user'],
      [{ mode: 'off' }, 'off'],
    ] as const) {
      t.strictSame(await rig.provisioner.submit(rig.login('Ada', change)), { action: 'skip', reason });
    }
    t.match(await rig.status.tenant(rig.tenant), { waiting: 0, delayed: 0, active: 0, dead: 0 });
    t.strictSame(rig.seen.notes, []);
  });

  t.test('an account that is there already is left alone, and differences are listed for a person', async (t) => {
    const accounts = [{ userName: 'ada@example.org', displayName: 'A. Lovelace', active: false }];
    const rig = await makeRig(t, await source().open(t), { zivver: { accounts } });
    rig.work();
    const login = rig.login('Ada', { address: 'Ada@example.org' });
    await rig.provisioner.submit(login);
    t.equal(await rig.provisioner.waitForAccount(login, 30_000), 'exists');
    await eventually(() => rig.seen.outcomes.length === 1, 'the outcome');
    t.strictSame(rig.seen.outcomes, [['existed', ['inactive', 'address-case', 'name']]]);
    const [entry, ...more] = await rig.status.followUps(rig.tenant, 10);
    t.strictSame(more, []);
    const [id] = sealer.accountIds(rig.tenant, login.address);
    t.match(entry, { accountId: id, entry: { address: 'Ada@example.org', reference: 'ABCD-EFGH-JKMN' } });
    t.match(entry?.entry?.items, [
      { kind: 'inactive' },
      { kind: 'address-case', login: 'Ada@example.org', account: 'ada@example.org' },
      { kind: 'name', login: 'Ada Surname', account: 'A. Lovelace' },
    ]);
    t.match(rig.zivver.accounts(), [{ displayName: 'A. Lovelace', active: false, ssoAccountKey: null }]);
    t.equal((await rig.status.tenant(rig.tenant)).followUps, 1);
    t.equal(await rig.status.settleFollowUps(rig.tenant, id), true);
    t.equal(await rig.status.settleFollowUps(rig.tenant, id), false);
    t.equal((await rig.status.tenant(rig.tenant)).followUps, 0);
  });

  t.test('the budget is kept over two workers, as the server counts', async (t) => {
    const budget = { requests: 6, per: 400 };
    const backends = [await source().open(t), await source().open(t)] as const;
    const rig = await makeRig(t, backends[0], {
      settings: { budget },
      zivver: { budget: { requests: budget.requests, windowMs: budget.per } },
    });
    rig.work();
    rig.work({ backend: backends[1] });
    await Promise.all(Array.from({ length: 15 }, (_, at) => rig.provisioner.submit(rig.login(`User${at}`))));
    await eventually(() => rig.seen.outcomes.length === 15, 'all outcomes');
    t.equal(rig.zivver.accounts().length, 15);
    t.equal(rig.zivver.requests().overBudget, 0);
    t.equal(rig.zivver.requests().total, 30, 'two requests per account');
  });

  t.test('observe: nothing is created; the account’s appearance is noted, its absence is a dead letter', async (t) => {
    const rig = await makeRig(t, await source().open(t), {
      settings: { mode: 'observe' },
      zivver: { accounts: [{ userName: 'ada@example.org', displayName: 'Ada Surname' }] },
      observeAfter: 100,
    });
    rig.work({ observeFor: 800 });
    t.strictSame(await rig.provisioner.submit(rig.login('Ada')), { action: 'observe', spooled: false });
    await rig.provisioner.submit(rig.login('Bob'));
    await eventually(() => rig.seen.outcomes.length === 2, 'both outcomes');
    t.strictSame(rig.seen.outcomes.sort(), [
      ['existed', []],
      ['failed', []],
    ]);
    t.match(await rig.deadLetters.list(rig.tenant), [
      { login: { address: 'bob@example.org' }, failure: { class: 'absent', remedy: /just-in-time/ } },
    ]);
    t.equal(rig.zivver.requests().byOperation.create, 0);
  });

  t.test('a worker that stops puts back what waits for the budget, and finishes what is under way', async (t) => {
    const rig = await makeRig(t, await source().open(t), { settings: { budget: { requests: 1, per: 60_000 } } });
    rig.zivver.misbehave({ rules: [{ fault: { kind: 'latency', ms: 400, applied: true } }] });
    const worker = rig.work();
    await rig.provisioner.submit(rig.login('Ada'));
    await rig.provisioner.submit(rig.login('Bob'));
    await eventually(() => rig.zivver.requests().total === 1, 'a request under way');
    const began = Date.now();
    await worker.stop();
    t.ok(Date.now() - began < 20_000, 'long before the budget has room again');
    t.match(await rig.status.tenant(rig.tenant), { waiting: 2, active: 0, dead: 0, workers: 0 });
    t.strictSame(rig.seen.calls, ['GET 200 ok']);
  });

  t.test('a tenant that is switched off is not worked on; switched on again, it is', async (t) => {
    const rig = await makeRig(t, await source().open(t));
    await rig.provisioner.submit(rig.login('Ada'));
    rig.settings = { ...rig.settings, mode: 'off' };
    rig.work();
    await new Promise((resolve) => setTimeout(resolve, 300));
    t.equal((await rig.status.tenant(rig.tenant)).waiting, 1);
    rig.settings = { ...rig.settings, mode: 'scim' };
    await eventually(() => rig.seen.outcomes.length === 1, 'an outcome');
  });

  t.test('whoever waits for an account that does not come is let go at the time limit', async (t) => {
    const rig = await makeRig(t, await source().open(t));
    const began = Date.now();
    const waits = Array.from({ length: 50 }, (_, at) => rig.provisioner.waitForAccount(rig.login(`U${at}`), 300));
    t.ok((await Promise.all(waits)).every((result) => result === 'timeout'));
    t.ok(Date.now() - began < 5_000);
  });

  t.test(
    'a tenant that is switched off, and has no connection any more, ends its jobs with the one it had',
    async (t) => {
      const rig = await makeRig(t, await source().open(t));
      // The reload comes between two looks at the configuration.
      rig.work({ beatEvery: 60_000 });
      rig.settings = { ...rig.settings, mode: 'off', scim: undefined };
      await rig.provisioner.submit(rig.login('Ada', { mode: 'scim' }));
      await eventually(() => rig.seen.outcomes.length === 1, 'an outcome');
      t.strictSame(rig.seen.outcomes, [['created', []]]);
      t.strictSame(rig.seen.faults, []);
    },
  );

  t.test('a worker that is stopped as soon as it is started works on no tenant', async (t) => {
    const backend = await source().open(t);
    const [one, other] = [await makeRig(t, backend), await makeRig(t, backend)];
    await one.work({ tenants: () => [one.settings, other.settings] }).stop();
    for (const rig of [one, other]) await rig.provisioner.submit(rig.login('Ada'));
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const rig of [one, other]) t.match(await rig.status.tenant(rig.tenant), { waiting: 1, active: 0 });
  });

  t.test('a tenant may have any name that the configuration takes', async (t) => {
    const backend = await source().open(t);
    for (const id of ['error', 'newlistener']) {
      await backend.queue.add({ id, tenant: id, payload: 'sealed', since: 1 });
      const lease = await backend.queue.take(id);
      t.equal(lease?.job.id, id);
      await lease?.complete();
    }
  });

  t.test('of many jobs that are tried again and again, the one that waits longest tells the age', async (t) => {
    const backend = await source().open(t);
    const { tenant, status } = await makeRig(t, backend);
    // As backoff has it: the older a job, the later its next attempt.
    for (let at = 0; at < 30; at++) {
      await backend.queue.add({ id: `j${at}`, tenant, payload: 'sealed', since: 1_000 * (30 - at) }, 60_000 * (at + 1));
    }
    t.match(await status.tenant(tenant), { delayed: 30, oldestSince: 1_000 });
  });

  t.test(
    'a slot that was given long before the worker could go on is not used: it may be another’s by now',
    async (t) => {
      const backend = await source().open(t);
      let asked = 0;
      const acquire: Budget['acquire'] = async (...args) => {
        const grant = await backend.budget.acquire(...args);
        asked += 1;
        // As if the process had been stopped between the answer and its next step.
        if (asked === 1) await new Promise((resolve) => setTimeout(resolve, 5_100));
        return grant;
      };
      const budget: Budget = {
        acquire,
        settle: (...args) => backend.budget.settle(...args),
        hold: (...args) => backend.budget.hold(...args),
      };
      const rig = await makeRig(t, backend);
      rig.work({ backend: { ...backend, budget } });
      await rig.provisioner.submit(rig.login('Ada'));
      await eventually(() => rig.seen.outcomes.length === 1, 'an outcome');
      t.equal(asked, 3, 'one for each of two requests, and the one that came too late');
      t.equal(rig.zivver.requests().total, 2);
    },
  );

  t.test('a job whose end cannot be recorded is put back, not left until its lease runs out', async (t) => {
    const backend = await source().open(t);
    let failures = 0;
    const set: RecordStore['set'] = async (...args) => {
      failures += 1;
      if (failures === 1) throw new GatewayError('STORE_UNAVAILABLE', 'for a moment');
      await backend.records.set(...args);
    };
    const rig = await makeRig(t, backend);
    const records = new Proxy(backend.records, {
      get: (target, name) => {
        if (name === 'set') return set;
        const method: unknown = Reflect.get(target, name);
        return typeof method === 'function' ? (method.bind(target) as unknown) : method;
      },
    });
    rig.work({ backend: { ...backend, records } });
    await rig.provisioner.submit(rig.login('Ada'));
    await eventually(() => rig.seen.outcomes.length === 1, 'an outcome', 15_000);
    t.strictSame(rig.seen.outcomes, [['existed', []]], 'made by the attempt before');
    t.equal(rig.seen.faults.length, 1);
  });
});
