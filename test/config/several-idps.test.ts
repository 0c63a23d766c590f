import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fixture, type Fixture } from './fixture.js';

/** The fixture with a second IdP: Okta's file under another name. */
async function withTwin(base: string): Promise<Fixture> {
  const one = await fixture(base);
  one.write('config/idps/twin.yaml', readFileSync(join(one.config, 'idps/okta.yaml'), 'utf8'));
  return one;
}

t.test('two IdPs of one tenant with one domain are fine', async (t) => {
  const one = await withTwin(t.testdir());
  t.same(one.faults(), []);
  t.same(
    one.good().idps.map(({ name }) => name),
    ['okta', 'twin'],
  );
});

t.test('two IdPs of one tenant must agree on the one domain', async (t) => {
  const one = await withTwin(t.testdir());
  one.set('idps/twin.yaml', ['domain'], 'example.com');
  t.match(one.faults(), [
    /twin\.yaml:\d+:\d+: domain: differs from idps\/okta\.yaml, which is of the same tenant "default"/,
  ]);
  one.set('idps/twin.yaml', ['provisioning'], { mode: 'off' });
  t.same(one.faults(), [], 'without provisioning the domain has no part to play');
  const scim = { token: { file: 'certs/example-net-scim-token' } };
  one.set('idps/twin.yaml', ['provisioning'], { tenant: 'other', scim });
  t.same(one.faults(), [], 'nor has it in another tenant');
});

t.test('two IdPs of one tenant must agree on how accounts are made', async (t) => {
  const one = await withTwin(t.testdir());
  const provisioning = {
    scim: { token: { file: 'certs/example-net-scim-token' } },
    budget: { requests: 5 },
    active: false,
  };
  one.set('idps/twin.yaml', ['provisioning'], provisioning);
  t.same(
    one.load().faults.map(({ path }) => path),
    ['provisioning.scim.token', 'provisioning.budget.requests', 'provisioning.active'],
  );
});

t.test('two IdPs of one tenant must agree on who creates the accounts', async (t) => {
  const one = await withTwin(t.testdir());
  one.set('idps/twin.yaml', ['provisioning'], { mode: 'observe' });
  t.match(one.faults(), [
    /twin\.yaml:\d+:\d+: provisioning\.mode: differs from idps\/okta\.yaml, which is of the same tenant "default"; make them equal/,
  ]);
  one.set('gateway.yaml', ['provisioning', 'mode'], 'observe');
  t.same(one.faults(), []);
});

t.test('one API key in two tenants is a warning, since the budgets add up', async (t) => {
  const one = await withTwin(t.testdir());
  one.set('idps/twin.yaml', ['provisioning'], { tenant: 'other', scim: { token: { file: 'certs/scim-token' } } });
  t.same(one.faults(), []);
  t.match(one.warnings(), [/twin\.yaml.*provisioning\.scim\.token: is the API key of tenant "default" too/]);
});

t.test('two IdPs cannot have one entity id', async (t) => {
  const one = await withTwin(t.testdir());
  one.set('idps/okta.yaml', ['entityId'], 'http://www.okta.com/exk1');
  t.same(one.faults(), []);
  one.set('idps/twin.yaml', ['entityId'], 'http://www.okta.com/exk1');
  t.match(one.faults(), [/twin\.yaml:\d+:\d+: entityId: is the entity id of idps\/okta\.yaml too/]);
});

t.test("an IdP's file overrides domainKey, provisioning and serviceProvider key by key", async (t) => {
  const one = await withTwin(t.testdir());
  one.set('gateway.yaml', ['domainKey'], {
    attribute: 'urn:common',
    value: '${env:COMMON}',
    mode: 'ensure',
    type: 'none',
  });
  one.set('gateway.yaml', ['serviceProvider', 'audience'], 'urn:audience');
  one.set('gateway.yaml', ['serviceProvider', 'requests'], { signed: 'required', maxAge: '1m' });
  one.set('gateway.yaml', ['serviceProvider', 'certificates'], [{ file: 'certs/google.crt' }]);
  one.set('idps/twin.yaml', ['domainKey'], { mode: 'verify' });
  one.set('idps/twin.yaml', ['provisioning'], { waitForAccount: 0 });
  one.set('idps/twin.yaml', ['serviceProvider'], { requests: { maxAge: '2m' }, recipient: 'urn:recipient' });
  const [okta, twin] = one.good({ COMMON: 'common-value' }).idps;
  t.match(okta?.domainKey, { attribute: 'https://zivver.com/SAML/Attributes/DomainKey', mode: 'inject', type: null });
  t.match(twin?.domainKey, { attribute: 'urn:common', mode: 'verify', type: null, nameFormat: /basic$/ });
  t.equal(twin?.domainKey.value.reveal(), 'common-value');
  t.equal(okta?.provisioning.waitForAccount, 2000);
  t.match(twin?.provisioning, { waitForAccount: 0, budget: { requests: 25 }, scim: { timeout: 10_000 } });
  t.match(twin?.serviceProvider, {
    audience: 'urn:audience',
    recipient: 'urn:recipient',
    requests: { signed: 'required', maxAge: 120_000 },
  });
  t.equal(okta?.serviceProvider.requests.maxAge, 60_000);
});

