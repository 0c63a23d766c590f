import t from 'tap';
import { judge, type Judgement } from '../../src/provisioning/scim/judge.js';

const NOW = Date.UTC(2026, 0, 15, 9);
const HIDDEN = ['ada@example.org', 'Ada Lovelace', '00u-key', 'token-1'];

function answer(status: number, body: string | null, headers: Readonly<Record<string, string>> = {}): Judgement {
  return judge({ kind: 'answer', status, body, header: (name) => headers[name] ?? null }, HIDDEN, NOW);
}

function fault(judgement: Judgement) {
  if (judgement.kind !== 'fault') throw new Error(`not a fault: ${judgement.kind}`);
  return judgement.fault;
}

t.test('good answers', (t) => {
  t.strictSame(answer(200, '{"totalResults":0}'), { kind: 'ok', status: 200, value: { totalResults: 0 } });
  t.strictSame(answer(201, '{"id":"1"}'), { kind: 'ok', status: 201, value: { id: '1' } });
  t.strictSame(answer(409, ''), { kind: 'conflict' });
  t.end();
});

t.test('silence and passing server errors are transient', (t) => {
  t.match(fault(judge({ kind: 'silence', detail: 'ECONNRESET' }, [], NOW)), {
    class: 'transient',
    status: null,
    detail: 'ECONNRESET',
  });
  for (const status of [408, 500, 502, 503, 504]) {
    t.match(fault(answer(status, '<html>Bad gateway</html>')), { class: 'transient', status, wait: 0 });
  }
  t.equal(fault(answer(503, '', { 'retry-after': '120' })).wait, 120_000, 'what the server asks for is kept');
  t.end();
});

t.test('429: Retry-After, else RateLimit-Reset, else the window of the body, else 10 s', (t) => {
  const body = '{"code":429,"message":"Too Many Requests","emptiedBucketDetails":{"budget":50,"windowSeconds":7}}';
  const all = { 'retry-after': '3', 'ratelimit-reset': '5' };
  t.match(fault(answer(429, body, all)), { class: 'throttled', wait: 3_000 });
  const date = { 'retry-after': new Date(NOW + 42_000).toUTCString() };
  t.equal(fault(answer(429, body, date)).wait, 42_000);
  t.equal(fault(answer(429, body, { 'ratelimit-reset': '5' })).wait, 5_000);
  t.equal(fault(answer(429, body, { 'retry-after': 'soon', 'ratelimit-reset': 'x' })).wait, 7_000);
  t.equal(fault(answer(429, body)).wait, 7_000);
  t.equal(fault(answer(429, 'slow down')).wait, 10_000);
  t.equal(fault(answer(429, '{}')).wait, 10_000);
  const past = { 'retry-after': new Date(NOW - 42_000).toUTCString() };
  t.equal(fault(answer(429, '', past)).wait, 1_000, 'never at once');
  t.equal(fault(answer(429, '', { 'retry-after': '99999999' })).wait, 3_600_000, 'never for ever');
  t.end();
});

t.test('401 and 403 are the credential', (t) => {
  for (const status of [401, 403]) {
    const { class: kind, remedy } = fault(answer(status, ''));
    t.equal(kind, 'credential');
    t.match(remedy, /API key/);
  }
  t.end();
});

t.test('documented refusals are permanent, with their remedy', (t) => {
  const cases: [number, string, RegExp][] = [
    [400, 'Account is outside the organization', /adopt the account, claim the domain, or change the type/],
    [400, 'Error creating alias: Domain Not Owned', /Claim it/],
    [400, 'Error creating alias: Alias is already taken for "x"', /merge/],
    [400, 'Error creating alias: Alias is a guest: x', /guest/],
    [400, 'Invalid division: Sales', /division/],
    [415, '{"code":415,"message":"HTTP 415 Unsupported Media Type"}', /mediaType/],
    [406, '', /mediaType/],
    [404, '<html></html>', /baseUrl/],
    [422, 'whatever', /dismiss with a note/],
  ];
  for (const [status, body, remedy] of cases) {
    t.match(fault(answer(status, body)), { class: 'permanent', status, remedy }, body);
  }
  t.end();
});

