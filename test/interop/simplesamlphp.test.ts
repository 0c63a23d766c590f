import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as samlify from 'samlify';
import { XmlDocument } from 'libxml2-wasm';
import t from 'tap';
import { Visitor } from '../../src/sandbox/index.js';
import { debianFile } from '../support/debian.js';
import { rsaKeyPair } from '../support/pki.js';
import { freePorts } from '../support/ports.js';
import { startProgram, untilAnswers, type Teardown } from '../support/program.js';
import { servePlace } from '../support/serve.js';
import { temporaryDirectory } from '../support/temporary.js';
import { ACCOUNT_KEY, ANNA, DOMAIN_KEY, DOMAIN_KEY_VALUE, startGatewayBetween, textOf } from './gateway-between.js';

const PASSWORD = 'the password of Anna';
const NAME = 'urn:oid:2.5.4.42';
const EMAIL_ADDRESS = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const SP = { entityId: 'https://sp.example.org/saml', acs: 'https://sp.example.org/acs' };

/** SimpleSAMLphp as an IdP in PHP's own server; its files are PHP, for which JSON is decoded. */
async function startSimpleSamlPhp(
  t: Teardown,
): Promise<{ readonly url: string; readonly trust: (gatewayUrl: string, certificate: string) => Promise<void> }> {
  const root = await temporaryDirectory(t);
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const keys = rsaKeyPair(2048, 'simplesamlphp');
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  const php = (variable: string, value: unknown) =>
    `<?php ${variable} = json_decode(base64_decode('${Buffer.from(JSON.stringify(value)).toString('base64')}'), true);\n`;
  await write(
    'config/config.php',
    php('$config', {
      baseurlpath: `${url}/`,
      certdir: `${root}/cert/`,
      loggingdir: `${root}/log/`,
      datadir: `${root}/data/`,
      tempdir: `${root}/temp`,
      metadatadir: `${root}/metadata`,
      'metadata.sources': [{ type: 'flatfile' }],
      secretsalt: 'salt-of-the-test-of-interoperability',
      'auth.adminpassword': PASSWORD,
      technicalcontact_name: 'Test',
      technicalcontact_email: 'test@example.org',
      timezone: 'UTC',
      'logging.handler': 'errorlog',
      'logging.level': 4,
      showerrors: true,
      'enable.saml20-idp': true,
      'module.enable': { exampleauth: true, core: true, saml: true },
      'store.type': 'phpsession',
      'session.phpsession.savepath': `${root}/sessions`,
      'session.cookie.secure': false,
      'language.available': ['en'],
      'language.default': 'en',
    }),
  );
  await write(
    'config/authsources.php',
    php('$config', {
      people: {
        0: 'exampleauth:UserPass',
        [`anna:${PASSWORD}`]: { mail: [ANNA.email], [ACCOUNT_KEY]: [ANNA.id], [NAME]: ['Anna de Vries'] },
      },
    }),
  );
  await write(
    'metadata/saml20-idp-hosted.php',
    php("$metadata['urn:example:simplesamlphp']", {
      host: '__DEFAULT__',
      privatekey: 'idp.key',
      certificate: 'idp.crt',
      auth: 'people',
      'signature.algorithm': 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
      NameIDFormat: EMAIL_ADDRESS,
      'simplesaml.nameidattribute': 'mail',
    }),
  );
  await write('cert/idp.key', keys.privateKeyPem);
  await write('cert/idp.crt', keys.certificatePem);
  await write('metadata/saml20-sp-remote.php', '<?php\n');
  await Promise.all(['sessions', 'temp', 'log', 'data'].map((name) => mkdir(join(root, name))));
  debianFile('/usr/share/simplesamlphp/www/module.php');
  const program = await startProgram(
    t,
    [debianFile('/usr/bin/php'), '-S', `127.0.0.1:${port}`, '-t', '/usr/share/simplesamlphp/www'],
    { env: { SIMPLESAMLPHP_CONFIG_DIR: join(root, 'config') } },
  );
  await untilAnswers(program, `${url}/saml2/idp/metadata.php`, { fits: (status) => status === 200 });
  const trust = (gatewayUrl: string, certData: string) =>
    write(
      'metadata/saml20-sp-remote.php',
      php(`$metadata['${gatewayUrl}/saml/idp/metadata']`, {
        AssertionConsumerService: `${gatewayUrl}/saml/idp/acs`,
        NameIDFormat: EMAIL_ADDRESS,
        'simplesaml.nameidattribute': 'mail',
        'saml20.sign.assertion': true,
        'saml20.sign.response': true,
        'validate.authnrequest': true,
        certData,
      }),
    );
  return { url, trust };
}

t.test('a login of SimpleSAMLphp, asked for with our signed request, goes through the gateway', async (t) => {
  const gateway = await servePlace(t);
  const { url, trust } = await startSimpleSamlPhp(t);
  const inline = await textOf(`${url}/saml2/idp/metadata.php`);
  await startGatewayBetween(t, gateway, { metadata: { inline }, request: { sign: 'always' } }, SP);
  await trust(gateway.publicUrl, rsaKeyPair(2048, 'gateway').certificateBase64);
  samlify.setSchemaValidator({
    validate: (xml: string) => {
      XmlDocument.fromString(xml).dispose();
      return Promise.resolve('well-formed');
    },
  });
  const sp = samlify.ServiceProvider({
    entityID: SP.entityId,
    wantAssertionsSigned: true,
    wantMessageSigned: true,
    assertionConsumerService: [{ Binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST', Location: SP.acs }],
  });
  const idp = samlify.IdentityProvider({ metadata: await textOf(`${gateway.publicUrl}/saml/metadata`) });
  const request = sp.createLoginRequest(idp, 'redirect');

  const visitor = new Visitor();
  const form = await visitor.open(request.context);
  t.match(form.url, url, 'SimpleSAMLphp has taken the request and asks for a password');
  const posting = await visitor.submit(form, { username: 'anna', password: PASSWORD });
  const delivery = await visitor.submit(posting);
  const SAMLResponse = /name="SAMLResponse" value="([^"]+)"/.exec(delivery.html)?.[1] ?? delivery.html;
  const { extract } = await sp.parseLoginResponse(idp, 'post', { body: { SAMLResponse } });
  t.match(extract, {
    nameID: ANNA.email,
    response: { inResponseTo: request.id },
    attributes: { [ACCOUNT_KEY]: ANNA.id, [NAME]: 'Anna de Vries', [DOMAIN_KEY]: DOMAIN_KEY_VALUE },
  });
});
