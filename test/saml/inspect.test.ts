import t from 'tap';
import {
  checkNames,
  claimedIssuer,
  inspectResponse,
  receiveResponse,
  transform,
  type IdentityProvider,
  type Stage,
} from '../../src/saml/index.js';
import { GatewayError } from '../../src/shared/index.js';
import { defaultXmlLimits } from '../../src/xml/index.js';
import {
  ACCOUNT_KEY,
  decryptionKeys,
  DOMAIN_KEY,
  IDP_ENTITY_ID,
  idpKeys,
  testContext,
  testIdp,
  testIssuing,
  testResponse,
  testServices,
  testSp,
} from '../support/saml-parties.js';
import { signedResponse, type Sealing } from '../support/saml-response.js';

async function inspect(changes: Partial<IdentityProvider> = {}, sealing: Partial<Sealing> = {}) {
  const xml = await signedResponse(testResponse(), { key: idpKeys().signingKey(), ...sealing });
  const parties = { idp: testIdp(changes), sp: testSp(), issuing: testIssuing() };
  return inspectResponse(Buffer.from(xml), parties, testContext(), testServices(), [ACCOUNT_KEY]);
}

t.test('a good response passes every check that applies to it, each with what was expected and seen', async (t) => {
  const { verdict, code, detail, checks } = await inspect();
  t.equal(verdict, 'deliver');
  t.equal(code, null);
  t.equal(detail, null);
  t.strictSame(
    checks.map(({ name }) => name),
    checkNames,
  );
  const encryptionOnly = ['decryption', 'decrypted-assertion', 'decrypted-ids'];
  t.strictSame(
    checks.filter(({ result }) => result !== 'pass').map(({ name, result }) => [name, result]),
    encryptionOnly.map((name) => [name, 'skipped']),
  );
  const audience = checks.find(({ name }) => name === 'audience');
  t.match(audience, { expected: 'https://sso.example.org/saml/okta/metadata', remedy: null });
  t.equal(audience?.seen, audience?.expected);
});

t.test('after a first fault the other rules are still judged, with a remedy for each that fails', async (t) => {
  const { verdict, code, checks, outgoing, login } = await inspect({
    expected: { audience: 'a', recipients: ['r'], destination: 'd' },
  });
  t.equal(verdict, 'refuse');
  t.equal(code, 'SAML_DESTINATION_MISMATCH', 'the code is that of a login, which stops at the first');
  t.equal(login, null);
  t.equal(outgoing, null);
  const failed = checks.filter(({ result }) => result === 'fail');
  t.strictSame(
    failed.map(({ name }) => name),
    ['destination', 'recipient', 'confirmation-not-on-or-after', 'in-response-to-agreement', 'audience'],
  );
  t.ok(failed.every(({ remedy, expected, seen }) => remedy !== null && expected !== null && seen !== null));
  t.equal(checks.find(({ name }) => name === 'claim-rules')?.result, 'skipped');
});

t.test('nothing that no signature covers is shown as if it were said by the identity provider', async (t) => {
  const { checks, attributes, code } = await inspect({}, { signed: 'none' });
  t.equal(code, 'SIGNATURE_MISSING');
  t.equal(checks.find(({ name }) => name === 'audience')?.result, 'skipped');
  t.strictSame(attributes, { in: [], out: [] });
});

t.test('secrets are masked in the attributes and in the document', async (t) => {
  const { attributes, output } = await inspect({}, { encryptTo: decryptionKeys() });
  t.equal(output, null);
  t.strictSame(attributes.in, []);
  const plain = await inspect();
  const shown = JSON.stringify([plain.checks, plain.attributes, plain.output]);
  t.notMatch(shown, /domain-key-of-example-org|00u1a2b3c4d5/);
  t.match(plain.output, 'Anna Jansen');
  t.strictSame(
    plain.attributes.out.map(({ name, values }) => [name, ...values]),
    [
      [ACCOUNT_KEY, '[secret]'],
      ['urn:oid:2.5.4.42', 'Anna Jansen'],
      ['groups', 'care', 'R&D <x>'],
      [DOMAIN_KEY, '[secret]'],
    ],
  );
});

t.test('a login and its inspection come to the same verdict', async (t) => {
  const policies: Partial<IdentityProvider>[] = [
    {},
    { signingKeys: [] },
    { entityId: 'other' },
    { required: { attributes: ['absent'], emailNameId: true } },
    { claims: [{ kind: 'copy', from: 'groups', to: 'NameID' }] },
    { claims: [{ kind: 'set', to: 'x', value: '\u0000' }] },
  ];
  for (const policy of policies) {
    const xml = await signedResponse(testResponse(), { key: idpKeys().signingKey() });
    const parties = { idp: testIdp(policy), sp: testSp(), issuing: testIssuing() };
    const login = receiveResponse(Buffer.from(xml), parties.idp, parties.sp, testContext())
      .then((received) => transform(received, parties, testServices()))
      .then(
        () => null,
        (error: unknown) => (error instanceof GatewayError ? error.code : error),
      );
    t.equal((await inspect(policy)).code, await login);
  }
});

