import { SAML } from '@node-saml/node-saml';
import { XmlDocument } from 'libxml2-wasm';
import * as samlify from 'samlify';
import t from 'tap';
import {
  receiveResponse,
  transform,
  writeIdpMetadata,
  writeSpMetadata,
  type IdentityProvider,
  type Issuing,
  type OutgoingResponse,
  type ServiceProvider,
  type VerifiedLogin,
} from '../../src/saml/index.js';
import { attributeValue, childrenNamed, parseXml, type XmlElement } from '../../src/xml/index.js';
import { ecKeyPair } from '../support/pki.js';
import {
  ACCOUNT_KEY,
  DOMAIN_KEY,
  decryptionKeys,
  gatewayKeys,
  IDP_ENTITY_ID,
  idpKeys,
  NOW,
  OUR_ACS,
  OUR_IDP_ENTITY_ID,
  testContext,
  testIdp,
  testIssuing,
  testRequest,
  testResponse,
  testServices,
  testSp,
  ZIVVER_ACS,
  ZIVVER_ENTITY_ID,
} from '../support/saml-parties.js';
import { shapes, signedResponse, type ResponseDescription, type Sealing } from '../support/saml-response.js';
import { xmlsecVerify } from '../support/xmlsec.js';

interface Way {
  readonly response?: Partial<ResponseDescription>;
  readonly edit?: (xml: string) => string;
  readonly prefixes?: readonly string[];
  readonly signed?: Sealing['signed'];
  /** Changes the finished document. */
  readonly tamper?: (xml: string) => string;
  readonly idp?: Partial<IdentityProvider>;
  readonly sp?: Partial<ServiceProvider>;
  readonly issuing?: Partial<Issuing>;
  readonly spRequestId?: string | null;
  readonly now?: number;
}

async function passOn(way: Way = {}): Promise<{ login: VerifiedLogin; outgoing: OutgoingResponse; root: XmlElement }> {
  const now = way.now ?? NOW;
  const idp = testIdp(way.idp);
  const sp = testSp(way.sp);
  const { edit = (xml: string) => xml, tamper = (xml: string) => xml, prefixes = [], signed } = way;
  const sealing = { key: idpKeys().signingKey(), edit, prefixes, ...(signed === undefined ? {} : { signed }) };
  const xml = tamper(await signedResponse(testResponse({ now, ...way.response }), sealing));
  const request = testRequest({
    expiresAt: now + 1,
    ...(way.spRequestId === undefined ? {} : { spRequestId: way.spRequestId }),
  });
  const login = await receiveResponse(Buffer.from(xml), idp, sp, testContext([request], { now }));
  const outgoing = await transform(login, { idp, sp, issuing: testIssuing(way.issuing) }, testServices({ now }));
  return { login, outgoing, root: parseXml(Buffer.from(outgoing.xml())) };
}

/** What Zivver is to a receiver of ours: this is our own receiver, set up as the service provider would be. */
function asZivver(changes: Partial<IdentityProvider> = {}): IdentityProvider {
  return testIdp({
    name: 'gateway',
    entityId: OUR_IDP_ENTITY_ID,
    signingKeys: [gatewayKeys().verificationKey()],
    expected: { audience: ZIVVER_ENTITY_ID, recipients: [ZIVVER_ACS], destination: ZIVVER_ACS },
    ...changes,
  });
}

const atZivver = testContext([testRequest({ id: '_zivver-request-1', idp: 'gateway' })]);

const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion';
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';

/** The only element on the way down. */
function down(element: XmlElement, ...names: string[]): XmlElement {
  const [name, ...rest] = names;
  if (name === undefined) return element;
  const [child, another] = element.children.filter((each) => typeof each !== 'string' && each.localName === name);
  if (child === undefined || another !== undefined || typeof child === 'string') throw new Error(`not one ${name}`);
  return down(child, ...rest);
}

