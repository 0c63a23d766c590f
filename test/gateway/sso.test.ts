import { deflateRawSync, inflateRawSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { LightMyRequestResponse } from 'fastify';
import { hiddenField, idpResponse, postForm, startTestGateway, type TestGateway } from '../support/gateway.js';
import { gatewayKeys, NOW, testIdp, testSp, ZIVVER_ACS, ZIVVER_ENTITY_ID } from '../support/saml-parties.js';

const SSO = 'https://sso.example.org/saml/okta/sso';

interface RequestChanges {
  readonly issuer?: string;
  readonly destination?: string;
  readonly acsUrl?: string;
  readonly attributes?: string;
  readonly now?: number;
}

function spRequest({
  issuer = ZIVVER_ENTITY_ID,
  destination = SSO,
  acsUrl,
  attributes = '',
  now = NOW,
}: RequestChanges = {}) {
  const acs = acsUrl === undefined ? '' : ` AssertionConsumerServiceURL="${acsUrl}"`;
  return (
    `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_sp1" Version="2.0"` +
    ` IssueInstant="${new Date(now).toISOString()}" Destination="${destination}"${acs}${attributes}>` +
    `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${issuer}</saml:Issuer></samlp:AuthnRequest>`
  );
}

function redirectQuery(xml: string, relayState?: string): string {
  const message = encodeURIComponent(deflateRawSync(Buffer.from(xml)).toString('base64'));
  return `SAMLRequest=${message}${relayState === undefined ? '' : `&RelayState=${encodeURIComponent(relayState)}`}`;
}

interface Begun {
  readonly answer: LightMyRequestResponse;
  /** ID of our request. */
  readonly id: string;
  readonly xml: string;
  readonly cookie: string;
}

async function begin(gateway: TestGateway, xml = spRequest(), relayState?: string, cookie?: string): Promise<Begun> {
  const answer = await gateway.app.inject({
    url: `/saml/okta/sso?${redirectQuery(xml, relayState)}`,
    headers: cookie === undefined ? {} : { cookie },
  });
  const location = new URL(String(answer.headers.location));
  const sent = inflateRawSync(Buffer.from(location.searchParams.get('SAMLRequest') ?? '', 'base64')).toString('utf8');
  const set = String(answer.headers['set-cookie']);
  return { answer, id: /ID="([^"]+)"/.exec(sent)?.[1] ?? '', xml: sent, cookie: set.split(';', 1).join('') };
}

async function finish(gateway: TestGateway, begun: Begun, cookie: string | null = begun.cookie) {
  return postForm(
    gateway.app,
    { SAMLResponse: await idpResponse({ inResponseTo: begun.id }), RelayState: "the IdP's own" },
    { headers: cookie === null ? {} : { cookie } },
  );
}

void t.test('a request by Redirect goes on to the IdP as a request of ours', async (t) => {
  const gateway = await startTestGateway(t);
  const { answer, xml } = await begin(gateway);
  t.equal(answer.statusCode, 302);
  t.match(answer.headers.location, /^https:\/\/idp\.example\/sso\?SAMLRequest=/);
  t.equal(answer.headers['cache-control'], 'no-store');
  t.match(xml, 'AssertionConsumerServiceURL="https://sso.example.org/saml/okta/acs"');
  t.match(xml, '>https://sso.example.org/saml/okta/metadata</');
  t.notMatch(xml, '_sp1');
  t.match(
    String(answer.headers['set-cookie']),
    /^__Host-claims-gateway=[\w-]{32}; Max-Age=600; Path=\/; Secure; HttpOnly; SameSite=None$/,
  );
  t.match(await gateway.audit(), [{ event: 'request', code: 'OK', idp: 'okta' }]);
  t.match(await gateway.metrics(), 'claims_gateway_authentication_requests_total{idp="okta",code="OK"} 1');
});

