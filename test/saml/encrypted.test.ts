import t from 'tap';
import { inspectResponse, receiveResponse, type IdentityProvider } from '../../src/saml/index.js';
import { rsaKeyPair } from '../support/pki.js';
import {
  decryptionKeys,
  idpKeys,
  testContext,
  testIdp,
  testIssuing,
  testResponse,
  testServices,
  testSp,
} from '../support/saml-parties.js';
import { shapes, signedResponse, type Sealing } from '../support/saml-response.js';

const STRANGER = rsaKeyPair(2048, 'somebody else');

function encrypted(sealing: Partial<Sealing> = {}): Promise<string> {
  return signedResponse(testResponse(), { key: idpKeys().signingKey(), encryptTo: decryptionKeys(), ...sealing });
}

function receive(xml: string, changes: Partial<IdentityProvider> = {}) {
  const idp = testIdp({ decryptionKeys: [decryptionKeys().privateKey], ...changes });
  return receiveResponse(Buffer.from(xml), idp, testSp(), testContext());
}

t.test('an encrypted assertion is taken in every shape, signed outside, inside or on both', async (t) => {
  for (const shape of shapes) {
    for (const signed of ['response', 'assertion', 'both'] as const) {
      const sealing = { key: idpKeys().signingKey(), encryptTo: decryptionKeys(), signed };
      const login = await receive(await signedResponse(testResponse({ shape }), sealing));
      t.equal(login.nameId, 'a.jansen@example.org', `${shape}, ${signed}`);
      t.ok(login.encrypted);
    }
  }
});

t.test('any of several decryption keys will do, and no other', async (t) => {
  const xml = await encrypted();
  const both = [STRANGER.privateKey, decryptionKeys().privateKey];
  await t.resolves(receive(xml, { decryptionKeys: both }));
  await t.rejects(receive(xml, { decryptionKeys: [STRANGER.privateKey] }), { code: 'DECRYPTION_FAILED' });
  await t.rejects(receive(xml, { decryptionKeys: [] }), { code: 'SAML_DECRYPTION_NOT_CONFIGURED' });
});

t.test('the plain assertion is still taken where decryption is possible', async (t) => {
  const xml = await signedResponse(testResponse(), { key: idpKeys().signingKey() });
  const login = await receive(xml);
  t.notOk(login.encrypted);
});

t.test('AES-CBC needs leave, and without a signature around the ciphertext a second leave', async (t) => {
  const cbc = { algorithms: { content: 'aes-256-cbc' } } as const;
  const outer = await encrypted({ ...cbc, signed: 'response' });
  const inner = await encrypted({ ...cbc, signed: 'assertion' });
  const allow = (allowCbc: boolean, allowUnsignedCbc: boolean) => ({ encryption: { allowCbc, allowUnsignedCbc } });
  await t.rejects(receive(outer, allow(false, false)), { code: 'ENCRYPTION_ALGORITHM' });
  await t.rejects(receive(outer, allow(false, true)), { code: 'ENCRYPTION_ALGORITHM' });
  await t.resolves(receive(outer, allow(true, false)));
  await t.rejects(receive(inner, allow(true, false)), { code: 'ENCRYPTION_ALGORITHM' });
  await t.rejects(receive(inner, allow(false, true)), { code: 'ENCRYPTION_ALGORITHM' });
  await t.resolves(receive(inner, allow(true, true)));
});

t.test('the rules hold for what was encrypted', async (t) => {
  const refused = async (code: string, sealing: Partial<Sealing>) => {
    await t.rejects(receive(await encrypted(sealing)), { code }, code);
  };
  await refused('SIGNATURE_MISSING', { signed: 'none' });
  await refused('SIGNATURE_INVALID', { key: STRANGER.signingKey(), signed: 'assertion' });
  await refused('SIGNATURE_DIGEST_MISMATCH', {
    signed: 'both',
    editSignedAssertion: (xml) => xml.replace('a.jansen@', 'b.jansen@'),
  });
  await refused('SAML_AUDIENCE_MISMATCH', {
    edit: (xml) => xml.replace(/<saml2:Audience>.*<\/saml2:Audience>/, '<saml2:Audience>x</saml2:Audience>'),
  });
  await refused('SAML_ASSERTION_COUNT', {
    signed: 'response',
    editSignedAssertion: (xml) => xml.replaceAll('saml2:Assertion', 'saml2:Other'),
  });
  await refused('SAML_ASSERTION_COUNT', {
    signed: 'response',
    editSignedAssertion: (xml) =>
      xml.replace('<saml2:Conditions', '<saml2:Advice><saml2:Assertion ID="_2"/></saml2:Advice><saml2:Conditions'),
  });
  await refused('SIGNATURE_MISPLACED', {
    signed: 'response',
    editSignedAssertion: (xml) =>
      xml.replace('<saml2:Subject>', '<saml2:Subject><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>'),
  });
  await refused('XML_DUPLICATE_ID', {
    signed: 'response',
    editSignedAssertion: (xml) => xml.replace(/ ID="[^"]*"/, ' ID="id2128248929510670834559185"'),
  });
  await refused('XML_DUPLICATE_ID', {
    signed: 'response',
    editSignedAssertion: (xml) => xml.replace('<saml2:Subject>', '<saml2:Subject Id="id2128248929510670834559185">'),
  });
  await refused('DECRYPTION_FAILED', { signed: 'assertion', encryptTo: STRANGER });
});

/** The checks that an inspection did not find passed. */
async function unpassed(xml: string, changes: Partial<IdentityProvider> = {}) {
  const idp = testIdp({ decryptionKeys: [decryptionKeys().privateKey], ...changes });
  const parties = { idp, sp: testSp(), issuing: testIssuing() };
  const { checks, detail } = await inspectResponse(Buffer.from(xml), parties, testContext(), testServices());
  return { detail, checks: checks.filter(({ result }) => result !== 'pass') };
}

t.test('inspect shows at which step of decrypting a login fails, and skips none of a good one', async (t) => {
  t.strictSame((await unpassed(await encrypted())).checks, []);
  const failing = async (sealing: Partial<Sealing>, changes: Partial<IdentityProvider> = {}) => {
    const { checks, detail } = await unpassed(await encrypted(sealing), changes);
    return [detail, ...checks.filter(({ result }) => result === 'fail').map(({ name }) => name)];
  };
  t.equal((await failing({ encryptTo: STRANGER }))[1], 'decryption');
  t.equal((await failing({}, { decryptionKeys: [] }))[1], 'decryption');
  const renamed = (xml: string) => xml.replaceAll('saml2:Assertion', 'saml2:Other');
  t.strictSame(await failing({ signed: 'response', editSignedAssertion: renamed }), [
    'What was encrypted is not one Assertion.',
    'decrypted-assertion',
  ]);
  const sameId = (xml: string) => xml.replace(/ ID="[^"]*"/, ' ID="id2128248929510670834559185"');
  t.equal((await failing({ signed: 'response', editSignedAssertion: sameId }))[1], 'decrypted-ids');
});

t.test('a ciphertext put into another signed Response does not pass for its own', async (t) => {
  const foreign = await encrypted({ signed: 'response', key: STRANGER.signingKey() });
  await t.rejects(receive(foreign), { code: 'SIGNATURE_INVALID' });
});

t.test('an encrypted assertion beside a plain one is two', async (t) => {
  const xml = await encrypted({ signed: 'assertion' });
  const plain = '<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_plain" Version="2.0"/>';
  await t.rejects(receive(xml.replace('</saml2p:Response>', `${plain}</saml2p:Response>`)), {
    code: 'SAML_ASSERTION_COUNT',
  });
});
