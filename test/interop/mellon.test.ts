import t from 'tap';
import { Visitor } from '../../src/sandbox/index.js';
import { escapeHtml } from '../../src/shared/index.js';
import { servePlace } from '../support/serve.js';
import { apachePlace, shownOn, startApache } from './apache.js';
import { ACCOUNT_KEY, altered, ANNA, DOMAIN_KEY, DOMAIN_KEY_VALUE, startWithTestIdp } from './gateway-between.js';

for (const encrypted of [false, true]) {
  t.test(
    `Apache with mod_auth_mellon (Lasso) lets in whom the gateway vouches for${encrypted ? ', assertion encrypted' : ''}`,
    async (t) => {
      const place = await apachePlace(t);
      const gateway = await servePlace(t);
      const sp = {
        entityId: `${place.url}/mellon/metadata`,
        acs: `${place.url}/mellon/postResponse`,
        certificate: place.keys.certificatePem,
        encrypted,
      };
      const { idp, metadata } = await startWithTestIdp(t, gateway, sp);
      const metadataFile = await place.write('idp.xml', metadata);
      await startApache(t, place, {
        module: ['auth_mellon_module', 'mod_auth_mellon.so'],
        shown: ['REMOTE_USER', 'MELLON_ACCOUNT_KEY', 'MELLON_DOMAIN_KEY', 'MELLON_NAME'],
        directives: `MellonLockFile "${place.root}/mellon.lock"
<Location />
  MellonEnable info
  MellonEndpointPath /mellon
  MellonSPentityId "${sp.entityId}"
  MellonSPPrivateKeyFile "${place.root}/sp.key"
  MellonSPCertFile "${place.root}/sp.crt"
  MellonIdPMetadataFile "${metadataFile}"
  MellonSetEnv ACCOUNT_KEY "${ACCOUNT_KEY}"
  MellonSetEnv DOMAIN_KEY "${DOMAIN_KEY}"
  MellonSetEnv NAME "urn:oid:2.5.4.42"
</Location>
<Location /private>
  AuthType Mellon
  MellonEnable auth
  Require valid-user
</Location>`,
      });

      await t.test('asked for by Mellon, its signed request verified on the way', async (t) => {
        const visitor = new Visitor();
        const form = await visitor.open(`${place.url}/private/`);
        t.match(form.url, idp.url, 'the visitor has come to the identity provider');
        const end = await visitor.submit(await visitor.submit(await visitor.submit(form, { user: ANNA.email })));
        t.equal(end.url, `${place.url}/private/`, 'and is back at the page that was asked for');
        t.strictSame(shownOn(end.html), {
          REMOTE_USER: ANNA.email,
          MELLON_ACCOUNT_KEY: ANNA.id,
          // Mellon hands on the markup of a value where others hand on its text.
          MELLON_DOMAIN_KEY: escapeHtml(DOMAIN_KEY_VALUE),
          MELLON_NAME: 'Anna de Vries',
        });
      });

      await t.test('unasked', async (t) => {
        const visitor = new Visitor();
        const form = await visitor.open(`${idp.url}/apps/0?RelayState=${encodeURIComponent(`${place.url}/private/`)}`);
        const end = await visitor.submit(await visitor.submit(await visitor.submit(form, { user: ANNA.email })));
        t.match(shownOn(end.html), { REMOTE_USER: ANNA.email });
      });

      await t.test('and nobody for an altered response', async (t) => {
        const visitor = new Visitor();
        const form = await visitor.open(`${place.url}/private/`);
        const delivery = await visitor.submit(await visitor.submit(form, { user: ANNA.email }));
        const end = await visitor.submit(altered(delivery));
        t.ok(end.status >= 400, String(end.status));
        t.match((await visitor.open(`${place.url}/private/`)).url, idp.url, 'and the visitor is a stranger still');
      });
    },
  );
}