const ISSUER_FIRST = "//*[local-name()='Assertion']/*[local-name()='Signature']";

t.test('xmlsec1 finds both signatures good, for every shape that came in', async (t) => {
  const documents = await Promise.all(
    shapes.map(async (shape) => (await passOn({ response: { shape } })).outgoing.xml()),
  );
  const { certificatePem } = gatewayKeys();
  const response = await xmlsecVerify(documents, { certificatePem });
  t.ok(response.ok, response.report);
  const assertion = await xmlsecVerify(documents, { certificatePem, xpath: ISSUER_FIRST });
  t.ok(assertion.ok, assertion.report);
  const forged = documents.slice(0, 1).map((xml) => xml.replace('a.jansen@', 'b.jansen@'));
  t.notOk((await xmlsecVerify(forged, { certificatePem })).ok, 'and a forged one bad');
});

t.test('our own receiver takes what we write, whatever is signed with whatever key', async (t) => {
  for (const algorithm of ['rsa-sha256', 'rsa-sha384', 'rsa-sha512', 'ecdsa-sha256', 'ecdsa-sha512'] as const) {
    const pair = algorithm.startsWith('ec') ? ecKeyPair('prime256v1', 'gateway') : gatewayKeys();
    for (const sign of ['assertion', 'response', 'both'] as const) {
      const { outgoing, root } = await passOn({ issuing: { sign, key: pair.signingKey(algorithm) } });
      const signatures = [root, down(root, 'Assertion')].map((each) => childrenNamed(each, DSIG, 'Signature').length);
      t.strictSame(signatures, [sign === 'assertion' ? 0 : 1, sign === 'response' ? 0 : 1]);
      const zivver = asZivver({ signingKeys: [pair.verificationKey()] });
      const taken = await receiveResponse(Buffer.from(outgoing.xml()), zivver, testSp(), atZivver);
      t.equal(taken.nameId, 'a.jansen@example.org', `${algorithm} on ${sign}`);
    }
  }
});

t.test(
  'the document is that of the rules: new IDs, our addresses, the identity provider’s times and context',
  async (t) => {
    const { login, outgoing, root } = await passOn({
      edit: (xml) =>
        xml
          .replace('<saml2:AuthnStatement', '<saml2:AuthnStatement SessionNotOnOrAfter="2026-03-01T20:00:00Z"')
          .replace('</saml2:Conditions>', '<saml2:OneTimeUse/><saml2:ProxyRestriction Count="3"/></saml2:Conditions>')
          .replace('<saml2:AuthnStatement', '<saml2:Advice/><saml2:AuthnStatement'),
    });
    const assertion = down(root, 'Assertion');
    t.equal(attributeValue(root, 'ID'), outgoing.responseId);
    t.equal(attributeValue(assertion, 'ID'), outgoing.assertionId);
    t.equal(new Set([outgoing.responseId, outgoing.assertionId, login.responseId, login.assertionId]).size, 4);
    t.equal(attributeValue(root, 'Destination'), ZIVVER_ACS);
    t.equal(outgoing.destination, ZIVVER_ACS);
    t.equal(attributeValue(root, 'InResponseTo'), '_zivver-request-1');
    t.strictSame(
      [down(root, 'Issuer').children, down(assertion, 'Issuer').children],
      [[OUR_IDP_ENTITY_ID], [OUR_IDP_ENTITY_ID]],
    );
    t.strictSame(
      assertion.children.map((child) => (typeof child === 'string' ? child : child.localName)),
      ['Issuer', 'Signature', 'Subject', 'Conditions', 'AuthnStatement', 'AttributeStatement'],
      'in the order of the schema, without Advice',
    );
    const data = down(assertion, 'Subject', 'SubjectConfirmation', 'SubjectConfirmationData');
    t.strictSame(
      ['Recipient', 'InResponseTo', 'NotOnOrAfter', 'NotBefore'].map((name) => attributeValue(data, name)),
      [ZIVVER_ACS, '_zivver-request-1', '2026-03-01T12:05:00.000Z', undefined],
    );
    const conditions = down(assertion, 'Conditions');
    t.equal(attributeValue(conditions, 'NotBefore'), '2026-03-01T11:55:00.000Z');
    t.equal(attributeValue(conditions, 'NotOnOrAfter'), '2026-03-01T12:05:00.000Z');
    t.strictSame(down(conditions, 'AudienceRestriction', 'Audience').children, [ZIVVER_ENTITY_ID]);
    t.ok(down(conditions, 'OneTimeUse'));
    t.equal(attributeValue(down(conditions, 'ProxyRestriction'), 'Count'), '2', 'one less');
    const statement = down(assertion, 'AuthnStatement');
    t.strictSame(
      ['AuthnInstant', 'SessionIndex', 'SessionNotOnOrAfter'].map((name) => attributeValue(statement, name)),
      ['2026-03-01T11:59:00.000Z', '_session1', '2026-03-01T20:00:00Z'],
    );
    t.equal(login.authnContext, down(statement, 'AuthnContext', 'AuthnContextClassRef').children[0]);
    t.equal(Buffer.from(outgoing.base64, 'base64').toString(), outgoing.xml());
  },
);

