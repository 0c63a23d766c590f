import t from 'tap';
import { overBothBackends } from './backends.js';
import { ACCOUNT_KEY, eventually, makeRig, sealer, TOKEN } from './rig.js';

overBothBackends(t, (t, source) => {
  t.test('a lost answer does not make a second account', async (t) => {
    const rig = await makeRig(t, await source().open(t));
    const { scim } = rig.settings;
    if (scim === undefined) throw new Error('the rig has a connection');
    rig.settings = { ...rig.settings, scim: { ...scim, timeout: 1_000 } };
    rig.work();
    for (const [name, fault] of [
      ['Reset', { kind: 'reset', applied: true }],
      ['Half', { kind: 'half-answer' }],
      ['Html', { kind: 'html', applied: true }],
      ['Noid', { kind: 'without-id' }],
      ['Hang', { kind: 'hang', applied: true }],
      ['Late', { kind: 'status', status: 504, applied: true }],
    ] as const) {
      rig.zivver.misbehave({ rules: [{ fault, operations: ['create'], times: 1 }] });
      const login = rig.login(name);
      await rig.provisioner.submit(login);
      t.equal(await rig.provisioner.waitForAccount(login, 30_000), 'exists', name);
    }
    t.equal(rig.zivver.accounts().length, 6);
    t.equal(rig.zivver.requests().byOperation.create, 6, 'each was created once; the second attempt found it');
    t.ok(rig.seen.outcomes.every(([kind]) => kind === 'existed'));
  });

  t.test('a passing fault is tried again', async (t) => {
    const rig = await makeRig(t, await source().open(t));
    rig.work();
    rig.zivver.misbehave({ queue: [{ kind: 'status', status: 503 }, { kind: 'html' }, { kind: 'reset' }] });
    const login = rig.login('Ada');
    await rig.provisioner.submit(login);
    await eventually(() => rig.seen.outcomes.length === 1, 'an outcome');
    t.strictSame(rig.seen.outcomes, [['created', []]]);
    t.strictSame(
      rig.seen.failures.map((failure) => failure.class),
      ['transient', 'suspect', 'transient'],
    );
  });

  t.test('an account that appears between search and creation is found after the conflict', async (t) => {
    const accounts = [{ userName: 'ada@example.org', displayName: 'Ada Surname' }];
    const rig = await makeRig(t, await source().open(t), { zivver: { accounts } });
    const nobody = '{"totalResults":0,"Resources":[]}';
    rig.zivver.misbehave({
      rules: [
        {
          fault: { kind: 'status', status: 200, body: nobody, contentType: 'application/json' },
          operations: ['find'],
          times: 1,
        },
      ],
    });
    rig.work();
    await rig.provisioner.submit(rig.login('Ada'));
    await eventually(() => rig.seen.outcomes.length === 1, 'an outcome');
    t.strictSame(rig.seen.outcomes, [['existed', []]]);
    t.equal(rig.zivver.accounts().length, 1);
  });

  t.test('429 makes the whole tenant wait, and counts as no attempt', async (t) => {
    const rig = await makeRig(t, await source().open(t));
    rig.zivver.misbehave({ queue: [{ kind: 'too-many-requests', headers: { 'retry-after': '1' } }] });
    rig.work({ concurrency: 1 });
    const began = Date.now();
    await rig.provisioner.submit(rig.login('Ada'));
    await rig.provisioner.submit(rig.login('Bob'));
    await eventually(() => rig.seen.outcomes.length === 2, 'both outcomes');
    t.ok(Date.now() - began >= 1_000, 'for as long as was asked');
    t.strictSame(
      rig.seen.notes.filter((note) => note.startsWith('throttled')),
      ['throttled 1000'],
    );
    t.strictSame(rig.seen.failures, []);
  });

  t.test('a documented refusal is a dead letter with its remedy; a person retries it', async (t) => {
    const rig = await makeRig(t, await source().open(t), { zivver: { freeAccounts: ['ada@example.org'] } });
    rig.work();
    const login = rig.login('Ada');
    await rig.provisioner.submit(login);
    t.equal(await rig.provisioner.waitForAccount(login, 30_000), 'failed');
    await eventually(async () => (await rig.deadLetters.list(rig.tenant)).length === 1, 'a dead letter');
    const [letter] = await rig.deadLetters.list(rig.tenant);
    t.match(letter, {
      failure: {
        class: 'permanent',
        status: 400,
        detail: 'HTTP 400: Account is outside the organization',
        remedy: /adopt/,
      },
      attempts: 1,
      login: { address: 'ada@example.org', idp: 'okta', reference: 'ABCD-EFGH-JKMN' },
    });
    t.notMatch(JSON.stringify(letter), ACCOUNT_KEY);
    t.strictSame(await rig.provisioner.submit(login), { action: 'skip', reason: 'known' });

    rig.zivver.misbehave({
      when: ({ operation }) =>
        operation === 'find'
          ? {
              kind: 'status',
              status: 200,
              contentType: 'application/json',
              body: listOf('ada@example.org', 'Ada Surname'),
            }
          : null,
    });
    await rig.deadLetters.retry(rig.tenant, letter?.id ?? '');
    await eventually(() => rig.seen.outcomes.length === 2, 'a second outcome');
    t.strictSame(rig.seen.outcomes, [
      ['failed', []],
      ['existed', []],
    ]);
    t.strictSame(await rig.deadLetters.list(rig.tenant), []);
  });

  t.test('dead letters are shown, retried all at once, or dismissed with a note', async (t) => {
    const names = ['Ada', 'Bob', 'Eve'];
    const freeAccounts = names.map((name) => `${name.toLowerCase()}@example.org`);
    const backend = await source().open(t);
    const rig = await makeRig(t, backend, { zivver: { freeAccounts } });
    const worker = rig.work();
    for (const name of names) await rig.provisioner.submit(rig.login(name));
    await eventually(async () => (await rig.status.tenant(rig.tenant)).dead === 3, 'three dead letters');
    t.equal(await rig.deadLetters.retryAll(rig.tenant), 3);
    await eventually(() => rig.seen.outcomes.length === 6, 'they failed again');
    await eventually(async () => (await rig.status.tenant(rig.tenant)).dead === 3, 'three dead letters');
    await worker.stop();

    const [id] = sealer.accountIds(rig.tenant, 'bob@example.org');
    t.match(await rig.deadLetters.show(rig.tenant, id), { id, login: { address: 'bob@example.org' } });
    await rig.deadLetters.dismiss(rig.tenant, id, 'has left');
    t.ok(rig.seen.notes.includes('dismissed: has left'));
    const [recorded] = await backend.records.get(rig.tenant, [`outcome:${id}`]);
    t.match(recorded, 'dismissed');
    t.notMatch(recorded, 'has left', 'what a person wrote is not on record unsealed');
    t.strictSame(await rig.provisioner.submit(rig.login('Bob')), { action: 'skip', reason: 'known' });
    await t.rejects(rig.deadLetters.show(rig.tenant, id), { code: 'DEAD_LETTER_UNKNOWN' });
    await t.rejects(rig.deadLetters.retry(rig.tenant, id), { code: 'DEAD_LETTER_UNKNOWN' });
    await t.rejects(rig.deadLetters.dismiss(rig.tenant, id, ''), { code: 'DEAD_LETTER_UNKNOWN' });
    t.equal((await rig.deadLetters.list(rig.tenant)).length, 2);
    t.equal((await rig.deadLetters.list(rig.tenant, { offset: 1, limit: 5 })).length, 1);
  });

  t.test('a taken address that no user has is a dead letter that names the functional account', async (t) => {
    const rig = await makeRig(t, await source().open(t));
    rig.zivver.misbehave({ rules: [{ fault: { kind: 'status', status: 409, body: '' }, operations: ['create'] }] });
    rig.work();
    await rig.provisioner.submit(rig.login('Ada', { address: 'Ada@example.org' }));
    await eventually(() => rig.seen.outcomes.length === 1, 'an outcome');
    t.match(rig.seen.failures.at(-1), { class: 'suspect', status: 409, remedy: /functional account/ });
    t.equal(rig.zivver.requests().byOperation.find, 9, 'both spellings are looked for');
  });

  t.test('a job that cannot be decrypted is a dead letter that can be dismissed', async (t) => {
    const backend = await source().open(t);
    const rig = await makeRig(t, backend);
    rig.work();
    await backend.queue.add({
      id: 'a'.repeat(64),
      tenant: rig.tenant,
      payload: 'v1.gone.AAAA',
      since: Date.now() - 600_000,
    });
    await eventually(async () => (await rig.status.tenant(rig.tenant)).dead === 1, 'a dead letter', 60_000);
    t.equal(rig.seen.notes.filter((note) => note === 'retry unreadable').length, 4, 'others had their chance');
    t.match(await rig.deadLetters.list(rig.tenant), [
      { login: null, failure: { class: 'unreadable', remedy: /data key/ } },
    ]);
    await rig.deadLetters.dismiss(rig.tenant, 'a'.repeat(64), 'lost key');
    t.equal(rig.zivver.requests().total, 0);
  });

  t.test('once a damaged job is dismissed, the next login queues anew', async (t) => {
    const backend = await source().open(t);
    const rig = await makeRig(t, backend);
    rig.work();
    const [id] = sealer.accountIds(rig.tenant, 'ada@example.org');
    await backend.queue.add({ id, tenant: rig.tenant, payload: 'v1.gone.AAAA', since: Date.now() - 600_000 });
    await eventually(async () => (await rig.status.tenant(rig.tenant)).dead === 1, 'a dead letter', 60_000);
    t.strictSame(await rig.provisioner.submit(rig.login('Ada')), { action: 'skip', reason: 'known' });
    await rig.deadLetters.dismiss(rig.tenant, id, 'damaged');
    t.ok(rig.seen.notes.includes('dismissed: damaged'));
    t.match(await rig.provisioner.submit(rig.login('Ada')), { action: 'create' });
    await eventually(() => rig.zivver.accounts().length === 1, 'the account');
  });

  t.test('an API key that is sent in base64 is not kept where Zivver repeats it', async (t) => {
    const sent = Buffer.from(TOKEN).toString('base64');
    const rig = await makeRig(t, await source().open(t), { zivver: { scimToken: sent } });
    const { scim } = rig.settings;
    if (scim === undefined) throw new Error('the rig has a connection');
    rig.settings = { ...rig.settings, scim: { ...scim, tokenEncoding: 'base64' } };
    rig.zivver.misbehave({
      rules: [{ fault: { kind: 'status', status: 400, body: `bad ${sent}, that is ${TOKEN}` } }],
    });
    rig.work();
    await rig.provisioner.submit(rig.login('Ada'));
    await eventually(async () => (await rig.status.tenant(rig.tenant)).dead === 1, 'a dead letter');
    t.match(await rig.deadLetters.list(rig.tenant), [
      { failure: { detail: 'HTTP 400: bad [redacted], that is [redacted]' } },
    ]);
  });

  t.test('a queue that was left paused without a reason on record is resumed by a probe', async (t) => {
    const backend = await source().open(t);
    const rig = await makeRig(t, backend);
    await backend.queue.pause(rig.tenant);
    await rig.provisioner.submit(rig.login('Ada'));
    rig.work();
    await eventually(() => rig.seen.outcomes.length === 1, 'an outcome');
    t.equal(await backend.queue.isPaused(rig.tenant), false);
  });

  t.test(
    'a probe that is refused for its address, not for its key, resumes; one at a wrong place does not',
    async (t) => {
      const backend = await source().open(t);
      const rig = await makeRig(t, backend);
      await backend.queue.pause(rig.tenant);
      await rig.provisioner.submit(rig.login('Ada'));
      rig.zivver.misbehave({
        queue: [
          { kind: 'status', status: 404 },
          { kind: 'status', status: 400, body: 'Account is outside the organization' },
        ],
      });
      rig.work({ probeEvery: 300 });
      await eventually(() => rig.seen.outcomes.length === 1, 'an outcome');
      t.strictSame(rig.seen.outcomes, [['created', []]]);
      t.strictSame(rig.seen.calls, ['GET 404 permanent', 'GET 400 permanent', 'GET 200 ok', 'POST 201 ok']);
    },
  );

  t.test('a probe that is throttled makes the tenant wait for as long as was asked', async (t) => {
    const backend = await source().open(t);
    const rig = await makeRig(t, backend);
    await backend.queue.pause(rig.tenant);
    rig.zivver.misbehave({ queue: [{ kind: 'too-many-requests', headers: { 'retry-after': '3' } }] });
    rig.work({ probeEvery: 300 });
    await eventually(() => rig.seen.calls.length === 1, 'a probe');
    const began = performance.now();
    await eventually(() => rig.seen.notes.includes('resumed'), 'another one');
    t.ok(performance.now() - began > 2_500, 'after the wait');
    t.ok(rig.seen.notes.includes('throttled 3000'));
  });

  t.test('a refused credential pauses the tenant and loses nothing; it goes on by itself', async (t) => {
    const rig = await makeRig(t, await source().open(t));
    rig.zivver.misbehave({ rules: [{ fault: { kind: 'unauthorized' } }] });
    rig.work({ probeEvery: 300 });
    const logins = ['Ada', 'Bob', 'Eve'].map((name) => rig.login(name));
    for (const login of logins) await rig.provisioner.submit(login);
    await eventually(async () => (await rig.status.tenant(rig.tenant)).pause !== null, 'a pause');
    await eventually(async () => (await rig.status.tenant(rig.tenant)).active === 0, 'nothing in hand');
    t.match(await rig.status.tenant(rig.tenant), { pause: { status: 401 }, waiting: 3, dead: 0, workers: 1 });
    const before = rig.zivver.requests().total;
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await eventually(() => rig.zivver.requests().total - before >= 2, 'two probes');
    const probes = rig.zivver.requests().total - before;
    // One may have been on its way already.
    const most = Math.ceil((performance.now() - began) / 300) + 1;
    t.ok(probes <= most, `it probes, and not more often than asked: ${probes} of ${most}`);
    rig.zivver.misbehave({ rules: [] });
    await eventually(() => rig.seen.outcomes.length === 3, 'all outcomes');
    t.equal((await rig.status.tenant(rig.tenant)).pause, null);
    t.strictSame(rig.seen.failures, []);
    t.strictSame(
      rig.seen.notes.filter((note) => note !== 'queued'),
      ['paused 401', 'resumed'],
    );
  });
});

function listOf(userName: string, formatted: string): string {
  return JSON.stringify({ totalResults: 1, Resources: [{ id: 'u1', userName, name: { formatted }, active: true }] });
}
