import { once } from 'node:events';
import { mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { readPublishedKeys } from '../../src/app/index.js';
import { GatewayError } from '../../src/shared/index.js';
import { idpContent } from '../support/configuration.js';
import { logIn, loginForm } from '../support/logins.js';
import { rsaKeyPair, selfSignedCertificate } from '../support/pki.js';
import { metricValue, startRunning, until, type Running } from '../support/running.js';

const entityOf = (idp: string) => `https://${idp}.example.org/idp`;

/** The file of an IdP that may begin a login by itself. */
const open = (idp: string, changes = {}) => idpContent({ entityId: entityOf(idp), unsolicited: 'allow', ...changes });

/** Status of a login through this IdP, which is refused with 404 where there is none of that name. */
async function login(running: Running, idp: string, keys = rsaKeyPair(2048, 'idp')): Promise<number> {
  return (await logIn({ publicUrl: running.publicUrl, idp, entityId: entityOf(idp), keys })).status;
}

async function configurationState(running: Running): Promise<string | undefined> {
  return (await running.health()).checks['configuration']?.state;
}

t.test('a changed file is taken up by itself: an identity provider comes, changes, goes', async (t) => {
  const running = await startRunning(t, { idps: { okta: open('okta') } });
  const { configuration } = running;
  t.equal(await login(running, 'okta'), 200);
  t.equal(await login(running, 'google'), 404);

  configuration.idp('google', open('google'));
  await until(
    () => login(running, 'google'),
    (status) => status === 200,
  );
  t.ok((await running.health()).checks['idp-google-certificate'], 'its checks came with it');

  const renewed = rsaKeyPair(2048, 'renewed');
  configuration.idp('google', open('google', { certificates: [renewed.certificatePem] }));
  await until(
    () => login(running, 'google', renewed),
    (status) => status === 200,
  );
  t.equal(await login(running, 'google'), 403, 'the earlier certificate verifies no more');

  unlinkSync(join(configuration.directory, 'idps/google.yaml'));
  await until(
    () => login(running, 'google'),
    (status) => status === 404,
  );
  t.notOk((await running.health()).checks['idp-google-certificate'], 'its checks went with it');
  t.equal(metricValue(await running.metrics(), 'health_check_state{check="idp-google-certificate"}'), null);
  t.equal(await login(running, 'okta'), 200);
});

t.test('a login that began before a reload ends by what it began with, its job included', async (t) => {
  const running = await startRunning(t, {
    gateway: { provisioning: { mode: 'scim', scim: { token: { file: 'certs/scim-token' } }, waitForAccount: '0s' } },
    idps: { okta: open('okta'), google: open('google') },
    files: { 'certs/scim-token': 'scim-token-of-example-org' },
  });
  const { publicUrl, configuration, application } = running;
  const body = (await loginForm({ publicUrl, idp: 'okta', entityId: entityOf('okta') })).toString();
  const posting = request(`${publicUrl}/saml/okta/acs`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      expect: '100-continue',
    },
  });
  posting.flushHeaders();
  await once(posting, 'continue');
  unlinkSync(join(configuration.directory, 'idps/okta.yaml'));
  await until(
    () => fetch(`${publicUrl}/saml/okta/metadata`),
    ({ status }) => status === 404,
  );
  posting.end(body);
  const [answer] = (await once(posting, 'response')) as [IncomingMessage];
  answer.resume();
  t.equal(answer.statusCode, 200);
  t.equal(metricValue(await running.metrics(), 'provisioning_decisions_total{decision="create"}'), 1);
  t.equal((await application.status.tenant('default')).waiting, 1);
});

t.test('whoever writes beside the configuration does not put off that it is taken up', async (t) => {
  const running = await startRunning(t, { idps: { okta: open('okta') } });
  const noise = setInterval(() => {
    running.configuration.write('certs/noise', 'x');
  }, 20);
  t.teardown(() => {
    clearInterval(noise);
  });
  running.configuration.idp('google', open('google'));
  await until(
    () => login(running, 'google'),
    (status) => status === 200,
  );
});

t.test('a faulty configuration is rejected whole, and what is in force goes on', async (t) => {
  const running = await startRunning(t, { idps: { okta: open('okta') } });
  const { configuration } = running;
  const { fingerprint } = running.application.generation;
  configuration.idp('google', open('google'));
  configuration.idp('okta', open('okta', { unsolicited: 'perhaps' }));
  await until(
    () => configurationState(running),
    (state) => state === 'fail',
  );
  const check = (await running.health()).checks['configuration'];
  t.match(check?.detail, /okta\.yaml:\d+:\d+: unsolicited/);
  t.match(check?.remedy, /check-config/);
  t.equal(running.application.generation.fingerprint, fingerprint);
  t.equal(await login(running, 'okta'), 200);
  t.equal(await login(running, 'google'), 404, 'nothing of it counts, not even the sound file');
  t.equal((await running.ready()).status, 200, 'logins succeed, so the gateway is ready');

  configuration.idp('okta', open('okta'));
  await until(
    () => configurationState(running),
    (state) => state === 'pass',
  );
  t.equal(await login(running, 'google'), 200);
});