t.test('a recipient of its own, an audience of its own, and the issuer preserved, where configured', async (t) => {
  const { root } = await passOn({
    sp: { recipient: ZIVVER_ENTITY_ID, audience: 'urn:audience' },
    issuing: { issuer: 'preserve' },
  });
  const assertion = down(root, 'Assertion');
  const data = down(assertion, 'Subject', 'SubjectConfirmation', 'SubjectConfirmationData');
  t.equal(attributeValue(data, 'Recipient'), ZIVVER_ENTITY_ID);
  t.strictSame(down(assertion, 'Conditions', 'AudienceRestriction', 'Audience').children, ['urn:audience']);
  t.strictSame([down(root, 'Issuer').children, down(assertion, 'Issuer').children], [[IDP_ENTITY_ID], [IDP_ENTITY_ID]]);
});

t.test('an unsolicited login, and one begun at the gateway, answer no request', async (t) => {
  for (const way of [{ spRequestId: null }, { response: { inResponseTo: null }, idp: { unsolicited: true } }]) {
    const { outgoing } = await passOn(way);
    t.notMatch(outgoing.xml(), 'InResponseTo');
  }
});

t.test('untouched attributes stand byte for byte as they came, their namespaces with them', async (t) => {
  const typed =
    '<a:Attribute xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" FriendlyName="T" Name="typed" NameFormat="urn:f">' +
    '<a:AttributeValue xmlns:t="urn:types" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="t:own"> x &amp; y\n' +
    '</a:AttributeValue></a:Attribute>';
  const { outgoing } = await passOn({
    prefixes: ['t'],
    edit: (xml) => xml.replace('<saml2:AttributeStatement>', `<saml2:AttributeStatement>${typed}`),
  });
  t.match(outgoing.xml(), typed);
  t.match(outgoing.xml(), 'PrefixList="t xs"', 'the signature covers the prefixes that the types name');
  const { certificatePem } = gatewayKeys();
  t.ok((await xmlsecVerify([outgoing.xml()], { certificatePem })).ok);
  t.ok((await xmlsecVerify([outgoing.xml()], { certificatePem, xpath: ISSUER_FIRST })).ok);
});

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