void t.test('the response ends the login in the browser that began it, with the RelayState of the SP', async (t) => {
  const gateway = await startTestGateway(t);
  const answer = await finish(gateway, await begin(gateway, spRequest(), 'from the SP & "more"'));
  t.equal(answer.statusCode, 200);
  t.equal(hiddenField(answer.body, 'RelayState'), 'from the SP & "more"');
  const xml = Buffer.from(hiddenField(answer.body, 'SAMLResponse') ?? '', 'base64').toString('utf8');
  t.match(xml, 'InResponseTo="_sp1"');
});

void t.test('two logins of one browser, begun side by side, both end', async (t) => {
  const gateway = await startTestGateway(t);
  const first = await begin(gateway);
  const second = await begin(gateway, spRequest(), undefined, first.cookie);
  t.equal(second.cookie, first.cookie);
  const answer = await postForm(
    gateway.app,
    { SAMLResponse: await idpResponse({ inResponseTo: second.id, assertionId: '_a2' }) },
    { headers: { cookie: second.cookie } },
  );
  t.equal(answer.statusCode, 200);
  t.equal((await finish(gateway, first)).statusCode, 200);
});

async function assertUnbound(t: Test, gateway: TestGateway, answer: LightMyRequestResponse): Promise<void> {
  t.equal(answer.statusCode, 403);
  t.match(answer.body, 'href="https://app.zivver.com/"');
  t.match((await gateway.audit()).at(-1), { code: 'LOGIN_BROWSER_UNBOUND', decision: 'refuse' });
  t.equal((await gateway.backend.queue.depth('example')).waiting, 0);
}

void t.test('without the cookie the person is asked to start again, and the request is not used up', async (t) => {
  const gateway = await startTestGateway(t);
  const begun = await begin(gateway);
  await assertUnbound(t, gateway, await finish(gateway, begun, null));
  t.equal((await finish(gateway, begun)).statusCode, 200);
});

void t.test("another browser's cookie does not end a login, also where a missing one is allowed", async (t) => {
  const gateway = await startTestGateway(t, { runtime: { missingCookie: 'allow' } });
  const [begun, other] = [await begin(gateway), await begin(gateway)];
  await assertUnbound(t, gateway, await finish(gateway, begun, other.cookie));
});

void t.test('a missing cookie is allowed where the configuration says so', async (t) => {
  const gateway = await startTestGateway(t, { runtime: { missingCookie: 'allow' } });
  t.equal((await finish(gateway, await begin(gateway), null)).statusCode, 200);
});

void t.test('a request is answered once', async (t) => {
  const gateway = await startTestGateway(t);
  const begun = await begin(gateway);
  t.equal((await finish(gateway, begun)).statusCode, 200);
  const again = await postForm(
    gateway.app,
    { SAMLResponse: await idpResponse({ inResponseTo: begun.id, assertionId: '_another' }) },
    { headers: { cookie: begun.cookie } },
  );
  t.equal(again.statusCode, 403);
  t.match((await gateway.audit()).at(-1), { code: 'SAML_IN_RESPONSE_TO_UNKNOWN' });
});

void t.test('two different responses to one request, at the same time: one is delivered', async (t) => {
  const gateway = await startTestGateway(t);
  const begun = await begin(gateway);
  const responses = await Promise.all(
    ['_a1', '_a2', '_a3'].map((assertionId) => idpResponse({ inResponseTo: begun.id, assertionId })),
  );
  const answers = await Promise.all(
    responses.map((SAMLResponse) => postForm(gateway.app, { SAMLResponse }, { headers: { cookie: begun.cookie } })),
  );
  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [200, 403, 403]);
});

void t.test('a request that is too old is not answered any more', async (t) => {
  const gateway = await startTestGateway(t);
  const begun = await begin(gateway);
  gateway.setTime(NOW + 600_000);
  const answer = await postForm(
    gateway.app,
    { SAMLResponse: await idpResponse({ inResponseTo: begun.id, now: NOW + 600_000 }) },
    { headers: { cookie: begun.cookie } },
  );
  t.equal(answer.statusCode, 403);
  t.match((await gateway.audit()).at(-1), { code: 'SAML_IN_RESPONSE_TO_UNKNOWN' });
});

