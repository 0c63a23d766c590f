import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import {
  editFile,
  expiryOf,
  generateSigningKey,
  keyInspector,
  loadKeyRing,
  planPromotion,
  planRetirement,
  PUBLISHED_FOR,
  readPrivateKey,
  withNextKey,
  withStates,
  type KeyEntry,
  type KeyState,
  type KeyWish,
} from '../../src/keys/index.js';
import { DAY, ecWish, NOW, openssl, wish } from './files.js';

/** What the inspector advises where the key is there, but not for this account. */
function remedyOfForbidden({ key, cert }: KeyEntry): string {
  chmodSync(key, 0);
  // Root may read anything, so it steps down meanwhile.
  const root = process.getuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    const [finding] = keyInspector.inspectKeyFiles({ key, cert, use: 'signing', algorithm: 'rsa-sha256' }, NOW);
    return finding?.remedy ?? '';
  } finally {
    if (root) process.seteuid?.(0);
    chmodSync(key, 0o600);
  }
}

async function entry(directory: string, id: string, state: KeyState, of: KeyWish = ecWish): Promise<KeyEntry> {
  return { ...(await generateSigningKey({ ...of, id, directory })), state };
}

t.test('the ring holds the key that signs, those that are published, and those that decrypt', async (t) => {
  const directory = t.testdir();
  const keys = [
    await entry(directory, 'next', 'next'),
    { id: 'old', key: '/nowhere/old.key', cert: '/nowhere/old.crt', state: 'retired' } as const,
    await entry(directory, 'now', 'active'),
  ];
  const decryption = [await entry(directory, 'd1', 'retired', wish), await entry(directory, 'd2', 'active', wish)];
  const ring = loadKeyRing({ algorithm: 'ecdsa-sha256', keys }, decryption);
  t.equal(ring.active.id, 'now');
  t.equal(ring.active.algorithm, 'ecdsa-sha256');
  t.equal(ring.active.certificate, ring.active.info.base64);
  t.same(
    ring.published.map(({ id }) => id),
    ['now', 'next'],
  );
  t.same(
    ring.decryption.map(({ id }) => id),
    ['d2', 'd1'],
  );
  t.equal(ring.encryptionCertificates.length, 1);
  t.notMatch(JSON.stringify(ring), /PRIVATE/);
});

t.test('a ring that could not work is refused, with the file', async (t) => {
  const directory = t.testdir();
  const rsa = await entry(directory, 'rsa', 'active', wish);
  const ec = await entry(directory, 'ec', 'active');
  const load =
    (algorithm: 'rsa-sha256' | 'ecdsa-sha384', ...keys: KeyEntry[]) =>
    () =>
      loadKeyRing({ algorithm, keys });
  t.throws(load('rsa-sha256'), { code: 'KEY_STATE' });
  t.throws(load('rsa-sha256', rsa, { ...rsa, id: 'b' }), { code: 'KEY_STATE' });
  t.throws(load('rsa-sha256', ec), {
    code: 'KEY_UNFIT',
    message: /ec\.key: the key is EC prime256v1; rsa-sha256 needs RSA/,
  });
  t.throws(load('ecdsa-sha384', rsa), { code: 'KEY_UNFIT', message: /rsa\.key: the key is RSA 2048/ });
  t.throws(load('rsa-sha256', { ...rsa, cert: ec.cert }), { code: 'KEY_UNFIT', message: /does not belong/ });
  t.throws(load('rsa-sha256', { ...rsa, key: join(directory, 'none') }), {
    code: 'KEY_UNREADABLE',
    message: /none: no such file/,
  });
  t.throws(load('rsa-sha256', { ...rsa, key: directory }), { code: 'KEY_UNREADABLE', message: /is a directory/ });
  t.throws(load('rsa-sha256', { ...rsa, key: rsa.cert }), {
    code: 'KEY_UNREADABLE',
    message: /holds no PEM private key/,
  });
  t.throws(() => loadKeyRing({ algorithm: 'rsa-sha256', keys: [rsa] }, [ec]), {
    code: 'KEY_UNFIT',
    message: /decryption needs RSA/,
  });
  openssl(directory, 'pkcs8', '-topk8', '-in', 'rsa.key', '-out', 'locked.key', '-passout', 'pass:secret');
  t.throws(() => readPrivateKey(join(directory, 'locked.key')), { code: 'KEY_UNREADABLE', message: /is encrypted/ });
});