t.test('an IdP with a service provider of its own inherits no addresses', async (t) => {
  const one = await withTwin(t.testdir());
  one.set('gateway.yaml', ['serviceProvider', 'audience'], 'urn:audience');
  const acs = ['https://sp.example.net/acs', 'https://sp.example.net/acs2'];
  const attributes = { accountKey: 'key', displayName: 'name' };
  const own = { preset: 'generic', entityId: 'urn:sp', acs, attributes };
  one.set('idps/twin.yaml', ['serviceProvider'], own);
  t.match(one.good().idps[1], {
    serviceProvider: {
      audience: 'urn:sp',
      acs,
      destination: acs[0],
      deliverTo: acs[0],
      startUrl: 'https://sp.example.net/',
    },
    requiredClaims: { attributes: ['key'] },
  });
});

t.test('an IdP that says again which service provider it is inherits all of it', async (t) => {
  const one = await withTwin(t.testdir());
  const certificate = { file: 'certs/google.crt' };
  const proxy = { prefix: '/zivver/' };
  const common = { preset: 'zivver', audience: 'urn:audience', certificates: [certificate], encryption: { certificate } };
  one.set('gateway.yaml', ['serviceProvider'], { ...common, proxy });
  for (const again of [
    { preset: 'zivver' },
    { entityId: 'https://app.zivver.com/SAML/Zivver' },
    { preset: 'zivver', entityId: 'https://app.zivver.com/SAML/Zivver' },
  ]) {
    one.set('idps/twin.yaml', ['serviceProvider'], again);
    const [okta, twin] = one.good().idps;
    t.ok(okta?.serviceProvider.encryption, 'as written');
    t.strictSame(twin?.serviceProvider, { ...okta?.serviceProvider, recipient: twin?.serviceProvider.recipient });
    t.same(one.warnings().filter((line) => line.includes('encryption')), []);
  }
  one.set('gateway.yaml', ['serviceProvider', 'entityId'], 'urn:sp');
  one.set('idps/twin.yaml', ['serviceProvider'], { preset: 'zivver' });
  t.match(one.good().idps[1]?.serviceProvider, { entityId: 'urn:sp', audience: 'urn:audience', proxy });
});

t.test('whoever requires signed requests has a certificate that could verify one', async (t) => {
  const one = await withTwin(t.testdir());
  const certificates = [{ file: 'certs/google.crt' }];
  one.set('gateway.yaml', ['serviceProvider', 'requests'], { signed: 'required' });
  t.match(one.faults(), [/gateway\.yaml:\d+:\d+: serviceProvider\.requests\.signed: is required/], 'told once');
  one.set('idps/okta.yaml', ['serviceProvider'], { certificates });
  one.set('idps/twin.yaml', ['serviceProvider'], { certificates });
  t.same(one.faults(), [], 'each has its own');
  one.set('gateway.yaml', ['serviceProvider', 'certificates'], certificates);
  const another = { entityId: 'urn:sp', acs: ['https://sp.example.net/acs'] };
  one.set('idps/twin.yaml', ['serviceProvider'], another);
  t.match(one.faults(), [/twin\.yaml:\d+:\d+: serviceProvider\.requests\.signed: is required/], 'not those of another');
  one.set('idps/twin.yaml', ['serviceProvider'], { ...another, requests: { signed: 'optional' } });
  t.same(one.faults(), []);
});

t.test('an IdP of another service provider is told that nothing is encrypted for that one', async (t) => {
  const one = await withTwin(t.testdir());
  const encryption = { certificate: { file: 'certs/google.crt' } };
  one.set('gateway.yaml', ['serviceProvider', 'encryption'], encryption);
  one.set('idps/twin.yaml', ['serviceProvider'], { entityId: 'urn:sp', acs: ['https://sp.example.net/acs'] });
  t.match(one.warnings(), [/twin\.yaml:\d+:\d+: serviceProvider: .*not encrypted.*; add serviceProvider\.encryption/]);
  one.set('idps/twin.yaml', ['serviceProvider', 'encryption'], encryption);
  t.same(one.warnings(), []);
});