void t.test('what the store keeps of a request shows neither RelayState nor cookie', async (t) => {
  const gateway = await startTestGateway(t);
  const begun = await begin(gateway, spRequest(), 'planted-relay-state');
  const stored = await gateway.store.findRequest(begun.id);
  t.ok(stored);
  t.notMatch(stored, /planted|_sp1|zivver/i);
  t.notOk(stored?.includes(begun.cookie.split('=')[1] ?? 'cookie'));
});

void t.test('a stored request that was altered ends the login', async (t) => {
  const gateway = await startTestGateway(t);
  const [begun, other] = [await begin(gateway), await begin(gateway)];
  const record = await gateway.store.takeRequest(other.id);
  await gateway.store.takeRequest(begun.id);
  await gateway.store.putRequest(begun.id, record ?? '', NOW + 600_000);
  const answer = await finish(gateway, begun, other.cookie);
  t.equal(answer.statusCode, 500);
  t.match((await gateway.audit()).at(-1), { code: 'SEALED_RECORD_DAMAGED' });
});

void t.test('a request by POST is taken, and the browser is redirected with 303', async (t) => {
  const gateway = await startTestGateway(t);
  const SAMLRequest = Buffer.from(spRequest()).toString('base64');
  const answer = await postForm(gateway.app, { SAMLRequest, RelayState: 'r' }, { path: '/saml/okta/sso' });
  t.equal(answer.statusCode, 303);
});

void t.test('where the IdP wants POST, our request goes as a form', async (t) => {
  const gateway = await startTestGateway(t, {
    route: {
      request: {
        binding: 'post',
        forceAuthn: 'carry',
        nameIdPolicy: 'carry',
        requestedAuthnContext: 'carry',
        key: gatewayKeys().signingKey(),
      },
    },
  });
  const answer = await gateway.app.inject({ url: `/saml/okta/sso?${redirectQuery(spRequest())}` });
  t.equal(answer.statusCode, 200);
  t.match(answer.body, 'action="https://idp.example/post"');
  t.match(answer.headers['content-security-policy'], 'form-action https:;');
  const xml = Buffer.from(hiddenField(answer.body, 'SAMLRequest') ?? '', 'base64').toString('utf8');
  t.match(xml, '<ds:SignatureValue>');
  t.match(xml, 'Destination="https://idp.example/post"');
});

void t.test('an IdP without the wanted binding is asked by the other, and one without any not at all', async (t) => {
  const gateway = await startTestGateway(t, { route: { idp: testIdp({ sso: { post: 'https://idp.example/post' } }) } });
  const answer = await gateway.app.inject({ url: `/saml/okta/sso?${redirectQuery(spRequest())}` });
  t.match(answer.body, 'action="https://idp.example/post"');
  gateway.change({}, { idp: testIdp({ sso: {} }) });
  const none = await gateway.app.inject({ url: `/saml/okta/sso?${redirectQuery(spRequest())}` });
  t.equal(none.statusCode, 503);
  t.equal(none.headers['set-cookie'], undefined);
  t.match((await gateway.audit()).at(-1), { code: 'LOGIN_NO_SSO_ENDPOINT', event: 'request' });
});

void t.test('ForceAuthn and IsPassive are carried over, or set as the IdP file says', async (t) => {
  const gateway = await startTestGateway(t);
  const asked = spRequest({ attributes: ' ForceAuthn="true" IsPassive="true"' });
  const carried = await begin(gateway, asked);
  t.match(carried.xml, 'ForceAuthn="true"');
  t.match(carried.xml, 'IsPassive="true"');
  gateway.change({}, { request: { ...gateway.route().request, forceAuthn: 'never' } });
  t.notMatch((await begin(gateway, asked)).xml, 'ForceAuthn');
  gateway.change({}, { request: { ...gateway.route().request, forceAuthn: 'always' } });
  t.match((await begin(gateway)).xml, 'ForceAuthn="true"');
});

