import { SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import { XmlDocument } from 'libxml2-wasm';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as samlify from 'samlify';
import t from 'tap';
import { Visitor, type VisitedPage } from '../../src/sandbox/index.js';
import { rsaKeyPair } from '../support/pki.js';
import { freePorts } from '../support/ports.js';
import { startProgram, untilAnswers } from '../support/program.js';
import { servePlace, startServe } from '../support/serve.js';
import { xmlsecVerify } from '../support/xmlsec.js';

const ADDRESS = 'saml.jackson@example.org';
const ACCOUNT_KEY = 'urn:example:account-key';
const DOMAIN_KEY = 'https://zivver.com/SAML/Attributes/DomainKey';
const DOMAIN_KEY_VALUE = 'the domain key of example.org & <others>';
const SP = { entityId: 'https://sp.example.org/saml', acs: 'https://sp.example.org/acs' };

/** What saml-idp says of the person who presses its button. */
const PERSON = {
  user: {
    userName: ADDRESS,
    nameIdFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    [ACCOUNT_KEY]: 'saml-jackson-1',
  },
  metadata: [{ id: ACCOUNT_KEY, displayName: 'Account key', multiValue: false }],
};

/** An identity provider of another maker as a process of its own, and a gateway as another one. */
async function parties(t: Parameters<typeof startServe>[0]) {
  const place = await servePlace(t);
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const keys = rsaKeyPair(2048, 'saml-idp');
  const file = async (name: string, text: string) => {
    await writeFile(join(place.root, name), text);
    return join(place.root, name);
  };
  const program = await startProgram(t, [
    process.execPath,
    fileURLToPath(import.meta.resolve('saml-idp/bin/run.js')),
    ...['--host', '127.0.0.1', '--port', String(port), '--issuer', 'urn:example:idp'],
    ...['--cert', await file('idp.crt', keys.certificatePem), '--key', await file('idp.key', keys.privateKeyPem)],
    ...['--acsUrl', `${place.publicUrl}/saml/other/acs`, '--audience', `${place.publicUrl}/saml/other/metadata`],
    ...['--configFile', await file('person.cjs', `module.exports = ${JSON.stringify(PERSON)};`)],
  ]);
  await untilAnswers(program, `${url}/metadata`);
  const inline = await (await fetch(`${url}/metadata`)).text();
  const domainKey = { mode: 'inject', attribute: DOMAIN_KEY, value: { file: 'certs/domain-key' } };
  await startServe(
    t,
    {
      gateway: {
        serviceProvider: {
          preset: 'generic',
          entityId: SP.entityId,
          acs: [SP.acs],
          attributes: { accountKey: ACCOUNT_KEY, displayName: 'displayName' },
        },
      },
      files: { 'certs/domain-key': DOMAIN_KEY_VALUE },
      idps: {
        other: { preset: 'generic', metadata: { inline }, domain: 'example.org', domainKey, unsolicited: 'allow' },
      },
    },
    place,
  );
  const metadata = await (await fetch(`${place.publicUrl}/saml/metadata`)).text();
  return { idpUrl: url, gatewayUrl: place.publicUrl, metadata };
}

/** Presses the sign-in button of saml-idp, whose page has several forms. */
function signIn(visitor: Visitor, page: VisitedPage): Promise<VisitedPage> {
  return visitor.submit({ ...page, html: page.html.slice(page.html.indexOf('<form action="/signin"')) });
}

/** The response on the page that the gateway delivers through the browser. */
function deliveredResponse(page: VisitedPage): string {
  const value = /name="SAMLResponse" value="([^"]+)"/.exec(page.html)?.[1];
  if (value === undefined) throw new Error(`nothing was delivered: ${page.trail.join(', ')}\n${page.html}`);
  return value;
}

t.test('a response of saml-idp goes through a running gateway to service providers of other makers', async (t) => {
  const { idpUrl, gatewayUrl, metadata } = await parties(t);
  samlify.setSchemaValidator({
    validate: (xml: string) => {
      XmlDocument.fromString(xml).dispose();
      return Promise.resolve('well-formed');
    },
  });
  const ourCertificate = rsaKeyPair(2048, 'gateway').certificatePem;

  await t.test('asked for by node-saml, and accepted by it as the answer to its request', async (t) => {
    const sp = new SAML({
      entryPoint: `${gatewayUrl}/saml/other/sso`,
      issuer: SP.entityId,
      audience: SP.entityId,
      callbackUrl: SP.acs,
      idpCert: ourCertificate,
      idpIssuer: 'https://sso.example.org/saml',
      wantAssertionsSigned: true,
      wantAuthnResponseSigned: true,
      validateInResponseTo: ValidateInResponseTo.always,
    });
    const visitor = new Visitor();
    const form = await visitor.open(await sp.getAuthorizeUrlAsync('where-i-was', undefined, {}));
    t.match(form.url, idpUrl, 'the gateway has asked saml-idp');
    const delivery = await visitor.submit(await signIn(visitor, form));
    t.match(delivery.html, `action="${SP.acs}"`);
    t.match(delivery.html, 'name="RelayState" value="where-i-was"');
    const { profile } = await sp.validatePostResponseAsync({ SAMLResponse: deliveredResponse(delivery) });
    t.match(profile, { nameID: ADDRESS, [ACCOUNT_KEY]: 'saml-jackson-1', [DOMAIN_KEY]: DOMAIN_KEY_VALUE });
  });

  await t.test('unasked, accepted by samlify, and by xmlsec1 on both signatures', async (t) => {
    const visitor = new Visitor();
    const signed = await signIn(visitor, await visitor.open(`${idpUrl}/`));
    const delivery = await visitor.submit(signed);
    const SAMLResponse = deliveredResponse(delivery);
    const idp = samlify.IdentityProvider({ metadata });
    const sp = samlify.ServiceProvider({
      entityID: SP.entityId,
      wantAssertionsSigned: true,
      wantMessageSigned: true,
      assertionConsumerService: [{ Binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST', Location: SP.acs }],
    });
    const { extract } = await sp.parseLoginResponse(idp, 'post', { body: { SAMLResponse } });
    t.match(extract, {
      nameID: ADDRESS,
      attributes: { [ACCOUNT_KEY]: 'saml-jackson-1', [DOMAIN_KEY]: DOMAIN_KEY_VALUE },
    });
    const xml = Buffer.from(SAMLResponse, 'base64').toString('utf8');
    for (const parent of ['Response', 'Assertion']) {
      const xpath = `//*[local-name()='${parent}']/*[local-name()='Signature']`;
      const result = await xmlsecVerify([xml], { certificatePem: ourCertificate, xpath });
      t.ok(result.ok, `${parent}: ${result.report}`);
    }
    const again = await visitor.submit(signed);
    t.equal(again.status, 403, 'the same response a second time is refused');
    t.notMatch(again.html, 'SAMLResponse');
  });
});
