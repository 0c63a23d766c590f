import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { fixture } from './fixture.js';

const EXAMPLES = ['entra-id', 'ad-fs', 'google', 'onelogin', 'keycloak'];

t.test('the configuration in the repository loads as it is once its secrets exist', async (t) => {
  const { good, warnings, base } = await fixture(t.testdir());
  const config = good();
  t.equal(config.publicUrl, 'https://sso.example.org');
  t.same(config.store, { kind: 'embedded', path: join(base, 'data') });
  t.same(
    config.signing.keys.map(({ id, state, key }) => [id, state, key]),
    [
      ['2026', 'active', join(base, 'certs/2026.key')],
      ['2027', 'next', join(base, 'certs/2027.key')],
    ],
  );
  t.equal(config.operations.token?.reveal(), 'operations-token-planted', 'without the final line break');
  t.same(warnings(), []);
  const [okta] = config.idps;
  t.match(okta, {
    name: 'okta',
    clockSkew: 180_000,
    unsolicited: 'allow',
    own: { acsUrl: 'https://sso.example.org/saml/okta/acs' },
    expected: {
      audience: 'https://sso.example.org/saml/okta/metadata',
      recipients: ['https://sso.example.org/saml/okta/acs'],
      destination: 'https://sso.example.org/saml/okta/acs',
    },
    domainKey: { mode: 'inject', type: 'xs:string', onMismatch: 'refuse' },
    serviceProvider: { recipient: 'https://app.zivver.com/SAML/Zivver' },
    requiredClaims: { attributes: ['https://zivver.com/SAML/Attributes/ZivverAccountKey'], emailNameId: true },
    provisioning: {
      tenant: 'default',
      waitForAccount: 2000,
      retryFor: 86_400_000,
      budget: { requests: 25, per: 10_000 },
    },
  });
  t.equal(okta?.domainKey.value.reveal(), 'domain-key-planted');
});

for (const name of EXAMPLES) {
  t.test(`the example for ${name} loads in place of the one for Okta`, async (t) => {
    const one = await fixture(t.testdir());
    one.write(`config/idps/${name}.yaml`, readFileSync(resolve(`config/examples/idps/${name}.yaml`), 'utf8'));
    one.write('config/idps/okta.yaml', readFileSync(join(one.config, 'idps/okta.yaml'), 'utf8') + 'enabled: false\n');
    const config = one.good({ ZIVVER_DOMAIN_KEY: 'domain-key-planted' });
    t.same(
      config.idps.map((idp) => idp.name),
      [name, 'okta'].sort(),
    );
    t.equal(config.idps.find((idp) => idp.name === name)?.preset, name);
  });
}

t.test('a preset decides the outgoing recipient and the clock difference', async (t) => {
  const one = await fixture(t.testdir());
  one.set('idps/okta.yaml', ['preset'], 'entra-id');
  const [idp] = one.good().idps;
  t.equal(idp?.clockSkew, 300_000);
  t.equal(idp?.serviceProvider.recipient, 'https://app.zivver.com/api/sso/saml/consumer/');
  t.equal(idp?.domainKey.nameFormat, null);
});
