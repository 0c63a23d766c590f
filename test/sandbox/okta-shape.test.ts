import { X509Certificate } from 'node:crypto';
import t from 'tap';
import { startSandboxIdp, type SandboxUser } from '../../src/sandbox/index.js';
import { readXml } from '../../src/sandbox/xml-reader.js';
import { xmlsecVerify } from '../support/xmlsec.js';
import { ANNA, BRAM, keyPair, parties } from './parties.js';

const APP = {
  label: 'Gateway',
  entityId: 'https://gateway.test/saml/okta',
  acsUrl: 'https://gateway.test/saml/okta/acs',
};
const decode = (samlResponse: string): string => Buffer.from(samlResponse, 'base64').toString();

t.test('xmlsec1 verifies both signatures', async (t) => {
  const { idp } = await parties(t);
  const certificatePem = new X509Certificate(Buffer.from(idp.keyPair.certificate, 'base64')).toString();
  const xml = decode((await idp.issueResponse(ANNA.email)).samlResponse);
  for (const element of ['Response', 'Assertion']) {
    const xpath = `//*[local-name()='${element}']/*[local-name()='Signature']`;
    const sound = await xmlsecVerify([xml], { certificatePem, xpath });
    t.ok(sound.ok, sound.report);
    t.notOk((await xmlsecVerify([xml.replace(ANNA.email, BRAM.email)], { certificatePem, xpath })).ok, element);
  }
});

t.test('a response looks like Okta’s', async (t) => {
  const clock = { now: () => Date.UTC(2026, 4, 6, 7, 8, 9, 123) };
  const person: SandboxUser = { ...ANNA, mobilePhone: '+31 6 1234' };
  const idp = await startSandboxIdp({
    apps: [APP],
    users: [person, BRAM],
    entityId: 'http://www.okta.com/exk1',
    keyPair,
    clock,
  });
  t.teardown(() => idp.close());
  const issued = await idp.issueResponse(ANNA.email.toUpperCase(), { inResponseTo: '_request', relayState: 'state' });
  t.match(issued, { acsUrl: APP.acsUrl, relayState: 'state' });
  const xml = decode(issued.samlResponse);
  for (const part of [
    `Destination="${APP.acsUrl}"`,
    `Recipient="${APP.acsUrl}"`,
    `<saml2:Audience>${APP.entityId}</saml2:Audience>`,
    'Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">http://www.okta.com/exk1<',
    'SessionIndex="_request"',
    'IssueInstant="2026-05-06T07:08:09.123Z"',
    'NotBefore="2026-05-06T07:03:09.123Z" NotOnOrAfter="2026-05-06T07:13:09.123Z"',
    'ac:classes:PasswordProtectedTransport',
    `<saml2:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">${ANNA.email}<`,
    '<saml2:Attribute Name="urn:oid:2.5.4.20" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"><saml2:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">+31 6 1234<',
    'xmldsig-more#rsa-sha256',
  ]) {
    t.match(xml, part);
  }
  t.equal(xml.split('InResponseTo="_request"').length, 3, 'on the response and in the confirmation');
  t.equal(xml.split('<ds:Signature ').length, 3);
  const other = decode((await idp.issueResponse(BRAM.email)).samlResponse);
  t.notMatch(other, 'InResponseTo');
  t.notMatch(other, 'urn:oid:2.5.4.20', 'a field without a value sends no attribute');
});

t.test('an app is added and replaced, and what is unknown is an error', async (t) => {
  const idp = await startSandboxIdp({ apps: [], users: [ANNA], keyPair, publicUrl: 'https://idp.test' });
  t.teardown(() => idp.close());
  t.match(idp, { url: 'https://idp.test', entityId: 'https://idp.test/idp', metadataUrl: 'https://idp.test/metadata' });
  t.match(idp.metadataXml, 'Location="https://idp.test/sso"');
  await t.rejects(idp.issueResponse(ANNA.email), /knows no app/);
  idp.registerApp(APP);
  idp.registerApp({ ...APP, acsUrl: 'https://gateway.test/other' });
  await t.rejects(idp.issueResponse('nobody@example.test'), /knows no nobody/);
  await t.rejects(idp.issueResponse(ANNA.email, { app: 'https://unknown.test' }), /knows no app/);
  t.equal((await idp.issueResponse(ANNA.email)).acsUrl, 'https://gateway.test/other');
  await t.rejects(startSandboxIdp({ apps: [{ label: 'Bad', metadata: '<a/>' }], users: [], keyPair }), /no SAML/);
});

t.test('metadata is served as it was announced', async (t) => {
  const { idp, zivver } = await parties(t);
  for (const party of [idp, zivver]) {
    const answer = await fetch(party.metadataUrl);
    t.match(answer.headers.get('content-type'), 'application/samlmetadata+xml');
    const xml = await answer.text();
    t.equal(xml, party.metadataXml);
    t.equal(readXml(xml).attributes.get('entityID'), party.entityId);
  }
  t.match(zivver.acsUrl, /\/api\/sso\/saml\/consumer\/$/);
});

t.test('a key made on the spot is RSA-2048 with a certificate of its own that is valid now', async (t) => {
  const idp = await startSandboxIdp({ apps: [], users: [] });
  t.teardown(() => idp.close());
  const certificate = new X509Certificate(Buffer.from(idp.keyPair.certificate, 'base64'));
  t.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
  t.ok(certificate.verify(certificate.publicKey));
  t.ok(Date.parse(certificate.validFrom) < Date.now() && Date.parse(certificate.validTo) > Date.now());
  t.not(idp.keyPair.certificate, keyPair.certificate);
});