t.test('the inspector tells faults from warnings', async (t) => {
  const directory = t.testdir();
  const good = await entry(directory, 'good', 'active', { ...wish, days: 61 });
  const look = (now: number, files: object = {}): readonly string[] =>
    keyInspector
      .inspectKeyFiles({ ...good, use: 'signing', algorithm: 'rsa-sha256', ...files }, now)
      .map(({ part, severity, problem }) => `${part} ${severity}: ${problem}`);
  t.same(look(NOW), []);
  t.match(look(NOW + 2 * DAY), [/^cert warning: .* expires in 59 days/]);
  t.match(look(NOW + 62 * DAY), [/^cert warning: .* expired 1 days ago/]);
  t.match(look(NOW - DAY), [/^cert warning: .* is not valid yet/]);
  t.match(remedyOfForbidden(good), /read access \(chgrp, chmod 0640\)/);
  t.match(look(NOW, { algorithm: 'ecdsa-sha256' }), [/^key fault: .* needs EC/]);
  t.same(look(NOW, { use: 'tls', algorithm: undefined }), []);
  chmodSync(good.key, 0o640);
  t.same(look(NOW), [], 'a group may read it');
  chmodSync(good.key, 0o644);
  t.match(look(NOW), [/^key warning: .*good\.key can be read or written by all users/]);
  openssl(
    directory,
    'req',
    '-x509',
    '-nodes',
    '-newkey',
    'rsa:5120',
    '-subj',
    '/CN=x',
    '-keyout',
    'slow',
    '-out',
    'slow.crt',
    '-days',
    '9000',
  );
  t.match(look(NOW, { key: join(directory, 'slow'), cert: join(directory, 'slow.crt') }).slice(0, 1), [
    /^key warning: the key is RSA 5120, which makes/,
  ]);
  openssl(
    directory,
    'req',
    '-x509',
    '-nodes',
    '-newkey',
    'rsa:1024',
    '-subj',
    '/CN=x',
    '-keyout',
    'short',
    '-out',
    'short.crt',
    '-days',
    '9000',
  );
  t.match(look(NOW, { key: join(directory, 'short'), cert: join(directory, 'short.crt') }).slice(0, 1), [
    /^key fault: the key is RSA 1024, and less than 2048 bits/,
  ]);
  const pem = readFileSync(join(directory, 'short.crt'), 'utf8');
  t.match(keyInspector.inspectCertificates(pem, { allowRsa1024: false }, NOW), [{ severity: 'warning' }]);
  const lenient = keyInspector.inspectCertificates(pem, { allowRsa1024: true }, NOW);
  t.notOk(lenient.some(({ severity }) => severity === 'fault'));
  t.match(keyInspector.inspectCertificates('x', { allowRsa1024: true }, NOW), [{ severity: 'fault' }]);
});

t.test('expiry has steps at 60, 30 and 7 days', (t) => {
  const at = (days: number, rest = 0) => expiryOf(NOW + days * DAY + rest, NOW);
  t.same(at(60, 1), { days: 60, level: 'fine' });
  t.same(at(60), { days: 60, level: 'notice' });
  t.same(at(30, 1), { days: 30, level: 'notice' });
  t.same(at(30), { days: 30, level: 'warning' });
  t.same(at(7, 1), { days: 7, level: 'warning' });
  t.same(at(7), { days: 7, level: 'critical' });
  t.same(at(0, 1), { days: 0, level: 'critical' });
  t.same(at(0), { days: 0, level: 'expired' });
  t.same(at(0, -1), { days: -1, level: 'expired' });
  t.end();
});

