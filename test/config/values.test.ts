import { join } from 'node:path';
import { inspect } from 'node:util';
import t from 'tap';
import { configurationFingerprint, redactedConfiguration, Secret } from '../../src/config/index.js';
import { DATA_KEY, fixture } from './fixture.js';

t.test('a secret shows itself to nobody who does not ask', (t) => {
  const secret = new Secret('planted');
  t.equal([secret].join(), '[secret]');
  t.equal(String(secret), '[secret]');
  t.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}');
  t.equal(inspect({ secret }), '{ secret: [secret] }');
  t.notMatch(inspect(secret, { showHidden: true, depth: 9 }), /planted/);
  t.same(Object.keys(secret), []);
  t.equal(secret.reveal(), 'planted');
  t.equal(secret.fingerprint(), new Secret('planted').fingerprint());
  t.not(secret.fingerprint(), new Secret('plantee').fingerprint());
  t.end();
});

t.test('numbers, flags, durations and sizes may come from the environment or a file', async (t) => {
  const one = await fixture(t.testdir());
  one.write('certs/size', '512KiB\n');
  one.set('gateway.yaml', ['listen', 'port'], '${env:PORT}');
  one.set('gateway.yaml', ['metadata'], { sign: '${env:SIGN}', validFor: '${env:DAYS}d' });
  one.set('gateway.yaml', ['limits'], { message: { file: 'certs/size' }, requestLifetime: '90s' });
  one.set('gateway.yaml', ['publicUrl'], 'https://${env:HOST}/base/');
  const config = one.good({ PORT: '8443', SIGN: 'true', DAYS: '3', HOST: 'sso.example.net' });
  t.equal(config.listen.port, 8443);
  t.same(config.metadata, { sign: true, validFor: 3 * 86_400_000 });
  t.equal(config.limits.message, 512 * 1024);
  t.equal(config.limits.requestLifetime, 90_000);
  t.equal(config.publicUrl, 'https://sso.example.net/base');
  t.equal(config.idps[0]?.own.acsUrl, 'https://sso.example.net/base/saml/okta/acs');
});

t.test('plain http is taken on addresses of this machine', async (t) => {
  const one = await fixture(t.testdir());
  for (const url of ['http://localhost:8080', 'http://127.0.0.1:8080', 'http://[::1]:8080']) {
    one.set('gateway.yaml', ['publicUrl'], url);
    t.equal(one.good().publicUrl, url);
  }
});

t.test('the operations listener beyond this machine works with a token, and on this machine without', async (t) => {
  const one = await fixture(t.testdir());
  one.set('gateway.yaml', ['operations', 'host'], '0.0.0.0');
  t.same(one.faults(), []);
  one.set('gateway.yaml', ['operations'], { host: '127.0.0.1' });
  t.equal(one.good().operations.token, undefined);
});

t.test('each form of store address is taken apart', async (t) => {
  const one = await fixture(t.testdir());
  const env = { PW: 'p@ss/w:rd%', WHOLE: 'rediss://u:p%40ss@redis:6380/2' };
  const cases: readonly (readonly [string, object, string?])[] = [
    ['embedded:/var/lib/x', { kind: 'embedded', path: '/var/lib/x' }],
    ['redis://localhost', { kind: 'redis', tls: false, host: 'localhost', port: 6379, db: 0 }],
    [
      'rediss://u:${env:PW}@[::1]:6380/3',
      { kind: 'redis', tls: true, username: 'u', host: '::1', port: 6380, db: 3 },
      env.PW,
    ],
    ['${env:WHOLE}', { kind: 'redis', tls: true, username: 'u', host: 'redis', port: 6380, db: 2 }, 'p@ss'],
    [
      'redis+sentinel://:${env:PW}@a:1,b/claims/4?sentinelUsername=s&sentinelPassword=${env:PW}',
      {
        kind: 'redis-sentinel',
        sentinels: [
          { host: 'a', port: 1 },
          { host: 'b', port: 26_379 },
        ],
        name: 'claims',
        db: 4,
        sentinelUsername: 's',
      },
      env.PW,
    ],
    [
      'rediss+cluster://a:7000,b:7001',
      {
        kind: 'redis-cluster',
        tls: true,
        nodes: [
          { host: 'a', port: 7000 },
          { host: 'b', port: 7001 },
        ],
      },
    ],
  ];
  for (const [written, expected, password] of cases) {
    one.set('gateway.yaml', ['store'], written);
    const { store } = one.good(env);
    t.match(store, expected, written);
    const carried = 'password' in store ? store.password?.reveal() : undefined;
    t.equal(carried, password, `${written}: password`);
    if (store.kind === 'redis-sentinel') t.equal(store.sentinelPassword?.reveal(), env.PW);
  }
});

