import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import t from 'tap';
import { controlStandIn, type Fault, type StandInAnnouncement, type ZivverStandIn } from '../../src/sandbox/index.js';
import { until } from '../support/running.js';
import { ANNA, consume, DOMAIN_KEY, parties, standIn, TOKEN } from './parties.js';

const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
const create = async ({ scimUrl }: { readonly scimUrl: string }, name: string): Promise<Response> =>
  fetch(`${scimUrl}Users`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ userName: `${name}@example.test`, active: true, name: { formatted: name } }),
  });
const list = async ({ scimUrl }: { readonly scimUrl: string }): Promise<Response> =>
  fetch(`${scimUrl}Users`, { headers, signal: AbortSignal.timeout(5_000) });

/** Until the first request is there: what is sent next comes after it. */
const arrived = (zivver: ZivverStandIn): Promise<number> =>
  until(
    () => zivver.requests().total,
    (total) => total > 0,
  );

/** Creates an account while the fault is told; answers the response, or null where the connection failed. */
async function under(
  zivver: ZivverStandIn,
  fault: Fault,
): Promise<{ status: number; text: string; type: string } | null> {
  zivver.misbehave({ queue: [fault] });
  try {
    const answer = await create(zivver, 'one');
    return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') ?? '' };
  } catch {
    return null;
  }
}

for (const applied of [false, true]) {
  t.test(`a spoilt answer whose request ${applied ? 'took' : 'took no'} effect`, async (t) => {
    const faults: [Fault, (answer: Awaited<ReturnType<typeof under>>) => boolean][] = [
      [{ kind: 'status', status: 500, applied }, (answer) => answer?.status === 500 && answer.text === ''],
      [
        { kind: 'status', status: 503, body: '{}', contentType: 'application/json', applied },
        (answer) => answer?.status === 503 && answer.text === '{}' && answer.type.startsWith('application/json'),
      ],
      [{ kind: 'html', applied }, (answer) => answer?.status === 200 && answer.text.startsWith('<!doctype html>')],
      [
        { kind: 'html', status: 502, applied },
        (answer) => answer?.status === 502 && answer.type.startsWith('text/html'),
      ],
      [{ kind: 'reset', applied }, (answer) => answer === null],
    ];
    for (const [fault, expected] of faults) {
      const zivver = await standIn(t);
      t.ok(expected(await under(zivver, fault)), JSON.stringify(fault));
      t.equal(zivver.accounts().length, applied ? 1 : 0);
      t.equal(zivver.requests().faulty, 1);
      t.equal((await list(zivver)).status, 200, 'the queue is used up');
    }
  });
}

t.test('a throttling and an unauthorised answer have the usual bodies, and headers that are told', async (t) => {
  const zivver = await standIn(t, {
    faults: { queue: [{ kind: 'too-many-requests', headers: { 'retry-after': '3' } }] },
  });
  const throttled = await list(zivver);
  t.same([throttled.status, throttled.headers.get('retry-after')], [429, '3']);
  t.match(await throttled.json(), { code: 429, emptiedBucketDetails: { budget: 50, windowSeconds: 10 } });
  t.equal((await under(zivver, { kind: 'unauthorized' }))?.status, 401);
  t.match(zivver.requests(), { overBudget: 0, unauthorized: 0, faulty: 2 }, 'told faults do not count as the client’s');
  t.equal(zivver.accounts().length, 0);
});

t.test('half an answer breaks off although the account is there', async (t) => {
  const zivver = await standIn(t);
  zivver.misbehave({ queue: [{ kind: 'half-answer' }] });
  const answer = await create(zivver, 'one');
  t.equal(answer.status, 201);
  await t.rejects(answer.text());
  t.equal(zivver.accounts().length, 1);
});

t.test('an answer without id says 201 and names nobody', async (t) => {
  const zivver = await standIn(t);
  const answer = await under(zivver, { kind: 'without-id' });
  t.equal(answer?.status, 201);
  t.notMatch(answer?.text ?? '', '"id"');
  t.match(answer?.text ?? '', '"userName":"one@example.test"');
  zivver.misbehave({ queue: [{ kind: 'without-id' }] });
  t.equal((await create(zivver, 'one')).status, 409, 'an answer without a body stays as it is');
});

t.test('latency delays, before or after the effect', async (t) => {
  for (const applied of [false, true]) {
    const zivver = await standIn(t, { faults: { queue: [{ kind: 'latency', ms: 2_000, applied }] } });
    const started = performance.now();
    const answer = create(zivver, 'one');
    await arrived(zivver);
    await new Promise((resolve) => setTimeout(resolve, 300));
    t.equal(zivver.accounts().length, applied ? 1 : 0);
    t.ok(performance.now() - started < 2_000, 'so it was before the answer');
    t.equal((await answer).status, 201);
    t.ok(performance.now() - started >= 1_990);
    t.equal(zivver.accounts().length, 1);
  }
});

t.test('a hanging request answers nothing, and ends when the stand-in closes', async (t) => {
  for (const kind of ['hang', 'latency'] as const) {
    const zivver = await standIn(t, {
      faults: { queue: [kind === 'hang' ? { kind } : { kind, ms: 3_600_000 }, null] },
    });
    const hanging = list(zivver).then(
      (answer) => (answer.ok ? 'answered' : 'refused'),
      () => 'broken',
    );
    await arrived(zivver);
    t.equal((await list(zivver)).status, 200, 'others are served');
    await zivver.close();
    t.not(await hanging, 'answered');
  }
});