void t.test('NameIDPolicy is carried over, or left out as the IdP file says', async (t) => {
  const gateway = await startTestGateway(t);
  const asked = spRequest().replace(
    '</samlp:AuthnRequest>',
    '<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>',
  );
  t.match((await begin(gateway, asked)).xml, 'NameIDPolicy');
  gateway.change({}, { request: { ...gateway.route().request, nameIdPolicy: 'omit' } });
  t.notMatch((await begin(gateway, asked)).xml, 'NameIDPolicy');
});

void t.test('RequestedAuthnContext is carried over, or left out as the IdP file says', async (t) => {
  const gateway = await startTestGateway(t);
  const context =
    '<samlp:RequestedAuthnContext><saml:AuthnContextClassRef xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">urn:x:mfa</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>';
  const asked = spRequest().replace('</samlp:AuthnRequest>', `${context}</samlp:AuthnRequest>`);
  t.match((await begin(gateway, asked)).xml, 'urn:x:mfa');
  gateway.change({}, { request: { ...gateway.route().request, requestedAuthnContext: 'omit' } });
  t.notMatch((await begin(gateway, asked)).xml, 'urn:x:mfa');
});

void t.test('our request by Redirect is signed where the IdP wants it', async (t) => {
  const gateway = await startTestGateway(t);
  t.notMatch((await begin(gateway)).answer.headers.location, 'Signature=');
  gateway.change({}, { request: { ...gateway.route().request, key: gatewayKeys().signingKey() } });
  t.match((await begin(gateway)).answer.headers.location, /&SigAlg=[^&]+&Signature=[^&]+$/);
});

void t.test('an ACS of the service provider that its request names is where the login ends', async (t) => {
  const second = 'https://app.zivver.com/second/';
  const gateway = await startTestGateway(t, { route: { sp: testSp({ acsUrls: [ZIVVER_ACS, second] }) } });
  const answer = await finish(gateway, await begin(gateway, spRequest({ acsUrl: second })));
  t.match(answer.body, `action="${second}"`);
});

const REFUSED: readonly (readonly [what: string, code: string, status: number, query: string])[] = [
  ['no request at all', 'SAML_ENCODING', 400, ''],
  ['a stranger', 'REQUEST_ISSUER_MISMATCH', 403, redirectQuery(spRequest({ issuer: 'https://stranger.example' }))],
  ['another destination', 'REQUEST_DESTINATION_MISMATCH', 403, redirectQuery(spRequest({ destination: 'https://x/' }))],
  ['an unknown ACS', 'REQUEST_ACS_UNKNOWN', 403, redirectQuery(spRequest({ acsUrl: 'https://evil.example/' }))],
  ['an old request', 'REQUEST_EXPIRED', 403, redirectQuery(spRequest({ now: NOW - 3_600_000 }))],
  ['two requests', 'SAML_ENCODING', 400, `${redirectQuery(spRequest())}&${redirectQuery(spRequest())}`],
  [
    'a RelayState that a signature would not cover',
    'SAML_ENCODING',
    400,
    `${redirectQuery(spRequest())}&%52elayState=x`,
  ],
  ['a RelayState without end', 'HTTP_PARAMETER', 400, redirectQuery(spRequest(), 'a'.repeat(9000))],
];
for (const [what, code, status, query] of REFUSED) {
  void t.test(`${what} is refused with ${code}, and stores nothing`, async (t) => {
    const gateway = await startTestGateway(t);
    const answer = await gateway.app.inject({ url: `/saml/okta/sso?${query}` });
    t.equal(answer.statusCode, status);
    t.equal(answer.headers['set-cookie'], undefined);
    t.match(await gateway.audit(), [{ event: 'request', code, decision: 'refuse' }]);
    t.match(await gateway.metrics(), `claims_gateway_authentication_requests_total{idp="okta",code="${code}"} 1`);
  });
}

void t.test('over http, as in the demo, the cookie is one that a browser keeps', async (t) => {
  const gateway = await startTestGateway(t, { runtime: { publicUrl: 'http://127.0.0.1:8080' } });
  const { answer, cookie } = await begin(gateway);
  t.match(
    String(answer.headers['set-cookie']),
    /^claims-gateway=[\w-]{32}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  t.match(cookie, /^claims-gateway=/);
});
