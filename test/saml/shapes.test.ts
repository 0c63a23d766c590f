import t from 'tap';
import { receiveResponse, transform } from '../../src/saml/index.js';
import {
  ACCOUNT_KEY,
  DOMAIN_KEY,
  idpKeys,
  NOW,
  OUR_REQUEST,
  testContext,
  testIdp,
  testIssuing,
  testResponse,
  testServices,
  testSp,
} from '../support/saml-parties.js';
import { shapes, signedResponse } from '../support/saml-response.js';
import { ecKeyPair } from '../support/pki.js';

for (const shape of shapes) {
  t.test(`a response in the shape of ${shape} is taken, and its claims are read`, async (t) => {
    const xml = await signedResponse(testResponse({ shape }), { key: idpKeys().signingKey() });
    const login = await receiveResponse(Buffer.from(xml), testIdp(), testSp(), testContext());
    t.equal(login.nameId, 'a.jansen@example.org');
    t.equal(login.inResponseTo, OUR_REQUEST);
    t.equal(login.keyFingerprint, idpKeys().verificationKey().fingerprint);
    t.equal(login.issueInstant, NOW);
    t.strictSame(login.warnings, []);
    t.match(login.authnContext, /^urn:oasis:names:tc:SAML:2\.0:ac:classes:/);
    t.strictSame(
      login.attributes.map(({ name, values }) => ({ name, values })),
      [
        { name: ACCOUNT_KEY, values: ['00u1a2b3c4d5'] },
        { name: 'urn:oid:2.5.4.42', values: ['Anna Jansen'] },
        { name: 'groups', values: ['care', 'R&D <x>'] },
      ],
    );
  });

  for (const signed of ['response', 'assertion', 'both'] as const) {
    t.test(`${shape}, signed on ${signed} with ECDSA, is taken and passed on with the DomainKey`, async (t) => {
      const pair = ecKeyPair('prime256v1', 'idp');
      const idp = testIdp({ signingKeys: [idpKeys().verificationKey(), pair.verificationKey()] });
      const xml = await signedResponse(testResponse({ shape }), { key: pair.signingKey(), signed });
      const login = await receiveResponse(Buffer.from(xml), idp, testSp(), testContext());
      const outgoing = await transform(login, { idp, sp: testSp(), issuing: testIssuing() }, testServices());
      t.strictSame(
        outgoing.attributesOut.map(({ name }) => name),
        [ACCOUNT_KEY, 'urn:oid:2.5.4.42', 'groups', DOMAIN_KEY],
      );
      t.equal(outgoing.domainKey?.action, 'injected');
    });
  }
}
