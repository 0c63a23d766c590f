import { deflateRawSync } from 'node:zlib';
import t from 'tap';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { ENTITY, metadataXml } from '../app/metadata/support.js';
import { rsaKeyPair, selfSignedCertificate } from '../support/pki.js';
import { ZIVVER_ENTITY_ID } from '../support/saml-parties.js';
import { metricValue, startRunning, until } from '../support/running.js';

const DAY = 86_400_000;
const idp = rsaKeyPair(2048, 'idp');
const short = rsaKeyPair(1024, 'short');

/** A certificate of the IdP that is valid between these days from now. */
function valid(from: number, to: number, { privateKey } = idp): string {
  const at = (days: number) => new Date(Date.now() + days * DAY);
  return selfSignedCertificate(privateKey, { notBefore: at(from), notAfter: at(to) });
}

const next = valid(10, 1000, rsaKeyPair(2048, 'idp-next'));
const refuse = { signature: { expiredCertificates: 'refuse' } };

const cases = [
  { what: 'a certificate that is valid', keys: idp, certificates: [valid(-10, 1000)], changes: refuse, works: true },
  {
    what: 'an expired one where that is allowed',
    keys: idp,
    certificates: [valid(-20, -10)],
    changes: {},
    works: true,
  },
  { what: 'an expired one', keys: idp, certificates: [valid(-20, -10)], changes: refuse, works: false },
  {
    what: 'an expired one and the next',
    keys: idp,
    certificates: [valid(-20, -10), next],
    changes: refuse,
    works: false,
  },
  { what: 'a valid one and the next', keys: idp, certificates: [valid(-20, 10), next], changes: refuse, works: true },
  { what: 'a short key', keys: short, certificates: [short.certificatePem], changes: {}, works: false },
  {
    what: 'a short key where that is allowed',
    keys: short,
    certificates: [short.certificatePem],
    changes: { signature: { allowRsa1024: true } },
    works: true,
  },
];

for (const { what, keys, certificates, changes, works } of cases) {
  t.test(`${what}: ready ${works ? 'and' : 'no more than'} logins succeed`, async (t) => {
    const running = await startRunning(t, {
      idps: { okta: idpContent({ unsolicited: 'allow', certificates, ...changes }) },
    });
    t.equal((await logIn({ publicUrl: running.publicUrl, keys })).status, works ? 200 : 403);
    t.match(await running.ready(), works ? { status: 200 } : { status: 503, failing: ['idp-okta-certificate'] });
    const { remedy } = (await running.health()).checks['idp-okta-certificate'] ?? {};
    t.ok(works || (remedy ?? '').split(' ').length > 3, 'what to do, in words');
  });
}

for (const [what, changes, status] of [
  ['its address comes from metadata that never came, and logins begin here', {}, 503],
  ['its address comes from metadata without one', { metadata: { inline: metadataXml([idp], { sso: false }) } }, 503],
  ['its file gives the address', { sso: { post: 'https://idp.example.org/sso' } }, 200],
  ['a login may begin there', { unsolicited: 'allow' }, 200],
] as const) {
  t.test(`certificates of its own, and ${what}: ready ${status === 200 ? 'all the same' : 'no more'}`, async (t) => {
    const { sso, ...content } = idpContent();
    t.ok(sso);
    const metadata = { url: 'https://127.0.0.1:1/metadata', allowPrivateAddress: true };
    const running = await startRunning(t, {
      gateway: { dataDirectory: './data' },
      idps: { okta: { ...content, entityId: ENTITY, metadata, ...changes } },
    });
    const ready = await running.ready();
    t.same(ready, { status, failing: status === 200 ? [] : ['idp-okta-sso'] });
    if (status === 200) return;
    const begun = await fetch(`${running.publicUrl}/saml/okta/sso?${authnRequest(running.publicUrl)}`);
    t.equal(begun.status, 503, 'no login can begin');
    t.match(await running.metrics(), 'authentication_requests_total{idp="okta",code="LOGIN_NO_SSO_ENDPOINT"} 1');
    t.match((await running.health()).checks['idp-okta-sso'], { state: 'fail', remedy: /sso\.redirect/ });
  });
}

/** The query with which Zivver asks for a login. */
function authnRequest(publicUrl: string): string {
  const xml =
    `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_sp1" Version="2.0"` +
    ` IssueInstant="${new Date().toISOString()}" Destination="${publicUrl}/saml/okta/sso">` +
    `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${ZIVVER_ENTITY_ID}</saml:Issuer></samlp:AuthnRequest>`;
  return new URLSearchParams({ SAMLRequest: deflateRawSync(Buffer.from(xml)).toString('base64') }).toString();
}

t.test('a job that waits for its time and has no worker is told at once', async (t) => {
  const running = await startRunning(t, {
    gateway: { provisioning: { mode: 'scim', scim: { token: { file: 'certs/scim-token' } }, waitForAccount: '0s' } },
    idps: { okta: idpContent({ unsolicited: 'allow' }) },
    files: { 'certs/scim-token': 'scim-token-of-example-org' },
  });
  t.equal((await logIn({ publicUrl: running.publicUrl })).status, 200);
  const { queue } = running.application.stores.backend;
  // As a worker leaves it that was answered 503, and then ended.
  const lease = await queue.take('default');
  await lease?.retry(600_000);
  const { state, detail } = await until(
    async () => (await running.health()).checks['provisioning'] ?? { state: '', detail: '' },
    (check) => check.state !== 'pass',
  );
  t.equal(state, 'fail');
  t.match(detail, /no worker/);
  t.equal((await running.health()).queue?.['delayed'], 1);
});

t.test('metadata that lies on this machine has no age: nobody fetches it again', async (t) => {
  const { domain, domainKey } = idpContent();
  const content = { preset: 'generic', unsolicited: 'allow', domain, domainKey };
  const running = await startRunning(t, { idps: { okta: { ...content, metadata: { inline: metadataXml([idp]) } } } });
  t.equal((await running.ready()).status, 200);
  running.shift(30 * DAY);
  t.equal(metricValue(await running.metrics(), 'idp_metadata_age_seconds{idp="okta"}'), null);
  t.match((await running.health()).checks['idp-okta-metadata'], { state: 'pass' });
});
