import t from 'tap';
import type { ZivverStandIn } from '../../src/sandbox/index.js';
import { ANNA, consume, parties, standIn, TOKEN } from './parties.js';

const EXTENSION = 'urn:ietf:params:scim:schemas:zivver:0.1:User';

interface Reply {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

async function call(
  { scimUrl }: Pick<ZivverStandIn, 'scimUrl'>,
  method: string,
  path: string,
  options: { readonly body?: unknown; readonly token?: string; readonly type?: string } = {},
): Promise<Reply> {
  const answer = await fetch(scimUrl + path, {
    method,
    headers: { authorization: `Bearer ${options.token ?? TOKEN}`, 'content-type': options.type ?? 'application/json' },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await answer.text();
  const type = answer.headers.get('content-type');
  const json = type?.startsWith('application/json') === true;
  const body = json ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: answer.status, type, headers: answer.headers, text, body };
}

const find = (userName: string): string =>
  `Users?filter=${encodeURIComponent(`userName eq ${JSON.stringify(userName)}`)}`;
const user = (userName: string, rest: object = {}): object => ({
  userName,
  active: true,
  name: { formatted: 'Some One' },
  ...rest,
});

t.test('an account is created, found, read and listed, and its key never comes back', async (t) => {
  const zivver = await standIn(t);
  t.match((await call(zivver, 'GET', find('one@example.test'))).body, { totalResults: 0, Resources: [] });
  const created = await call(zivver, 'POST', 'Users', {
    body: user('One@example.test', { [EXTENSION]: { SsoAccountKey: 'secret-key' } }),
    type: 'application/scim+json; charset=utf-8',
  });
  t.equal(created.status, 201);
  t.match(created.body, {
    id: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    userName: 'One@example.test',
    name: { formatted: 'Some One' },
    active: true,
    phoneNumbers: [],
    meta: { resourceType: 'User', created: /^\d{4}-\d\d-\d\d$/, location: /^\/scim\/v2\/Users\// },
  });
  t.match(zivver.accounts(), [{ ssoAccountKey: 'secret-key', origin: 'scim' }]);
  const found = await call(zivver, 'GET', find('ONE@example.test'));
  const read = await call(zivver, 'GET', `Users/${String(created.body['id'])}`);
  const listed = await call(zivver, 'GET', 'Users?count=1');
  t.same(read.body, created.body);
  t.same(found.body['Resources'], [created.body]);
  t.same(listed.body['Resources'], [created.body]);
  t.notMatch(created.text + found.text + read.text + listed.text, 'secret-key');
  t.match(zivver.requests(), { total: 5, byOperation: { find: 2, create: 1, read: 1, list: 1 }, overBudget: 0 });
});

t.test('errors have the forms that Zivver’s clients report', async (t) => {
  const zivver = await standIn(t, {
    freeAccounts: ['Free@Example.test'],
    accounts: [{ userName: 'there@example.test', displayName: 'There' }],
  });
  const duplicate = await call(zivver, 'POST', 'Users', { body: user('THERE@example.test') });
  t.same([duplicate.status, duplicate.text], [409, ''], 'a duplicate has no body');
  for (const outside of ['one@elsewhere.test', 'one@sub.example.test', 'free@example.test']) {
    const refused = await call(zivver, 'POST', 'Users', { body: user(outside) });
    t.same([refused.status, refused.text], [400, 'Account is outside the organization'], outside);
    t.match(refused.type, 'text/plain');
  }
  const unknown = await call(zivver, 'GET', 'Users/c0ffee');
  t.same([unknown.status, unknown.text], [400, 'Unknown account with uuid: c0ffee']);
  const type = await call(zivver, 'POST', 'Users', { body: user('one@example.test'), type: 'text/xml' });
  t.same(type.body, { code: 415, message: 'HTTP 415 Unsupported Media Type' });
  t.equal((await call(zivver, 'GET', 'Nothing')).status, 404);
  t.equal((await call(zivver, 'GET', 'Users?filter=externalId%20eq%20%22x%22')).status, 400);
  for (const incomplete of [
    { userName: 'a@example.test', active: true },
    { active: true, name: { formatted: 'A' } },
    'no',
  ]) {
    t.equal((await call(zivver, 'POST', 'Users', { body: incomplete })).status, 400);
  }
  t.equal(
    (await call(zivver, 'POST', 'Users', { body: { userName: 'a@example.test', name: { formatted: 'A' } } })).status,
    400,
  );
  t.equal(zivver.accounts().length, 1);
});

t.test('changing and removing are refused and counted', async (t) => {
  const zivver = await standIn(t, { accounts: [{ userName: 'there@example.test', displayName: 'There' }] });
  const before = zivver.accounts();
  const path = `Users/${before[0]?.id ?? ''}`;
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    t.equal((await call(zivver, method, path, { body: user('x@example.test') })).status, 405);
  }
  t.match(zivver.requests().byOperation, { replace: 1, modify: 1, remove: 1 });
  t.same(zivver.accounts(), before);
});

t.test('only the key opens, in the form that is set', async (t) => {
  const raw = await standIn(t, { budget: { requests: 1, windowMs: 10_000 } });
  const encoded = Buffer.from(TOKEN).toString('base64');
  for (const token of ['wrong', '', encoded]) {
    t.equal((await call(raw, 'GET', 'Users', { token })).status, 401);
  }
  t.equal((await fetch(`${raw.scimUrl}Users`)).status, 401);
  t.equal(raw.requests().unauthorized, 4);
  t.equal((await call(raw, 'GET', 'Users')).status, 200, 'what lacks the key costs no budget');
  const base64 = await standIn(t, { tokenForm: 'base64' });
  t.equal((await call(base64, 'GET', 'Users', { token: encoded })).status, 200);
  t.equal((await call(base64, 'GET', 'Users')).status, 401);
});

t.test('the budget holds in every window and is 50 per 10 seconds by default', async (t) => {
  const clock = { time: 1_000_000, now: () => clock.time };
  const zivver = await standIn(t, { clock });
  const statuses = async (count: number): Promise<readonly number[]> => {
    const all = [];
    for (let sent = 0; sent < count; sent += 1) all.push((await call(zivver, 'GET', 'Users')).status);
    return all;
  };
  t.same(await statuses(25), Array(25).fill(200));
  clock.time += 6_000;
  t.same(await statuses(26), [...Array<number>(25).fill(200), 429]);
  clock.time += 3_999;
  t.same(await statuses(1), [429]);
  clock.time += 1;
  t.same(await statuses(26), [...Array<number>(25).fill(200), 429], 'the first 25 have left, the others have not');
  const refused = await call(zivver, 'GET', 'Users');
  t.match(refused.body, {
    code: 429,
    message: 'Too Many Requests',
    emptiedBucketDetails: { limiterId: 'cab', budget: 50, windowSeconds: 10 },
    reference: /draft-polli-ratelimit-headers-02$/,
  });
  t.equal(refused.headers.get('retry-after'), null);
  t.equal(refused.headers.get('ratelimit-reset'), null);
  t.equal(zivver.requests().overBudget, 4);
});

t.test('headers tell of the budget where that is set', async (t) => {
  const clock = { time: 1_000_000, now: () => clock.time };
  const budget = { requests: 2, windowMs: 7_000 };
  const draft = await standIn(t, { clock, budget, budgetHeaders: 'draft-polli' });
  const first = await call(draft, 'GET', 'Users');
  t.equal(first.headers.get('ratelimit-limit'), '2, 2;w=7');
  t.equal(first.headers.get('ratelimit-remaining'), '1');
  t.equal(first.headers.get('ratelimit-reset'), '0');
  const second = await call(draft, 'GET', 'Users');
  t.equal(second.headers.get('ratelimit-remaining'), '0');
  t.equal(second.headers.get('ratelimit-reset'), '7');
  const retryAfter = await standIn(t, {
    clock,
    budget: { requests: 1, windowMs: 7_000 },
    budgetHeaders: 'retry-after',
  });
  t.equal((await call(retryAfter, 'GET', 'Users')).headers.get('retry-after'), null);
  clock.time += 2_500;
  const refused = await call(retryAfter, 'GET', 'Users');
  t.same([refused.status, refused.headers.get('retry-after')], [429, '5']);
});

t.test('an account made over SCIM logs in with its key, and a login’s account is found over SCIM', async (t) => {
  const { idp, zivver } = await parties(t, { justInTime: false });
  await call(zivver, 'POST', 'Users', { body: user(ANNA.email, { [EXTENSION]: { SsoAccountKey: ANNA.id } }) });
  t.equal((await consume(zivver, (await idp.issueResponse(ANNA.email)).samlResponse)).status, 303);
  t.match(zivver.logins(), [{ outcome: 'logged-in', accountCreated: false }]);
  const other = await parties(t);
  await consume(other.zivver, (await other.idp.issueResponse(ANNA.email)).samlResponse);
  t.match((await call(other.zivver, 'GET', find(ANNA.email))).body, { totalResults: 1 });
  t.equal((await call(other.zivver, 'POST', 'Users', { body: user(ANNA.email) })).status, 409);
});