t.test('a queue goes in order, with good answers between', async (t) => {
  const zivver = await standIn(t);
  zivver.misbehave({ queue: [{ kind: 'status', status: 500 }, null, { kind: 'unauthorized' }] });
  const statuses = [];
  for (let sent = 0; sent < 4; sent += 1) statuses.push((await list(zivver)).status);
  t.same(statuses, [500, 200, 401, 200]);
});

t.test('rules hold for operations, for a number of times, for a while', async (t) => {
  const clock = { time: 1_000_000, now: () => clock.time };
  const zivver = await standIn(t, { clock });
  zivver.misbehave({
    rules: [
      { fault: { kind: 'status', status: 500 }, operations: ['create'], times: 2 },
      { fault: { kind: 'unauthorized' }, operations: ['list'], forMs: 60_000 },
    ],
  });
  t.equal((await create(zivver, 'one')).status, 500);
  t.equal((await list(zivver)).status, 401);
  t.equal((await create(zivver, 'one')).status, 500);
  t.equal((await create(zivver, 'one')).status, 201);
  clock.time += 59_999;
  t.equal((await list(zivver)).status, 401);
  clock.time += 1;
  t.equal((await list(zivver)).status, 200);
  zivver.misbehave({ rules: [{ fault: { kind: 'status', status: 502 } }] });
  t.equal((await list(zivver)).status, 502);
  zivver.misbehave({ rules: [] });
  t.equal((await list(zivver)).status, 200, 'a new plan takes the old one’s place');
});

t.test('a predicate sees the request', async (t) => {
  const zivver = await standIn(t);
  zivver.misbehave({
    when: ({ operation, method, path, body }) =>
      operation === 'create' && method === 'POST' && path === '/Users' && body.includes('two@')
        ? { kind: 'status', status: 504 }
        : null,
  });
  t.equal((await create(zivver, 'one')).status, 201);
  t.equal((await create(zivver, 'two')).status, 504);
});

t.test('the assertion consumer service misbehaves only when it is named', async (t) => {
  const { idp, zivver } = await parties(t);
  const { samlResponse } = await idp.issueResponse(ANNA.email);
  zivver.misbehave({ rules: [{ fault: { kind: 'status', status: 503 }, operations: ['acs'] }] });
  t.equal((await consume(zivver, samlResponse)).status, 503);
  t.equal((await list(zivver)).status, 200);
  zivver.misbehave({ rules: [{ fault: { kind: 'status', status: 503 } }] });
  t.equal((await consume(zivver, samlResponse)).status, 303);
});

t.test('a stand-in in a process of its own is driven over its control endpoint', async (t) => {
  const { idp } = await parties(t);
  const module = new URL('../../src/sandbox/index.js', import.meta.url).href;
  const options = { domain: 'example.test', domainKey: DOMAIN_KEY, scimToken: TOKEN };
  const program = `const { runZivverStandIn } = await import(${JSON.stringify(module)});
    const stop = new AbortController();
    process.once('SIGTERM', () => stop.abort());
    await runZivverStandIn(${JSON.stringify(options)}, process.stdout, stop.signal);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const zivver = JSON.parse(line) as StandInAnnouncement;
  const control = controlStandIn(zivver.controlUrl);
  await control.misbehave({ queue: [{ kind: 'status', status: 500 }] });
  t.equal((await create(zivver, 'one')).status, 500);
  t.equal((await create(zivver, 'one')).status, 201);
  t.match(await control.requests(), { total: 2, faulty: 1 });
  t.match(await control.accounts(), [{ userName: 'one@example.test' }]);
  await control.setIdpMetadata(idp.metadataXml);
  t.same(await control.logins(), []);
  t.equal((await fetch(`${zivver.url}/login?email=${ANNA.email}`, { redirect: 'manual' })).status, 302);
  await t.rejects(control.setIdpMetadata('<html/>'), /no SAML document/);
  const nonsense = { method: 'PUT', headers, body: '{"queue":[{"kind":"nonsense"}]}' };
  t.equal((await fetch(`${zivver.controlUrl}/faults`, nonsense)).status, 400);
  t.equal((await fetch(`${zivver.controlUrl}/idp-metadata`, nonsense)).status, 400);
  child.kill('SIGTERM');
  t.same(await once(child, 'exit'), [0, null], 'it ends by itself');
});

t.test('a stand-in that cannot start leaves nothing open', async (t) => {
  const zivver = await standIn(t);
  t.equal(zivver.controlUrl, null, 'the control endpoint is closed unless asked for');
  const port = Number(new URL(zivver.url).port);
  await t.rejects(standIn(t, { port }), { code: 'EADDRINUSE' });
  await t.rejects(standIn(t, { controlPort: port }), { code: 'EADDRINUSE' });
  await t.rejects(standIn(t, { idpMetadata: '<html/>' }), /no SAML document/);
  const account = { userName: 'one@example.test', displayName: 'One' };
  await t.rejects(standIn(t, { accounts: [account, account] }), /seeded twice/);
});