t.test('an IdP without metadata says who it is, where it is and how it signs', async (t) => {
  const one = await fixture(t.testdir());
  one.set('idps/okta.yaml', ['metadata'], undefined);
  t.match(one.faults(), [
    /entityId: is missing, and there is no metadata/,
    /certificates: are missing, and there is no/,
  ]);
  one.set('idps/okta.yaml', ['unsolicited'], 'refuse');
  t.match(one.faults().join('\n'), /sso: is missing, and there is no metadata/);
  one.set('idps/okta.yaml', ['entityId'], 'urn:idp');
  one.set('idps/okta.yaml', ['certificates'], [{ file: 'certs/google.crt' }]);
  one.set('idps/okta.yaml', ['sso'], { post: 'https://idp.example.org/sso' });
  const [idp] = one.good().idps;
  t.equal(idp?.certificates[0]?.origin, 'certs/google.crt');
  t.match(idp?.certificates[0]?.pem, /BEGIN CERTIFICATE/);
  one.set('idps/okta.yaml', ['request'], { binding: 'redirect' });
  t.match(one.faults(), [/sso: has no redirect endpoint for request\.binding/]);
});

t.test('delivery by proxy works with a proxy, whose upstream is the service provider', async (t) => {
  const one = await fixture(t.testdir());
  one.set('idps/okta.yaml', ['delivery'], 'proxy');
  one.set('gateway.yaml', ['serviceProvider', 'proxy'], {});
  t.match(one.good().idps[0]?.serviceProvider.proxy, {
    prefix: '/',
    upstream: 'https://app.zivver.com',
    timeout: 30_000,
  });
});

t.test('two IdPs that deliver by proxy agree on what is passed through under one prefix', async (t) => {
  const one = await withTwin(t.testdir());
  one.set('gateway.yaml', ['serviceProvider', 'proxy'], {});
  one.set('idps/okta.yaml', ['delivery'], 'proxy');
  one.set('idps/twin.yaml', ['delivery'], 'proxy');
  const write = (proxy: object): void => {
    one.set('idps/twin.yaml', ['serviceProvider'], { proxy });
  };
  t.same(one.faults(), [], 'both have the common one');
  write({ prefix: '/', upstream: 'https://app.zivver.com', timeout: '30s', body: '100MiB' });
  t.same(one.faults(), [], 'the same, written out');
  for (const [key, value] of [
    ['upstream', 'https://other.example'],
    ['timeout', '5s'],
    ['body', '1MiB'],
  ] as const) {
    write({ [key]: value });
    const [fault, ...more] = one.faults();
    t.same(more, []);
    t.match(
      fault,
      new RegExp(
        `^config/idps/twin\\.yaml:\\d+:\\d+: serviceProvider\\.proxy\\.${key}: differs from idps/okta\\.yaml, ` +
          'which has the same prefix "/"; make them equal, or give one a serviceProvider\\.proxy\\.prefix of its own',
      ),
    );
    write({ prefix: '/other/', [key]: value });
    t.same(one.faults(), [], 'under another prefix it may differ');
  }
  write({ upstream: 'https://other.example', timeout: '5s' });
  t.same(
    one.load().faults.map(({ path }) => path),
    ['serviceProvider.proxy.upstream', 'serviceProvider.proxy.timeout'],
    'each difference is told',
  );
  one.set('idps/twin.yaml', ['enabled'], false);
  t.same(one.faults(), [], 'whose logins are unknown has no traffic');
  one.set('idps/twin.yaml', ['enabled'], true);
  one.set('idps/twin.yaml', ['delivery'], 'browser');
  t.same(one.faults(), [], 'nor has who leaves the delivery to the browser');
  one.set('idps/twin.yaml', ['delivery'], 'proxy');
  one.set('idps/okta.yaml', ['delivery'], 'browser');
  t.same(one.faults(), [], 'whichever of the two it is');
});

t.test('an IdP of another service provider cannot have its traffic under the same prefix', async (t) => {
  const one = await withTwin(t.testdir());
  one.set('gateway.yaml', ['serviceProvider', 'proxy'], {});
  one.set('idps/okta.yaml', ['delivery'], 'proxy');
  one.set('idps/twin.yaml', ['delivery'], 'proxy');
  const attributes = { accountKey: 'key', displayName: 'name' };
  const own = { preset: 'generic', entityId: 'urn:sp', acs: ['https://sp.example.net/acs'], attributes };
  one.set('idps/twin.yaml', ['serviceProvider'], { ...own, proxy: {} });
  t.match(one.load().faults, [{ path: 'serviceProvider.proxy.upstream' }], 'the upstream is that of its ACS');
});

t.test('what weakens a rule is a standing warning', async (t) => {
  const one = await fixture(t.testdir());
  one.set('idps/okta.yaml', ['signature'], { allowSha1: true, allowRsa1024: true });
  one.set('idps/okta.yaml', ['encryption'], { allowCbc: true, allowUnsignedCbc: true });
  one.set('gateway.yaml', ['missingCookie'], 'allow');
  one.set('gateway.yaml', ['onStoreFailure'], 'local');
  t.same(one.faults(), []);
  t.same(
    one
      .load()
      .warnings.map(({ path }) => path)
      .toSorted(),
    ['encryption.allowUnsignedCbc', 'missingCookie', 'onStoreFailure', 'signature.allowRsa1024', 'signature.allowSha1'],
  );
});
