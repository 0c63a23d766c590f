import t from 'tap';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { metadataXml } from '../app/metadata/support.js';
import { rsaKeyPair, selfSignedCertificate } from '../support/pki.js';
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
