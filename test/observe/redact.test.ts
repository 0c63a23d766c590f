import fastify from 'fastify';
import { Writable } from 'node:stream';
import t from 'tap';
import {
  createAccountNames,
  createLogger,
  deriveRedactionKey,
  hashAccountName,
  maskSecretText,
  redactValue,
  type LogLevel,
} from '../../src/observe/index.js';
import { GatewayError } from '../../src/shared/index.js';

const key = deriveRedactionKey(Buffer.alloc(32, 7));

function capture(level: LogLevel = 'info') {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { lines, logger: createLogger({ level, stream }), text: () => lines.join('') };
}

t.test('account names: hashed alike whatever their case, plain, or left out', (t) => {
  const hashed = createAccountNames('hashed', key);
  t.match(hashed('Ann@example.org'), /^acct-[0-9a-f]{16}$/);
  t.equal(hashed('Ann@example.org'), hashed(' ann@EXAMPLE.org '));
  t.equal(hashed('a\u0301@x'), hashed('\u00e1@x'), 'and however its accents are composed');
  t.not(hashed('ann@example.org'), hashed('bob@example.org'));
  t.equal(createAccountNames('plain', key)('Ann@example.org'), 'Ann@example.org');
  t.equal(createAccountNames('omitted', key)('Ann@example.org'), null);
  t.end();
});

t.test('hashes depend on the data key, and do not contain it', (t) => {
  const other = deriveRedactionKey(Buffer.alloc(32, 8));
  t.not(hashAccountName('ann@example.org', key), hashAccountName('ann@example.org', other));
  t.notSame(Buffer.from(key), Buffer.alloc(32, 7));
  t.not(redactValue('ann@example.org', key).fingerprint, hashAccountName('ann@example.org', key).slice(5));
  t.end();
});

const privateKey = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----';
const secrets: [what: string, text: string, masked: string][] = [
  ['a private key', `key ${privateKey} read`, 'key [secret] read'],
  ['a private key that was cut', 'key -----BEGIN RSA PRIVATE KEY-----\nMIIE', 'key [secret]'],
  ['a bearer token', 'Authorization: Bearer abc.def-123==', 'Authorization: Bearer [secret]'],
  ['a password in an address', 'rediss://user:hunter2@db:6379/0', 'rediss://[secret]@db:6379/0'],
  ['a form body', 'SAMLResponse=PHNhbWw&RelayState=abc', 'SAMLResponse=[secret]&RelayState=[secret]'],
  ['a document', 'got <samlp:Response ID="_1"><x>secret</x>', 'got [secret]'],
  ['a document in base64', `got ${'QUJD'.repeat(120)}== here`, 'got [secret] here'],
];
for (const [what, text, masked] of secrets) {
  t.test(`${what} is taken out of a text, and of a log line, which stays JSON`, (t) => {
    t.equal(maskSecretText(text), masked);
    const { logger, lines } = capture();
    logger.info({ note: text, list: [{ deep: { deeper: { deepest: `"${text}"` } } }] }, text);
    const line = JSON.parse(lines.join('')) as Record<string, unknown>;
    t.equal(line['note'], masked);
    t.equal(line['msg'], masked);
    t.notMatch(lines.join(''), /hunter2|MIIE|abc\.def|PHNhbWw|QUJDQUJD|>secret</);
    t.end();
  });
}

t.test('a text without secrets is left alone, also one that is close to them', (t) => {
  for (const text of [
    '',
    'https://app.zivver.com/a@b',
    'urn:oasis:names',
    'a < b',
    'the bearer of news',
    'QUJD'.repeat(20),
  ]) {
    t.equal(maskSecretText(text), text);
  }
  t.end();
});

t.test('masking takes time in proportion to the length', (t) => {
  for (const piece of ['a', '<', 'Bearer ', 'a://', '-----BEGIN ', 'SAMLResponse=']) {
    const started = performance.now();
    maskSecretText(piece.repeat(Math.ceil(200_000 / piece.length)));
    t.ok(performance.now() - started < 2000, piece);
  }
  t.end();
});

t.test('what bears the name of a secret is not logged, at any depth', (t) => {
  const { logger, text } = capture();
  const held = { token: 'planted-1', accountKey: 'planted-2', 'set-cookie': 'planted-3', idp: 'okta' };
  logger.info(
    { ...held, list: [{ ...held, scim: { ...held, Authorization: ['planted-4'] } }], body: { a: 'planted-5' } },
    'loaded',
  );
  t.notMatch(text(), 'planted');
  t.match(text(), /"idp":"okta".*"idp":"okta".*"idp":"okta"/);
  t.end();
});

t.test('a child logger keeps to the same', (t) => {
  const { logger, text } = capture();
  logger.child({ token: 'planted-1', store: 'redis://u:planted-2@h' }).info('hello');
  t.notMatch(text(), 'planted');
  t.match(text(), '"msg":"hello"');
  t.end();
});

t.test('an error is logged with its code, without a stack where it is foreseen', (t) => {
  const { logger, lines } = capture();
  logger.error({
    err: new GatewayError('STORE_UNAVAILABLE', 'no answer', { cause: new Error('at redis://u:planted@h') }),
  });
  logger.error({ err: new TypeError('x is not a function') });
  const [foreseen, fault] = lines.map((line) => JSON.parse(line) as unknown);
  t.same((foreseen as { err: unknown }).err, {
    code: 'STORE_UNAVAILABLE',
    message: 'no answer',
    cause: 'Error: at redis://[secret]@h',
  });
  t.match(fault, { level: 'error', err: { name: 'TypeError', stack: /redact\.test/ } });
  t.end();
});

t.test('a level below the configured one is not written', (t) => {
  const { logger, lines } = capture('warn');
  logger.info('quiet');
  logger.warn('loud');
  t.equal(lines.length, 1);
  t.end();
});

t.test("Fastify's own request lines carry path and status, but no query, header or address", async (t) => {
  const { logger, text } = capture();
  const app = fastify({ loggerInstance: logger });
  t.teardown(() => app.close());
  app.get('/saml/okta/sso', () => 'ok');
  await app.inject({
    url: '/saml/okta/sso?SAMLRequest=planted-1&RelayState=planted-2',
    headers: { cookie: 'planted-3' },
  });
  t.match(text(), '"path":"/saml/okta/sso"');
  t.match(text(), '"statusCode":200');
  t.notMatch(text(), /planted|127\.0\.0\.1/);
});