const KEYS = [
  { id: 'old', state: 'retired' },
  { id: 'now', state: 'active' },
  { id: 'new', state: 'next', publishedAt: NOW },
  { id: 'undated', state: 'next' },
] as const;

t.test('a key is promoted after 48 hours of publication, not a millisecond before', (t) => {
  t.throws(() => planPromotion(KEYS, 'new', NOW + PUBLISHED_FOR - 1), {
    code: 'KEY_TOO_YOUNG',
    message: /47 of 48 hours/,
  });
  const promotedAt = NOW + PUBLISHED_FOR;
  t.same(planPromotion(KEYS, 'new', promotedAt), [
    { id: 'now', state: 'retired' },
    { id: 'new', state: 'active', promotedAt },
  ]);
  t.same(planPromotion(KEYS, 'new', promotedAt, { forcedBecause: 'not needed' })[1], {
    id: 'new',
    state: 'active',
    promotedAt,
  });
  t.end();
});

t.test('what the gateway says counts beside what the entry says, and the later of both', (t) => {
  const promotedAt = NOW + PUBLISHED_FOR;
  const at = (servedSince: number | null, now: number, id = 'new') => planPromotion(KEYS, id, now, { servedSince });
  t.throws(() => at(null, promotedAt), {
    code: 'KEY_TOO_YOUNG',
    message: /does not have the key "new" in its metadata/,
  });
  t.throws(() => at(NOW + 1, promotedAt), { code: 'KEY_TOO_YOUNG', message: /47 of 48 hours/ });
  t.throws(() => at(NOW - 1, promotedAt - 1), { code: 'KEY_TOO_YOUNG' }, 'it was another one’s certificate before');
  t.match(at(NOW - 1, promotedAt)[1], { id: 'new', state: 'active' });
  t.match(at(NOW, promotedAt, 'undated')[1], { id: 'undated', state: 'active' });
  t.throws(() => at(NOW + 1, promotedAt, 'undated'), { code: 'KEY_TOO_YOUNG', message: /47 of 48/ });
  const forced = planPromotion(KEYS, 'new', promotedAt, { servedSince: null, forcedBecause: 'by hand' });
  t.match(forced[1], { id: 'new', forcedBecause: 'by hand' }, 'the reason is kept, since it was needed');
  t.end();
});

t.test('a promotion can be forced with a reason, which is recorded', (t) => {
  t.throws(() => planPromotion(KEYS, 'undated', NOW), { code: 'KEY_TOO_YOUNG', message: /publishedAt/ });
  const forced = { id: 'undated', state: 'active', promotedAt: NOW, forcedBecause: 'pasted by hand' } as const;
  t.same(planPromotion(KEYS, 'undated', NOW, { forcedBecause: 'pasted by hand' })[1], forced);
  t.end();
});

t.test('steps that the states do not allow are refused', (t) => {
  for (const id of ['old', 'now']) {
    t.throws(() => planPromotion(KEYS, id, NOW, { forcedBecause: 'force' }), { code: 'KEY_STATE' });
    t.throws(() => planRetirement(KEYS, id), { code: 'KEY_STATE' });
  }
  t.throws(() => planPromotion(KEYS, 'undated', NOW, { forcedBecause: ' ' }), { code: 'KEY_REQUEST_INVALID' });
  t.throws(() => planPromotion(KEYS, 'none', NOW), { code: 'KEY_UNKNOWN' });
  t.throws(() => planRetirement(KEYS, 'none'), { code: 'KEY_UNKNOWN' });
  t.same(planRetirement(KEYS, 'new'), [{ id: 'new', state: 'retired' }]);
  t.end();
});

