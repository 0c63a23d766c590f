import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Application, systemServices } from '../../src/app/index.js';
import { auditSegmentFiles, createLogger, verifyAudit } from '../../src/observe/index.js';
import { fixture, NOW, type Fixture } from '../config/fixture.js';
import { temporaryDirectory } from '../support/temporary.js';

/** The repository's own configuration, opened; its metadata is not fetched, since no IdP of it is there. */
async function opened(t: Test, change: (files: Fixture) => void = () => undefined): Promise<Application> {
  const files = await fixture(await temporaryDirectory(t));
  await mkdir(join(files.base, 'data'), { recursive: true });
  change(files);
  const fetcher = () => Promise.reject(new Error('nothing is fetched here'));
  const application = await Application.open(files.good(), {
    ...systemServices('test'),
    clock: { now: () => NOW },
    log: createLogger({ level: 'silent' }),
    fetcher,
  });
  t.teardown(() => application.close(1000));
  return application;
}

t.test("the repository's configuration becomes the policy of its identity provider", async (t) => {
  const { generation } = await opened(t);
  const { runtime, ring, tenants } = generation;
  t.same([...runtime.routes.keys()], ['okta']);
  const route = runtime.routes.get('okta');
  const base = 'https://sso.example.org/saml/okta';
  t.match(route?.own, { entityId: `${base}/metadata`, acsUrl: `${base}/acs`, ssoUrl: `${base}/sso` });
  t.match(route?.idp.expected, {
    audience: `${base}/metadata`,
    recipients: [`${base}/acs`],
    destination: `${base}/acs`,
  });
  t.equal(route?.idp.unsolicited, true);
  t.equal(route?.idp.domainKey?.mode, 'inject');
  t.equal(route?.idp.domainKey?.value.reveal(), 'domain-key-planted');
  t.match(route?.idp.claims, [{ kind: 'rename', from: 'user.id' }]);
  t.match(route?.issuing, {
    entityId: 'https://sso.example.org/saml',
    issuer: 'ours',
    sign: 'both',
    key: { id: '2026' },
  });
  t.match(route?.delivery, { kind: 'browser' });
  t.equal(route?.account.waitForAccount, 2000);
  t.equal(ring.active.id, '2026');
  t.equal(runtime.metadata.signingCertificates.length, 2, 'the next key is published');
  t.match(tenants, [{ mode: 'scim', budget: { requests: 25, per: 10_000 } }]);
});

t.test('without its metadata an identity provider verifies nothing, and the gateway says so', async (t) => {
  const application = await opened(t);
  const route = application.generation.runtime.routes.get('okta');
  t.equal(route?.idp.entityId, '', 'no response can carry that issuer');
  t.same(route?.idp.signingKeys, []);
  const report = await application.health.report();
  t.notOk(report.ready);
  t.same(report.failing.toSorted(), ['idp-okta-certificate', 'idp-okta-metadata']);
});

t.test('a start that fails ends what it began in the audit log', async (t) => {
  const files = await fixture(await temporaryDirectory(t));
  await mkdir(join(files.base, 'data'), { recursive: true });
  const config = files.good();
  await rm(config.signing.keys.find(({ state }) => state === 'active')?.key ?? '');
  const services = { ...systemServices('test'), log: createLogger({ level: 'silent' }) };
  await t.rejects(Application.open(config, services), { code: 'KEY_UNREADABLE' });
  const segments = await auditSegmentFiles(join(config.audit.directory, 'audit.jsonl'));
  t.match(await verifyAudit(segments), { ok: true, files: 1, lines: 2, notes: [] });
});

t.test('each setting reaches the policy that it is about', async (t) => {
  const cases: readonly [string, (string | number)[], unknown, (application: Application) => unknown, unknown][] = [
    ['gateway.yaml', ['signing', 'sign'], ['response'], route(({ issuing }) => issuing.sign), 'response'],
    ['gateway.yaml', ['signing', 'issuer'], 'preserve', route(({ issuing }) => issuing.issuer), 'preserve'],
    ['gateway.yaml', ['provisioning', 'waitForAccount'], '0s', route(({ account }) => account.waitForAccount), 0],
    ['gateway.yaml', ['missingCookie'], 'allow', ({ generation }) => generation.runtime.missingCookie, 'allow'],
    ['idps/okta.yaml', ['unsolicited'], 'refuse', route(({ idp }) => idp.unsolicited), false],
    ['idps/okta.yaml', ['clockSkew'], '30s', route(({ idp }) => idp.clockSkewMs), 30_000],
    ['idps/okta.yaml', ['signature'], { allowSha1: true }, route(({ idp }) => idp.signatures.allowSha1), true],
    ['idps/okta.yaml', ['request'], { binding: 'post' }, route(({ request }) => request.binding), 'post'],
    ['idps/okta.yaml', ['request'], { sign: 'always' }, route(({ request }) => request.key?.id), '2026'],
    ['idps/okta.yaml', ['enabled'], false, ({ generation }) => generation.runtime.routes.size, 0],
  ];
  for (const [file, path, value, read, expected] of cases) {
    const application = await opened(t, (files) => {
      files.set(file, path, value);
    });
    t.equal(read(application), expected, `${file}: ${path.join('.')}`);
  }
});

type Route = NonNullable<ReturnType<Application['generation']['runtime']['routes']['get']>>;

function route(read: (route: Route) => unknown) {
  return ({ generation }: Application): unknown => {
    const found = generation.runtime.routes.get('okta');
    return found === undefined ? undefined : read(found);
  };
}