t.test(
  'a prefix in content keeps a meaning that was signed, and gets none that anybody could have given it',
  async (t) => {
    const value = (attributes: string, text = 'x') =>
      `<saml2:Attribute Name="n"><saml2:AttributeValue ${attributes}>${text}</saml2:AttributeValue></saml2:Attribute>`;
    const typed = value(`${XSI} xsi:type="t:own"`);
    const meaning = 'xmlns:t="urn:types"';
    const prefixesOf = async (content: string, way: Way = {}) => {
      const edit = (xml: string) => xml.replace('<saml2:AttributeStatement>', `<saml2:AttributeStatement>${content}`);
      const { outgoing } = await passOn({ signed: 'assertion', ...way, edit });
      t.ok((await xmlsecVerify([outgoing.xml()], { certificatePem: gatewayKeys().certificatePem })).ok);
      return /PrefixList="([^"]*)"/.exec(outgoing.xml())?.[1];
    };
    const onResponse = (xml: string) => xml.replace('<saml2p:Response ', `<saml2p:Response ${meaning} `);

    t.equal(await prefixesOf(typed, { tamper: onResponse }), 'xs', 'declared outside what is signed');
    t.equal(await prefixesOf(value('', 't:text'), { tamper: onResponse }), 'xs', 'in text');
    const local = value(`${meaning} ${XSI} xsi:type="t:own"`);
    t.equal(await prefixesOf(local), 'xs', 'inside it, but no name uses it, so the digest does not depend on it');
    t.equal(await prefixesOf(local, { prefixes: ['t'] }), 't xs', 'in the PrefixList of the signature');
    t.equal(await prefixesOf(value(`${meaning} ${XSI} t:a="1" xsi:type="t:own"`)), 't xs', 'a name there uses it');
    await t.rejects(prefixesOf(typed, { tamper: onResponse, prefixes: ['t'] }), { code: 'SIGNATURE_DIGEST_MISMATCH' });
    t.equal(
      await prefixesOf(value(`${meaning} ${XSI} t:a="1" xsi:type="t:own"`) + typed, { tamper: onResponse }),
      'xs',
      'signed in one place only',
    );
    const byDefault = value(`${XSI} xsi:type="own"`);
    const defaulted = (xml: string) => xml.replace('<saml2p:Response ', '<saml2p:Response xmlns="urn:types" ');
    t.equal(await prefixesOf(byDefault, { tamper: defaulted }), 'xs', 'the default namespace likewise');
  },
);

t.test('content that names prefixes of ours, or the default namespace, still verifies', async (t) => {
  const values = [
    '<saml2:AttributeValue xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">samlp:Response</saml2:AttributeValue>',
    '<saml2:AttributeValue xmlns:samlp="urn:another">samlp:thing</saml2:AttributeValue>',
    '<saml2:AttributeValue xmlns:saml="urn:another">saml:thing</saml2:AttributeValue>',
    '<saml2:AttributeValue xmlns:ds="urn:another">ds:thing</saml2:AttributeValue>',
    '<saml2:AttributeValue xmlns="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="string">x</saml2:AttributeValue>',
  ];
  const attribute = `<saml2:Attribute Name="odd">${values.join('')}</saml2:Attribute>`;
  const edit = (xml: string) => xml.replace('<saml2:AttributeStatement>', `<saml2:AttributeStatement>${attribute}`);
  const { outgoing } = await passOn({ edit, prefixes: ['#default', 'ds', 'saml', 'samlp'] });
  t.match(outgoing.xml(), 'PrefixList="#default ds saml samlp xs"');
  const { certificatePem } = gatewayKeys();
  const response = await xmlsecVerify([outgoing.xml()], { certificatePem });
  t.ok(response.ok, response.report);
  const assertion = await xmlsecVerify([outgoing.xml()], { certificatePem, xpath: ISSUER_FIRST });
  t.ok(assertion.ok, assertion.report);
  await t.resolves(receiveResponse(Buffer.from(outgoing.xml()), asZivver(), testSp(), atZivver));
});