t.test('a fault is told once, however often the files are looked at', async (t) => {
  const running = await startRunning(t, { idps: { okta: open('okta') } });
  running.configuration.idp('okta', open('okta', { unsolicited: 'perhaps' }));
  await until(
    () => configurationState(running),
    (state) => state === 'fail',
  );
  running.configuration.write('certs/unrelated', 'x');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  t.equal(running.log().split('configuration rejected').length - 1, 1);
});

t.test('a key that goes bad between the look and the taking up is told once too', async (t) => {
  const running = await startRunning(t, { idps: { okta: open('okta') } });
  const { application } = running;
  const make = application.makeGeneration.bind(application);
  application.makeGeneration = () => {
    throw new GatewayError('KEY_UNFIT', 'It was exchanged a moment ago.');
  };
  running.configuration.idp('google', open('google'));
  await until(
    () => configurationState(running),
    (state) => state === 'fail',
  );
  await new Promise((resolve) => setTimeout(resolve, 1000));
  t.equal(running.log().split('configuration rejected').length - 1, 1);
  application.makeGeneration = make;
  t.ok(await running.gateway.reload());
  t.equal(await login(running, 'google'), 200);
});

t.test('a certificate that is renewed in its place is taken up', async (t) => {
  const running = await startRunning(t, { idps: { okta: open('okta') } });
  const before = running.application.generation.ring.active.info.fingerprint;
  const { privateKey } = rsaKeyPair(2048, 'gateway');
  running.configuration.write('certs/test.crt', selfSignedCertificate(privateKey, { commonName: 'renewed' }));
  await until(
    () => running.application.generation.ring.active.info.fingerprint,
    (fingerprint) => fingerprint !== before,
  );
  t.equal(await login(running, 'okta'), 200);
});

t.test('a key that cannot be read is a fault of the new configuration only', async (t) => {
  const running = await startRunning(t, { idps: { okta: open('okta') } });
  rmSync(join(running.root, 'certs/test.key'));
  await until(
    () => configurationState(running),
    (state) => state === 'fail',
  );
  t.match((await running.health()).checks['configuration']?.detail, /test\.key/);
  t.equal(await login(running, 'okta'), 200);
  running.configuration.write('certs/test.key', rsaKeyPair(2048, 'gateway').privateKeyPem);
  await until(
    () => configurationState(running),
    (state) => state === 'pass',
  );
});

/** Points the SCIM token at a file that is not there yet, and waits for the rejection. */
async function pointToken(running: Running, file: string): Promise<void> {
  running.rewrite({ provisioning: { mode: 'scim', scim: { token: { file } }, waitForAccount: '0s' } });
  await until(
    () => configurationState(running),
    (state) => state === 'fail',
  );
}

t.test('a missing file is taken up when it comes, also in a directory that held none of the others', async (t) => {
  const running = await startRunning(t, { idps: { okta: open('okta') } });
  mkdirSync(join(running.root, 'secrets'));
  await pointToken(running, 'secrets/token');
  running.configuration.write('secrets/token', 'scim-token-of-example-org');
  await until(
    () => configurationState(running),
    (state) => state === 'pass',
  );
});

