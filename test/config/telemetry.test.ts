import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { configurationFingerprint, redactedConfiguration } from '../../src/config/index.js';
import { fixture } from './fixture.js';

const ENDPOINT = 'http://127.0.0.1:4318/v1/traces';

t.test('without the key nothing is sent anywhere', async (t) => {
  const one = await fixture(t.testdir());
  t.equal(one.good().telemetry, undefined);
});

t.test('telemetry with its defaults, and with everything', async (t) => {
  const one = await fixture(t.testdir());
  one.set('gateway.yaml', ['telemetry'], { endpoint: ENDPOINT });
  t.same(one.good().telemetry, { endpoint: ENDPOINT, headers: {}, serviceName: 'claims-gateway', sample: 1 });
  one.set('gateway.yaml', ['telemetry'], {
    endpoint: 'https://otel.example.org/v1/traces',
    headers: { authorization: { file: 'certs/scim-token' } },
    serviceName: 'sso',
    sample: 0.25,
  });
  const config = one.good();
  t.match(config.telemetry, { endpoint: 'https://otel.example.org/v1/traces', serviceName: 'sso', sample: 0.25 });
  t.equal(config.telemetry?.headers['authorization']?.reveal(), 'scim-token-planted');
  t.notMatch(JSON.stringify(redactedConfiguration(config)), /planted/);
  const before = configurationFingerprint(config);
  one.write('certs/scim-token', 'another-planted');
  t.not(configurationFingerprint(one.good()), before, 'a new token is a reason to reload');
});

t.test('a header that all users can read is warned of', async (t) => {
  const one = await fixture(t.testdir());
  one.set('gateway.yaml', ['telemetry'], { endpoint: ENDPOINT, headers: { authorization: { file: 'certs/otlp' } } });
  one.write('certs/otlp', 'planted');
  t.same(one.warnings().filter((warning) => warning.includes('certs/otlp')), []);
  chmodSync(join(one.base, 'certs/otlp'), 0o644);
  t.match(one.warnings().join('\n'), /telemetry\.headers\.authorization: certs\/otlp can be read or written by all/);
});

t.test('the share may come from the environment', async (t) => {
  const one = await fixture(t.testdir());
  one.set('gateway.yaml', ['telemetry'], { endpoint: ENDPOINT, sample: '${env:SHARE}' });
  t.equal(one.good({ SHARE: '0.5' }).telemetry?.sample, 0.5);
  t.match(one.faults({ SHARE: 'half' }), [/telemetry\.sample: is not a number from 0 to 1/]);
});

t.test('plain http is taken where no secret is sent', async (t) => {
  const one = await fixture(t.testdir());
  const headers = { authorization: { file: 'certs/scim-token' } };
  one.set('gateway.yaml', ['telemetry'], { endpoint: 'http://collector.internal:4318/v1/traces' });
  t.ok(one.good().telemetry);
  one.set('gateway.yaml', ['telemetry', 'headers'], headers);
  t.match(one.faults(), [/telemetry\.endpoint: is not https, so the secrets/]);
  one.set('gateway.yaml', ['telemetry', 'endpoint'], ENDPOINT);
  t.ok(one.good().telemetry, 'nobody listens in on this machine');
});

const FAULTS: readonly (readonly [path: readonly string[], value: unknown, expected: RegExp])[] = [
  [['endpoint'], undefined, /telemetry\.endpoint: is missing; add it: whole address/],
  [['endpoint'], 'otel:4317', /telemetry\.endpoint: is not an absolute URL/],
  [['endpoint'], 'https://a:b@otel.example.org/', /telemetry\.endpoint: carries a user name or password/],
  [['sample'], 1.5, /telemetry\.sample: is not a number from 0 to 1/],
  [['sample'], -1, /telemetry\.sample: is not a number from 0 to 1/],
  [['headers'], { authorization: 'Bearer x' }, /telemetry\.headers\.authorization: a secret may not be written/],
  [['headers'], { 'two words': { file: 'certs/scim-token' } }, /is no name of a header field/],
  [['headers'], { 'Content-Type': { file: 'certs/scim-token' } }, /is set by the gateway itself/],
  [['zebra'], 1, /telemetry\.zebra: zebra is not a known key/],
];

for (const [path, value, expected] of FAULTS) {
  t.test(`a fault is named: telemetry.${path.join('.')}: ${JSON.stringify(value)}`, async (t) => {
    const one = await fixture(t.testdir());
    one.set('gateway.yaml', ['telemetry'], { endpoint: ENDPOINT });
    one.set('gateway.yaml', ['telemetry', ...path], value);
    const faults = one.faults();
    t.equal(faults.length, 1);
    t.match(faults[0], expected);
  });
}

t.test('the time that a load balancer is given at shutdown', async (t) => {
  const one = await fixture(t.testdir());
  t.equal(one.good().shutdownDelay, 0);
  one.set('gateway.yaml', ['shutdownDelay'], '5s');
  t.equal(one.good().shutdownDelay, 5000);
  one.set('gateway.yaml', ['shutdownDelay'], '1h');
  t.match(one.faults(), [/shutdownDelay: "1h" is out of bounds/]);
});

t.test('the longest body that the proxy passes through', async (t) => {
  const one = await fixture(t.testdir());
  const limit = (value?: string) => {
    one.set('idps/okta.yaml', ['serviceProvider'], { proxy: value === undefined ? {} : { body: value } });
    return one.good().idps.find(({ name }) => name === 'okta')?.serviceProvider.proxy?.body;
  };
  t.equal(limit(), 100 * 1024 * 1024);
  t.equal(limit('2GiB'), 2 * 1024 ** 3);
});