t.test('attributes of several statements come together in the place of the first', async (t) => {
  const edit = (xml: string) => {
    const second = '<saml2:AttributeStatement><saml2:Attribute Name="second"/></saml2:AttributeStatement>';
    return xml.replace('</saml2:AttributeStatement>', `</saml2:AttributeStatement>${second}`);
  };
  const { root } = await passOn({ edit });
  const statement = down(root, 'Assertion', 'AttributeStatement');
  t.strictSame(
    childrenNamed(statement, ASSERTION, 'Attribute').map((each) => attributeValue(each, 'Name')),
    [ACCOUNT_KEY, 'urn:oid:2.5.4.42', 'groups', 'second', DOMAIN_KEY],
  );
  const bare = await passOn({
    response: { attributes: [] },
    idp: { domainKey: null, required: { attributes: [], emailNameId: true } },
  });
  t.notMatch(bare.outgoing.xml(), 'AttributeStatement', 'an empty statement is not allowed by the schema');
});

t.test('what is encrypted to the service provider only it can read, and takes', async (t) => {
  const recipient = { publicKey: decryptionKeys().publicKey, certificate: decryptionKeys().certificateBase64 };
  for (const sign of ['assertion', 'response', 'both'] as const) {
    const { outgoing } = await passOn({ sp: { encryption: { recipient, algorithms: {} } }, issuing: { sign } });
    t.match(outgoing.xml(), 'EncryptedAssertion');
    t.notMatch(outgoing.xml(), /a\.jansen|domain-key-of/);
    const zivver = asZivver({ decryptionKeys: [decryptionKeys().privateKey] });
    const taken = await receiveResponse(Buffer.from(outgoing.xml()), zivver, testSp(), atZivver);
    t.equal(taken.nameId, 'a.jansen@example.org');
    t.ok(taken.encrypted);
    const keyless = receiveResponse(Buffer.from(outgoing.xml()), asZivver(), testSp(), atZivver);
    await t.rejects(keyless, { code: 'SAML_DECRYPTION_NOT_CONFIGURED' });
  }
});

t.test('@node-saml/node-saml takes it', async (t) => {
  const { outgoing } = await passOn({ now: Date.now() });
  const receiver = new SAML({
    callbackUrl: ZIVVER_ACS,
    issuer: ZIVVER_ENTITY_ID,
    audience: ZIVVER_ENTITY_ID,
    idpIssuer: OUR_IDP_ENTITY_ID,
    idpCert: gatewayKeys().certificatePem,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: true,
  });
  const { profile } = await receiver.validatePostResponseAsync({ SAMLResponse: outgoing.base64 });
  t.equal(profile?.nameID, 'a.jansen@example.org');
  t.equal(profile?.[DOMAIN_KEY], 'domain-key-of-example-org');
});

t.test('samlify takes it, with the metadata that we write for both sides', async (t) => {
  samlify.setSchemaValidator({
    validate: (xml: string) => {
      XmlDocument.fromString(xml).dispose();
      return Promise.resolve('well-formed');
    },
  });
  const common = { id: '_metadata', validUntil: Date.now() + 1000, key: null };
  const idp = samlify.IdentityProvider({
    metadata: await writeIdpMetadata({
      ...common,
      entityId: OUR_IDP_ENTITY_ID,
      signingCertificates: [gatewayKeys().certificateBase64],
      ssoUrl: 'https://sso.example.org/saml/okta/sso',
      wantsSignedRequests: false,
    }),
  });
  const sp = samlify.ServiceProvider({
    metadata: await writeSpMetadata({
      ...common,
      entityId: ZIVVER_ENTITY_ID,
      signingCertificates: [],
      decryptionCertificates: [],
      acsUrl: ZIVVER_ACS,
      requestsSigned: false,
    }),
  });
  const { outgoing } = await passOn({ now: Date.now() });
  const { extract } = await sp.parseLoginResponse(idp, 'post', { body: { SAMLResponse: outgoing.base64 } });
  t.match(extract, { nameID: 'a.jansen@example.org', attributes: { [DOMAIN_KEY]: 'domain-key-of-example-org' } });
  t.not(OUR_ACS, ZIVVER_ACS);
});