t.test('so it is in directories that come one after the other', async (t) => {
  const running = await startRunning(t, { idps: { okta: open('okta') } });
  await pointToken(running, 'run/secrets/token');
  for (const directory of ['run', 'run/secrets']) {
    mkdirSync(join(running.root, directory));
    // Long enough for it to be looked at, and found as faulty as before.
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  running.configuration.write('run/secrets/token', 'scim-token-of-example-org');
  await until(
    () => configurationState(running),
    (state) => state === 'pass',
  );
  t.equal(running.log().split('configuration rejected').length - 1, 1);
});

t.test('a state that lasts over a reload keeps its time', async (t) => {
  const soon = { notAfter: new Date(Date.now() + 10 * 86_400_000) };
  const { privateKey } = rsaKeyPair(2048, 'idp');
  const certificates = [selfSignedCertificate(privateKey, soon)];
  const running = await startRunning(t, { idps: { okta: open('okta', { certificates }) } });
  const first = (await running.health()).checks['idp-okta-certificate'];
  t.equal(first?.state, 'warn');
  running.shift(3_600_000);
  t.ok(await running.gateway.reload());
  const second = (await running.health()).checks['idp-okta-certificate'];
  t.equal(second?.state, 'warn');
  t.equal(second?.since, first?.since);
});

t.test('what is opened at start is told to wait for the next start', async (t) => {
  const running = await startRunning(t, { idps: { okta: open('okta') } });
  running.rewrite({ logging: { level: 'error' } });
  t.ok(await running.gateway.reload());
  const check = (await running.health()).checks['configuration'];
  t.match(check, { state: 'warn', detail: /logging/, remedy: /Restart/ });
  running.rewrite({});
  t.ok(await running.gateway.reload());
  t.equal(
    await until(
      () => configurationState(running),
      (state) => state === 'pass',
    ),
    'pass',
  );
});

t.test('a secret that is opened at start is told to wait for the next start too', async (t) => {
  const running = await startRunning(t, { operationsToken: 'the-first-token', idps: { okta: open('okta') } });
  running.configuration.write('certs/operations-token', 'the-second-token');
  t.ok(await running.gateway.reload());
  t.match((await running.health()).checks['configuration'], { state: 'warn', detail: /operations/ });
});

t.test('the audit log says which key signs, which are published and retired, and why one was forced', async (t) => {
  const { privateKeyPem, certificatePem } = rsaKeyPair(2048, 'next');
  const running = await startRunning(t, {
    idps: { okta: open('okta') },
    files: { 'certs/next.key': privateKeyPem, 'certs/next.crt': certificatePem },
  });
  const key = (id: string, state: string, more = {}) => {
    return { id, key: `certs/${id}.key`, cert: `certs/${id}.crt`, state, ...more };
  };
  const signWith = async (...keys: object[]) => {
    running.rewrite({ signing: { entityId: 'https://sso.example.org/saml', keys } });
    t.ok(await running.gateway.reload());
  };
  await signWith(key('test', 'active'), key('next', 'next'));
  await signWith(key('test', 'retired'), key('next', 'active', { forcedBecause: 'loaded by hand' }));
  await signWith(key('next', 'active', { forcedBecause: 'loaded by hand' }));
  await running.stop();
  const lines = await auditLines(running);
  t.match(
    lines.filter(({ event }) => event === 'start'),
    [{ signingKey: 'test' }],
  );
  t.strictSame(
    lines
      .filter(({ event }) => event === 'key')
      .map(({ decision, signingKey, detail }) => [decision, signingKey, detail ?? '']),
    [
      ['publish', 'next', ''],
      ['retire', 'test', ''],
      ['promote', 'next', 'before 48 hours: loaded by hand'],
    ],
  );
});

t.test('a next key that is taken out of the configuration is told in the audit log', async (t) => {
  const { privateKeyPem, certificatePem } = rsaKeyPair(2048, 'next');
  const test = { id: 'test', key: 'certs/test.key', cert: 'certs/test.crt', state: 'active' };
  const next = { id: 'next', key: 'certs/next.key', cert: 'certs/next.crt', state: 'next' };
  const signing = (...keys: object[]) => ({ signing: { entityId: 'https://sso.example.org/saml', keys } });
  const running = await startRunning(t, {
    gateway: signing(test, next),
    idps: { okta: open('okta') },
    files: { 'certs/next.key': privateKeyPem, 'certs/next.crt': certificatePem },
  });
  const data = join(running.root, 'data');
  const published = () => Object.values(readPublishedKeys(data) ?? {});
  const [since = 0, ...others] = published();
  t.strictSame(others, [since], 'both since the start');
  t.ok(Math.abs(Date.now() - since) < 600_000);
  running.rewrite(signing(test));
  t.ok(await running.gateway.reload());
  t.strictSame(published(), [since], 'the one that is left since when it was');
  writeFileSync(join(data, 'published-keys.json'), 'damaged');
  running.rewrite(signing(test, next));
  t.ok(await running.gateway.reload());
  t.ok(published().length === 2 && published().every((at) => at >= since));
  running.rewrite(signing(test));
  t.ok(await running.gateway.reload());
  await running.stop();
  const lines = await auditLines(running);
  t.match(
    lines.filter(({ event }) => event === 'key'),
    [
      { decision: 'remove', signingKey: 'next' },
      { decision: 'publish', signingKey: 'next' },
      { decision: 'remove', signingKey: 'next' },
    ],
  );
});

t.test('the audit log says what was put into force and what was rejected', async (t) => {
  const running = await startRunning(t, { idps: { okta: open('okta') } });
  running.configuration.idp('google', open('google'));
  t.ok(await running.gateway.reload());
  writeFileSync(join(running.configuration.directory, 'gateway.yaml'), 'publicUrl: [');
  t.notOk(await running.gateway.reload());
  await running.stop();
  const lines = await auditLines(running);
  t.same(
    lines.filter(({ event }) => event === 'configuration').map(({ decision }) => decision),
    ['reload', 'reject'],
  );
});

interface AuditLine {
  readonly event: string;
  readonly decision?: string;
  readonly signingKey?: string;
  readonly detail?: string;
}

async function auditLines(running: Running): Promise<AuditLine[]> {
  const directory = join(running.root, 'audit');
  const texts = await Promise.all((await readdir(directory)).map((file) => readFile(join(directory, file), 'utf8')));
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditLine);
}