t.test("gateway.yaml is edited without losing anybody's words", (t) => {
  const text = readFileSync('config/gateway.yaml', 'utf8');
  const promoted = withStates(
    text,
    planPromotion([...KEYS, { id: '2026', state: 'active' }, { id: '2027', state: 'next' }], '2027', NOW, {
      forcedBecause: 'test',
    }).filter(({ id }) => id !== 'now'),
  );
  const lines = promoted.split('\n');
  const changed = text.split('\n').filter((line) => !lines.includes(line));
  t.equal(changed.length, 2, changed.join('\n'));
  const edited = parse(promoted) as { signing: { keys: Record<string, string>[] } };
  t.match(edited.signing.keys, [
    { id: '2026', state: 'retired' },
    { id: '2027', state: 'active', promotedAt: '2026-11-23T09:00:00Z', forcedBecause: 'test' },
  ]);
  t.equal(lines.length, text.split('\n').length, 'no line is added or split');
  const added = withNextKey(text, { id: '2028', key: 'certs/2028.key', cert: 'certs/2028.crt' }, NOW);
  t.same(
    text.split('\n').filter((line) => !added.split('\n').includes(line)),
    [],
  );
  t.equal(added.split('\n').length, text.split('\n').length + 1);
  t.match((parse(added) as typeof edited).signing.keys[2], {
    id: '2028',
    key: 'certs/2028.key',
    state: 'next',
    publishedAt: '2026-11-23T09:00:00Z',
  });
  t.throws(() => withNextKey(added, { id: '2028', key: 'k', cert: 'c' }, NOW), { code: 'KEY_EXISTS' });
  t.throws(() => withStates(text, [{ id: 'none', state: 'retired' }]), { code: 'KEY_UNKNOWN' });
  t.throws(() => withStates('signing: 1\n', [{ id: 'a', state: 'retired' }]), { code: 'CONFIG_INVALID' });
  t.end();
});

t.test('a file is replaced in one step and keeps its mode; a failed edit changes nothing', (t) => {
  const file = join(t.testdir(), 'gateway.yaml');
  const old = 'signing: { keys: [{ id: a, state: next }] }\n';
  const sound = 'signing: { keys: [{ id: a, state: active }] }\n';
  writeFileSync(file, old, { mode: 0o640 });
  editFile(file, (text) => text.replace('next', 'active'));
  t.equal(readFileSync(file, 'utf8'), sound);
  t.equal(statSync(file).mode & 0o777, 0o640);
  t.throws(() => {
    editFile(file, () => {
      throw new Error('no');
    });
  });
  for (const unsound of [
    'signing: {',
    'signing: { keys: [{ id: a, state: asleep }] }',
    'signing: { keys: [{ id: a, state: active, forcedBecause: "" }] }',
  ]) {
    const edit = () => {
      editFile(file, () => unsound);
    };
    t.throws(edit, { code: 'CONFIG_INVALID' }, unsound);
  }
  t.equal(readFileSync(file, 'utf8'), sound);
  t.end();
});

t.test('keys written as block mappings or in one line are edited as well', (t) => {
  const block =
    'signing:\n  keys:\n    - id: a # first\n      state: active # signs\n    - id: b\n      state: next\nstore: x\n';
  const changes = [
    { id: 'a', state: 'retired' },
    { id: 'b', state: 'active', promotedAt: NOW },
  ] as const;
  const edited = withStates(block, changes);
  t.equal(
    edited,
    'signing:\n  keys:\n    - id: a # first\n      state: retired # signs\n    - id: b\n      state: active\n      promotedAt: "2026-11-23T09:00:00Z"\nstore: x\n',
  );
  const added = withNextKey(edited, { id: 'c', key: 'k', cert: 'c' }, NOW);
  t.equal(
    added.split('\n')[7],
    '    - { id: "c", key: "k", cert: "c", state: next, publishedAt: "2026-11-23T09:00:00Z" }',
  );
  t.equal(added.split('\n')[8], 'store: x');
  const line = 'signing: { keys: [{ id: a, state: active }] }\n';
  const flow = withNextKey(line, { id: 'c', key: 'k', cert: 'c' }, NOW);
  t.match(parse(flow), { signing: { keys: [{ id: 'a' }, { id: 'c', state: 'next' }] } });
  const first = withNextKey('signing: { keys: [] }\n', { id: 'c', key: 'k', cert: 'c' }, NOW);
  t.match(parse(first), { signing: { keys: [{ id: 'c' }] } });
  t.end();
});