t.test('the words of Zivver are read from SCIM JSON, from {code,message} and from bare text', (t) => {
  const scim = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"Nope","status":"400"}';
  t.equal(fault(answer(400, scim)).detail, 'HTTP 400: Nope');
  t.equal(fault(answer(400, '{"code":400,"message":"No way"}')).detail, 'HTTP 400: No way');
  t.equal(fault(answer(400, ' bare\n text ')).detail, 'HTTP 400: bare text');
  t.equal(fault(answer(400, '')).detail, 'HTTP 400');
  t.equal(fault(answer(400, '<!doctype html><p>long page')).detail, 'HTTP 400: an HTML page');
  t.equal(fault(answer(400, 'x'.repeat(5_000))).detail.length, 'HTTP 400: '.length + 300);
  t.end();
});

t.test('nothing personal and no secret gets into the detail', (t) => {
  const { detail } = fault(
    answer(400, 'ADA@example.org (Ada Lovelace) with 00u-key and token-1 is taken by someone.else@example.org'),
  );
  t.equal(detail, 'HTTP 400: [redacted] ([redacted]) with [redacted] and [redacted] is taken by [redacted]');
  t.end();
});

t.test('of a long answer little is looked at: without a space a megabyte of it would take minutes', (t) => {
  const long = 'a'.repeat(1_048_576);
  t.equal(fault(answer(400, long)).detail, `HTTP 400: ${'a'.repeat(300)}`);
  t.equal(fault(answer(400, `${long}@example.org`)).detail, `HTTP 400: ${'a'.repeat(300)}`);
  t.equal(fault(answer(400, `a@${long}`)).detail, 'HTTP 400: [redacted]');
  const photo = JSON.stringify({ id: '1', photos: [{ value: long }] });
  t.equal(answer(200, photo).kind, 'ok');
  t.end();
});

t.test('where a long answer is cut, no part of a hidden value is left over', (t) => {
  // Each address becomes shorter as it is taken out, so that the place of the cut comes into sight.
  const filler = `${'x'.repeat(200)}@example.org `;
  for (let shift = 0; shift < filler.length; shift += 1) {
    const { detail } = fault(
      answer(400, `${'.'.repeat(shift)} ${filler.repeat(19)}${'ada@example.org Ada Lovelace '.repeat(99)}`),
    );
    t.notMatch(detail, /ada|love|example/i);
  }
  t.end();
});

t.test('a very long hidden value is taken out with all that follows', (t) => {
  for (const [length, detail] of [
    [600, 'HTTP 400: no [redacted]'],
    [100_000, 'HTTP 400'],
  ] as const) {
    const key = 'k'.repeat(length);
    const said = judge({ kind: 'answer', status: 400, body: `no ${key} here`, header: () => null }, [key], NOW);
    t.equal(fault(said).detail, detail);
  }
  t.end();
});

t.test('what is no answer to the question is suspect', (t) => {
  for (const [status, body] of [
    [200, '<html>Welcome</html>'],
    [200, '{"id":'],
    [200, null],
    [201, ''],
    [302, ''],
    [304, '{}'],
    [600, '{}'],
  ] as const) {
    t.match(fault(answer(status, body)), { class: 'suspect', status }, `${status} ${body ?? 'cut'}`);
  }
  t.end();
});

t.test('a refusal is recognised whoever the person is: the remedy does not hang on what is masked', (t) => {
  const text = 'Error creating alias: Alias is already taken for "ali@example.org"';
  const refusal = { kind: 'answer', status: 400, body: text, header: () => null } as const;
  const found = judge(refusal, ['Ali', 'ali@example.org'], NOW);
  t.match(found, { fault: { class: 'permanent', remedy: /merge/ } });
  t.notMatch(found, { fault: { detail: /ali@example/ } });
  t.end();
});
