import t, { type Test } from 'tap';
import {
  hiddenField,
  idpResponse,
  postForm,
  referenceOf,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.js';
import { rsaKeyPair } from '../support/pki.js';
import { testIdp, ZIVVER_ACS, ZIVVER_ENTITY_ID } from '../support/saml-parties.js';

const PATH = new URL(ZIVVER_ACS).pathname;
const OTHER_ISSUER = 'https://login.other.example/';
const otherKeys = () => rsaKeyPair(2048, 'other-idp');

/** Two IdPs whose settings still are Zivver's. */
async function intercepting(t: Test, otherIssuer = OTHER_ISSUER): Promise<TestGateway> {
  const expected = { audience: ZIVVER_ENTITY_ID, recipients: [ZIVVER_ACS], destination: ZIVVER_ACS };
  const first = await startTestGateway(t);
  const okta = { ...first.route(), intercept: true, idp: testIdp({ unsolicited: true, expected }) };
  const other = {
    ...okta,
    idp: testIdp({
      name: 'other',
      entityId: otherIssuer,
      signingKeys: [otherKeys().verificationKey()],
      unsolicited: true,
      expected,
    }),
  };
  return startTestGateway(t, {
    runtime: {
      routes: new Map([
        ['okta', okta],
        ['other', other],
      ]),
    },
  });
}

const unchanged = { audience: ZIVVER_ENTITY_ID, destination: ZIVVER_ACS };

void t.test("a response at the service provider's own path is judged by its issuer's rules", async (t) => {
  const gateway = await intercepting(t);
  const okta = await postForm(
    gateway.app,
    { SAMLResponse: await idpResponse(unchanged), RelayState: 'r' },
    { path: PATH },
  );
  t.equal(okta.statusCode, 200);
  t.equal(hiddenField(okta.body, 'RelayState'), 'r');
  const other = await idpResponse(
    { ...unchanged, issuer: OTHER_ISSUER, assertionId: '_other' },
    { key: otherKeys().signingKey() },
  );
  t.equal((await postForm(gateway.app, { SAMLResponse: other }, { path: PATH })).statusCode, 200);
  t.match(await gateway.audit(), [
    { code: 'OK', idp: 'okta' },
    { code: 'OK', idp: 'other' },
  ]);
});

void t.test("an issuer's name does not help without its key", async (t) => {
  const gateway = await intercepting(t);
  const forged = await idpResponse({ ...unchanged, issuer: OTHER_ISSUER });
  t.equal((await postForm(gateway.app, { SAMLResponse: forged }, { path: PATH })).statusCode, 403);
  t.match(await gateway.audit(), [{ code: 'SIGNATURE_INVALID', idp: 'other' }]);
});

const REFUSED: readonly (readonly [what: string, code: string, status: number, form: () => Promise<string>])[] = [
  [
    'an unknown issuer',
    'LOGIN_ISSUER_UNKNOWN',
    403,
    async () => field(await idpResponse({ ...unchanged, issuer: 'https://stranger.example' })),
  ],
  ['no message', 'SAML_ENCODING', 400, () => Promise.resolve('')],
  ['no XML', 'XML_MALFORMED', 400, () => Promise.resolve('SAMLResponse=eA%3D%3D')],
  ['too much', 'HTTP_BODY_TOO_LARGE', 413, () => Promise.resolve(`a=${'b'.repeat(600_000)}`)],
];

function field(value: string): string {
  return `SAMLResponse=${encodeURIComponent(value)}`;
}

for (const [what, code, status, form] of REFUSED) {
  void t.test(`${what} at the service provider's path is refused with ${code}`, async (t) => {
    const gateway = await intercepting(t);
    const answer = await postForm(gateway.app, await form(), { path: PATH });
    t.equal(answer.statusCode, status);
    const lines = await gateway.audit();
    t.equal(lines.length, 1);
    t.match(lines[0], { event: 'login', code });
    t.equal(lines[0]?.['reference'], referenceOf(answer.body));
  });
}

void t.test("a body that is no form is refused at the service provider's path too", async (t) => {
  const gateway = await intercepting(t);
  const answer = await postForm(gateway.app, '{}', { path: PATH, headers: { 'content-type': 'application/json' } });
  t.equal(answer.statusCode, 400);
  t.match(await gateway.audit(), [{ code: 'HTTP_CONTENT_TYPE' }]);
});

void t.test('only a POST is intercepted, and only where the configuration says so', async (t) => {
  const gateway = await intercepting(t);
  t.equal((await gateway.app.inject({ url: PATH })).statusCode, 404);
  const plain = await startTestGateway(t);
  t.equal((await postForm(plain.app, { SAMLResponse: await idpResponse(unchanged) }, { path: PATH })).statusCode, 404);
});

void t.test('an issuer of two IdP files, as their metadata may say, is judged by neither', async (t) => {
  const gateway = await intercepting(t, testIdp().entityId);
  const answer = await postForm(gateway.app, { SAMLResponse: await idpResponse(unchanged) }, { path: PATH });
  t.equal(answer.statusCode, 403);
  t.match(await gateway.audit(), [
    {
      code: 'LOGIN_ISSUER_UNKNOWN',
      detail: `More than one identity provider of the configuration has the entity id ${testIdp().entityId}.`,
    },
  ]);
});