t.test('a failure that is no refusal is not reported as one', async (t) => {
  const xml = Buffer.from(await signedResponse(testResponse(), { key: idpKeys().signingKey() }));
  const parties = { idp: testIdp(), sp: testSp(), issuing: testIssuing() };
  const broken = testContext([], { findRequest: () => Promise.reject(new Error('broken')) });
  await t.rejects(inspectResponse(xml, parties, broken, testServices()), /broken/);
  const down = testContext([], { findRequest: () => Promise.reject(new GatewayError('STORE_UNAVAILABLE')) });
  t.match(await inspectResponse(xml, parties, down, testServices()), { verdict: 'refuse', code: 'STORE_UNAVAILABLE' });
});

t.test('of an assertion without Conditions, none are shown', async (t) => {
  const edit = (xml: string) => xml.replace(/<saml2:Conditions .*<\/saml2:Conditions>/, '');
  const { checks } = await inspect({}, { edit });
  const shown = (wanted: string) => {
    const { result, seen } = checks.find(({ name }) => name === wanted) ?? {};
    return [result, seen];
  };
  t.strictSame(shown('condition-kinds'), ['pass', '(none)']);
  t.strictSame(shown('proxy-restriction'), ['pass', '(none)']);
  t.strictSame(shown('audience'), ['fail', '(none)']);
});

t.test('an unsolicited response shows what would have been taken', async (t) => {
  const xml = await signedResponse(testResponse({ inResponseTo: null }), { key: idpKeys().signingKey() });
  const parties = { idp: testIdp({ unsolicited: true }), sp: testSp(), issuing: testIssuing() };
  const { checks, verdict } = await inspectResponse(Buffer.from(xml), parties, testContext(), testServices());
  t.equal(verdict, 'deliver');
  const shown = (wanted: string) => {
    const { expected, seen } = checks.find(({ name }) => name === wanted) ?? {};
    return [expected, seen];
  };
  t.strictSame(shown('unsolicited'), ['InResponseTo, or none', '(absent)']);
  t.strictSame(shown('in-response-to'), ['none', '(absent)']);
  t.strictSame(shown('in-response-to-agreement'), ['(absent)', '(absent)']);
});

t.test('where there is no DomainKey, other secrets are masked all the same', async (t) => {
  const { attributes, output } = await inspect({ domainKey: null });
  t.strictSame(
    attributes.out.map(({ name, values }) => [name, ...values]),
    [
      [ACCOUNT_KEY, '[secret]'],
      ['urn:oid:2.5.4.42', 'Anna Jansen'],
      ['groups', 'care', 'R&D <x>'],
    ],
  );
  t.match(output, /<saml2:AttributeValue xmlns:xs="[^"]*" xmlns:xsi="[^"]*" xsi:type="xs:string">care</);
});

t.test('the stages are told in order', async (t) => {
  const stages: Stage[] = [];
  const onStage = (stage: Stage) => stages.push(stage);
  const xml = await signedResponse(testResponse(), { key: idpKeys().signingKey(), encryptTo: decryptionKeys() });
  const idp = testIdp({ decryptionKeys: [decryptionKeys().privateKey] });
  const login = await receiveResponse(Buffer.from(xml), idp, testSp(), testContext(undefined, { onStage }));
  await transform(login, { idp, sp: testSp(), issuing: testIssuing() }, testServices({ onStage }));
  t.strictSame(stages, ['parse', 'structure', 'verify', 'decrypt', 'validate', 'claims', 'reissue', 'sign']);
});

t.test('the claimed issuer is that of the Response, or of its assertion', async (t) => {
  const issuerOf = (xml: string) => claimedIssuer(Buffer.from(xml), defaultXmlLimits);
  const xml = await signedResponse(testResponse(), { key: idpKeys().signingKey() });
  t.equal(issuerOf(xml), IDP_ENTITY_ID);
  t.equal(issuerOf(xml.replace(/<saml2:Issuer .*?<\/saml2:Issuer>/, '')), IDP_ENTITY_ID);
  t.equal(issuerOf('<a/>'), null);
  t.throws(() => issuerOf('<a>'), { code: 'XML_MALFORMED' });
});
