import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { Visitor } from '../../src/sandbox/index.js';
import { debianFile } from '../support/debian.js';
import { startProgram, type Teardown } from '../support/program.js';
import { servePlace } from '../support/serve.js';
import { apachePlace, shownOn, startApache, type ApachePlace } from './apache.js';
import { ACCOUNT_KEY, altered, ANNA, DOMAIN_KEY, DOMAIN_KEY_VALUE, startWithTestIdp } from './gateway-between.js';

const SHIPPED = '/etc/shibboleth';
const EMAIL_ADDRESS = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const UNSPECIFIED = 'urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified';

/** shibd, which holds the sessions for the module in Apache. */
async function startShibd(t: Teardown, place: ApachePlace, idp: string, entityId: string): Promise<string> {
  const { root, write } = place;
  const socket = `${root}/shibd.sock`;
  const attribute = (name: string, id: string) =>
    ['urn:oasis:names:tc:SAML:2.0:attrname-format:uri', UNSPECIFIED]
      .map((nameFormat) => `<Attribute name="${name}" nameFormat="${nameFormat}" id="${id}"/>`)
      .join('\n');
  await write(
    'attribute-map.xml',
    `<Attributes xmlns="urn:mace:shibboleth:2.0:attribute-map" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<Attribute name="${EMAIL_ADDRESS}" id="address"><AttributeDecoder xsi:type="NameIDAttributeDecoder" formatter="$Name"/></Attribute>
${attribute(ACCOUNT_KEY, 'accountKey')}
${attribute(DOMAIN_KEY, 'domainKey')}
${attribute('urn:oid:2.5.4.42', 'name')}
</Attributes>`,
  );
  const configuration = await write(
    'shibboleth2.xml',
    `<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config" clockSkew="180">
<OutOfProcess logger="${SHIPPED}/console.logger"/>
<InProcess logger="${SHIPPED}/console.logger"/>
<UnixListener address="${socket}"/>
<ApplicationDefaults entityID="${entityId}" REMOTE_USER="address" signing="true">
<Sessions lifetime="600" timeout="600" relayState="cookie" checkAddress="false" handlerSSL="false" cookieProps="http">
<SSO entityID="${new URL(idp).origin}/saml">SAML2</SSO>
</Sessions>
<MetadataProvider type="XML" validate="true" path="${root}/idp.xml"/>
<AttributeExtractor type="XML" validate="true" reloadChanges="false" path="${root}/attribute-map.xml"/>
<CredentialResolver type="File" key="${root}/sp.key" certificate="${root}/sp.crt"/>
</ApplicationDefaults>
<SecurityPolicyProvider type="XML" validate="true" path="${SHIPPED}/security-policy.xml"/>
<ProtocolProvider type="XML" validate="true" reloadChanges="false" path="${SHIPPED}/protocols.xml"/>
</SPConfig>`,
  );
  const shibd = debianFile('/usr/sbin/shibd');
  const program = await startProgram(t, [shibd, '-F', '-f', '-c', configuration, '-p', `${root}/shibd.pid`], {
    env: { SHIBSP_RUNDIR: root, SHIBSP_LOGDIR: root, SHIBSP_CACHEDIR: root },
  });
  const deadline = Date.now() + 20_000;
  while (!existsSync(socket)) {
    await setTimeout(25);
    if (!program.running() || Date.now() > deadline) throw new Error(`${program.stdout()}${program.stderr()}`);
  }
  return configuration;
}

for (const encrypted of [false, true]) {
  t.test(
    `Apache with Shibboleth’s service provider lets in whom the gateway vouches for${encrypted ? ', assertion encrypted' : ''}`,
    async (t) => {
      const place = await apachePlace(t);
      const gateway = await servePlace(t);
      const sp = {
        entityId: `${place.url}/shibboleth`,
        acs: `${place.url}/Shibboleth.sso/SAML2/POST`,
        certificate: place.keys.certificatePem,
        encrypted,
      };
      const { idp, metadata } = await startWithTestIdp(t, gateway, sp);
      await place.write('idp.xml', metadata);
      const configuration = await startShibd(t, place, gateway.publicUrl, sp.entityId);
      await startApache(t, place, {
        module: ['mod_shib', 'mod_shib.so'],
        shown: ['REMOTE_USER', 'accountKey', 'domainKey', 'name', 'Shib-Identity-Provider'],
        directives: `ShibConfig "${configuration}"
<Location /Shibboleth.sso>
  SetHandler shib
</Location>
<Location /private>
  AuthType shibboleth
  ShibRequestSetting requireSession true
  ShibUseEnvironment On
  Require shib-session
</Location>`,
      });

      await t.test('asked for by Shibboleth, its signed request verified on the way', async (t) => {
        const visitor = new Visitor();
        const form = await visitor.open(`${place.url}/private/`);
        t.match(form.url, idp.url, 'the visitor has come to the identity provider');
        const end = await visitor.submit(await visitor.submit(await visitor.submit(form, { user: ANNA.email })));
        t.equal(end.url, `${place.url}/private/`, 'and is back at the page that was asked for');
        t.strictSame(shownOn(end.html), {
          REMOTE_USER: ANNA.email,
          accountKey: ANNA.id,
          domainKey: DOMAIN_KEY_VALUE,
          name: 'Anna de Vries',
          'Shib-Identity-Provider': `${gateway.publicUrl}/saml`,
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
        t.match(end.html, 'signature could not be verified', 'it is the signature that is refused');
        t.match((await visitor.open(`${place.url}/private/`)).url, idp.url, 'and the visitor is a stranger still');
      });
    },
  );
}