t.test('a data key is read from base64 and from hexadecimal, and keeps its name', async (t) => {
  const one = await fixture(t.testdir());
  const first = one.good().dataKeys.current;
  t.equal(Buffer.from(first.bytes.reveal()).toString('base64'), DATA_KEY);
  one.write('certs/hex', Buffer.alloc(32, 7).toString('hex'));
  one.write('certs/older', Buffer.alloc(32, 8).toString('hex'));
  one.set('gateway.yaml', ['dataKey'], { file: 'certs/hex' });
  one.set('gateway.yaml', ['previousDataKeys'], [{ file: 'certs/older' }]);
  const { current, previous } = one.good().dataKeys;
  t.equal(current.id, first.id);
  t.not(previous[0]?.id, first.id);
});

t.test('expected values for transparent interception', async (t) => {
  const one = await fixture(t.testdir());
  const acs = 'https://app.zivver.com/api/sso/saml/consumer/';
  const entityId = 'https://app.zivver.com/SAML/Zivver';
  one.set('idps/okta.yaml', ['expected'], { audience: entityId, destination: acs });
  t.same(one.good().idps[0]?.expected, { audience: entityId, recipients: [acs], destination: acs });
  one.set('idps/okta.yaml', ['expected', 'recipient'], [entityId, acs]);
  t.same(one.good().idps[0]?.expected.recipients, [entityId, acs]);
});

t.test('claim rules keep their order', async (t) => {
  const one = await fixture(t.testdir());
  one.set(
    'idps/okta.yaml',
    ['claims'],
    [
      { set: { to: 'a', value: '1' } },
      { copy: { from: 'a', to: 'NameID' } },
      { drop: 'a' },
      { lowercase: 'NameID' },
      { template: { to: 'b', template: '{{{a}}} {NameID}' } },
    ],
  );
  t.same(one.good().idps[0]?.claims, [
    { kind: 'set', to: 'a', value: '1' },
    { kind: 'copy', from: 'a', to: 'NameID' },
    { kind: 'drop', name: 'a' },
    { kind: 'lowercase', name: 'NameID' },
    { kind: 'template', to: 'b', template: '{{{a}}} {NameID}' },
  ]);
});

t.test('metadata from a file is read, and the file is watched', async (t) => {
  const one = await fixture(t.testdir());
  one.write('certs/idp.xml', '<EntityDescriptor/>\n');
  one.set('idps/okta.yaml', ['metadata'], { file: 'certs/idp.xml' });
  const config = one.good();
  const file = join(one.base, 'certs/idp.xml');
  t.same(config.idps[0]?.metadata, { kind: 'file', file, xml: '<EntityDescriptor/>\n' });
  for (const name of ['certs/idp.xml', 'certs/2026.key', 'certs/okta-domain-key', 'config/idps/okta.yaml']) {
    t.ok(config.files.includes(join(one.base, name)), `${name} is among the files`);
  }
});

t.test('a dump shows everything but secrets', async (t) => {
  const one = await fixture(t.testdir());
  one.set('gateway.yaml', ['store'], 'redis://:${env:PW}@localhost');
  const config = one.good({ PW: 'store-planted' });
  const dump = JSON.stringify(redactedConfiguration(config));
  t.notMatch(dump, /planted/);
  t.notOk(dump.includes(DATA_KEY));
  t.match(dump, /"domainKey":\{[^}]*"value":"\[secret\]"/);
  t.match(dump, /"publicUrl":"https:\/\/sso\.example\.org"/);
  t.notMatch(inspect(config, { depth: 20 }), /planted/);
});

t.test('the fingerprint tells configurations apart, and secrets too, but not where they lie', async (t) => {
  const here = await fixture(t.testdir({ a: {} }) + '/a');
  const there = await fixture(t.testdirName + '/b');
  const fingerprint = configurationFingerprint(here.good());
  t.match(fingerprint, /^[0-9a-f]{64}$/);
  t.equal(configurationFingerprint(there.good()), fingerprint);
  there.write('certs/okta-domain-key', 'other');
  const changed = configurationFingerprint(there.good());
  t.not(changed, fingerprint);
  there.set('gateway.yaml', ['shutdownTimeout'], '21s');
  t.not(configurationFingerprint(there.good()), changed);
});
