import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { parseMetadata } from '../../src/saml/index.js';
import { idpResponse, postForm, referenceOf, startTestGateway } from '../support/gateway.js';
import { until } from '../support/running.js';
import { gatewayKeys, NOW, testIdp } from '../support/saml-parties.js';

void t.test('our metadata as SP and as IdP', async (t) => {
  const gateway = await startTestGateway(t);
  const { app } = gateway;
  const { own } = gateway.route();
  const sp = await app.inject({ url: '/saml/okta/metadata' });
  t.equal(sp.statusCode, 200);
  t.match(sp.headers['content-type'], 'application/samlmetadata+xml');
  t.match(sp.body, `entityID="${own.entityId}"`);
  t.match(sp.body, `Location="${own.acsUrl}"`);
  t.match(sp.body, gatewayKeys().certificateBase64);
  t.match(sp.body, `validUntil="${new Date(NOW + 86_400_000).toISOString()}"`);
  t.match(sp.body, 'AuthnRequestsSigned="false"');

  const idp = await app.inject({ url: '/saml/metadata' });
  const read = await parseMetadata(Buffer.from(idp.body), { entityId: null, now: NOW, signature: null });
  t.equal(read.entityId, 'https://sso.example.org/saml');
  t.strictSame(read.sso, { redirect: own.ssoUrl, post: own.ssoUrl });
  t.notOk(read.wantsSignedRequests);
});

void t.test('metadata is signed where the configuration says so', async (t) => {
  const gateway = await startTestGateway(t);
  t.notMatch((await gateway.app.inject({ url: '/saml/metadata' })).body, 'SignatureValue');
  gateway.change({ metadata: { ...gateway.runtime().metadata, key: gatewayKeys().signingKey() } });
  for (const url of ['/saml/metadata', '/saml/okta/metadata']) {
    t.match((await gateway.app.inject({ url })).body, 'SignatureValue', url);
  }
});

void t.test('metadata for one of several IdPs is asked for by name', async (t) => {
  const gateway = await startTestGateway(t);
  const okta = gateway.route();
  const entra = {
    ...okta,
    idp: testIdp({ name: 'entra' }),
    own: { ...okta.own, ssoUrl: 'https://sso.example.org/saml/entra/sso' },
  };
  const routes = new Map([
    ['okta', okta],
    ['entra', entra],
  ]);
  const several = await startTestGateway(t, { runtime: { routes } });
  t.match((await several.app.inject({ url: '/saml/metadata' })).body, '/saml/okta/sso');
  t.match((await several.app.inject({ url: '/saml/metadata?idp=entra' })).body, '/saml/entra/sso');
  t.equal((await several.app.inject({ url: '/saml/metadata?idp=nobody' })).statusCode, 404);
  t.equal((await several.app.inject({ url: '/saml/metadata?idp=okta&idp=entra' })).statusCode, 404);
});

void t.test('where the issuer is preserved, our metadata as IdP bears its name', async (t) => {
  const gateway = await startTestGateway(t);
  gateway.change({}, { issuing: { ...gateway.route().issuing, issuer: 'preserve' } });
  t.match((await gateway.app.inject({ url: '/saml/metadata' })).body, `entityID="${gateway.route().idp.entityId}"`);
});

void t.test('URLs come from the configuration, whatever the headers say', async (t) => {
  const { app } = await startTestGateway(t);
  for (const url of ['/saml/metadata', '/saml/okta/metadata']) {
    const answer = await app.inject({
      url,
      headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' },
    });
    t.notMatch(answer.body, 'evil.example');
    t.equal(answer.statusCode, 200);
  }
});

const WRONG_METHODS: readonly (readonly [
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE' | 'POST',
  url: string,
  allow: string,
])[] = [
  ['GET', '/saml/okta/acs', 'POST, OPTIONS'],
  ['HEAD', '/saml/okta/acs', 'POST, OPTIONS'],
  ['PUT', '/saml/okta/acs', 'POST, OPTIONS'],
  ['HEAD', '/saml/okta/sso', 'GET, POST, OPTIONS'],
  ['DELETE', '/saml/okta/sso', 'GET, POST, OPTIONS'],
  ['POST', '/saml/metadata', 'GET, HEAD, OPTIONS'],
  ['POST', '/saml/okta/metadata', 'GET, HEAD, OPTIONS'],
];
for (const [method, url, allow] of WRONG_METHODS) {
  void t.test(`${method} ${url} is not allowed, and leaves no audit line`, async (t) => {
    const gateway = await startTestGateway(t);
    const answer = await gateway.app.inject({ method, url, ...(method === 'PUT' ? { payload: { a: 1 } } : {}) });
    t.equal(answer.statusCode, 405);
    t.equal(answer.headers.allow, allow);
    t.match(gateway.log(), 'HTTP_METHOD_NOT_ALLOWED');
    t.strictSame(await gateway.audit(), []);
  });
}

void t.test('OPTIONS tells the methods, and lets no other site in', async (t) => {
  const { app } = await startTestGateway(t);
  const answer = await app.inject({
    method: 'OPTIONS',
    url: '/saml/okta/acs',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  });
  t.equal(answer.statusCode, 204);
  t.equal(answer.headers.allow, 'POST, OPTIONS');
  t.notOk(Object.keys(answer.headers).some((name) => name.startsWith('access-control-')));
});

void t.test('HEAD of metadata answers like GET, without the document', async (t) => {
  const { app } = await startTestGateway(t);
  const answer = await app.inject({ method: 'HEAD', url: '/saml/metadata' });
  t.equal(answer.statusCode, 200);
  t.equal(answer.body, '');
});

void t.test('every other path is a 404 page with a reference, and no audit line', async (t) => {
  const gateway = await startTestGateway(t);
  for (const url of ['/', '/saml', '/saml/', '/saml/okta', '/saml/okta/acs/', '/metrics', '/healthz', '/favicon.ico']) {
    const answer = await gateway.app.inject({ url });
    t.equal(answer.statusCode, 404, url);
    t.match(answer.headers['content-type'], 'text/html');
    t.ok(referenceOf(answer.body), url);
  }
  t.strictSame(await gateway.audit(), []);
  t.match(gateway.log(), 'HTTP_NOT_FOUND');
});

void t.test('a path that cannot be decoded is refused with a page, logged and counted', async (t) => {
  const gateway = await startTestGateway(t);
  for (const url of ['/%zz?RelayState=planted', '/saml/%ff/acs']) {
    const answer = await gateway.app.inject({ url, headers: { 'accept-language': 'nl' } });
    t.match(gateway.log(), `"reqId":"${referenceOf(answer.body) ?? 'none'}"`);
    t.equal(answer.statusCode, 400, url);
    t.match(answer.body, '<html lang="nl">');
    t.match(answer.headers['content-security-policy'], "default-src 'none'");
    t.notMatch(answer.body, 'HTTP_MALFORMED');
  }
  t.match(gateway.log(), '"code":"HTTP_MALFORMED"');
  t.notMatch(gateway.log(), 'planted');
  const counted = 'claims_gateway_http_requests_total{listener="public",route="unmatched",status="400"} 2';
  t.match(await gateway.metrics(), counted);
});

void t.test('every answer of our own carries the security headers', async (t) => {
  const { app } = await startTestGateway(t);
  for (const url of ['/saml/metadata', '/saml/okta/metadata', '/saml/okta/acs', '/nothing']) {
    const { headers } = await app.inject({ url });
    t.match(headers['content-security-policy'], "default-src 'none'", url);
    t.equal(headers['x-content-type-options'], 'nosniff', url);
    t.equal(headers['x-frame-options'], 'DENY', url);
    t.equal(headers['x-powered-by'], undefined, url);
    t.equal(headers['cross-origin-opener-policy'], undefined, url);
  }
});

void t.test('one address is held to the rate limit, others are not, and the page says to wait', async (t) => {
  const gateway = await startTestGateway(t);
  gateway.change({ limits: { ...gateway.runtime().limits, rate: { requests: 3, per: 60_000 } } });
  const statuses: number[] = [];
  for (let index = 0; index < 4; index += 1) {
    statuses.push((await postForm(gateway.app, '', { remoteAddress: '192.0.2.1' })).statusCode);
  }
  t.strictSame(statuses, [400, 400, 400, 429]);
  const refused = await gateway.app.inject({ url: '/anywhere', remoteAddress: '192.0.2.1' });
  t.equal(refused.statusCode, 429);
  t.ok(Number(refused.headers['retry-after']) > 0);
  t.match(refused.body, 'Too many attempts');
  t.equal((await postForm(gateway.app, '', { remoteAddress: '192.0.2.2' })).statusCode, 400);
  t.match(gateway.log(), 'HTTP_RATE_LIMITED');
  t.equal((await gateway.audit()).length, 4, 'what is over the limit cannot fill the audit log');
});

void t.test(
  'behind a trusted proxy the address that it names counts, else the header counts for nothing',
  async (t) => {
    const rate = { requests: 1, per: 60_000 };
    const trusting = await startTestGateway(t, { trustProxy: ['10.0.0.1'] });
    trusting.change({ limits: { ...trusting.runtime().limits, rate } });
    const from = (address: string, remoteAddress: string) => ({
      remoteAddress,
      headers: { 'x-forwarded-for': address },
    });
    t.equal((await postForm(trusting.app, '', from('192.0.2.1', '10.0.0.1'))).statusCode, 400);
    t.equal((await postForm(trusting.app, '', from('192.0.2.2', '10.0.0.1'))).statusCode, 400);
    t.equal((await postForm(trusting.app, '', from('192.0.2.2', '10.0.0.1'))).statusCode, 429);
    t.equal((await postForm(trusting.app, '', from('192.0.2.3', '10.9.9.9'))).statusCode, 400);
    t.equal((await postForm(trusting.app, '', from('192.0.2.4', '10.9.9.9'))).statusCode, 429);
  },
);

void t.test('HTTP answers are counted by route, never by path', async (t) => {
  const gateway = await startTestGateway(t);
  await gateway.app.inject({ url: '/planted-path' });
  await postForm(gateway.app, { SAMLResponse: await idpResponse() });
  const metrics = await gateway.metrics();
  t.match(metrics, 'claims_gateway_http_requests_total{listener="public",route="/saml/:idp/acs",status="200"} 1');
  t.notMatch(metrics, 'planted-path');
});

void t.test(
  'a request keeps the configuration that it began with, though a reload removes its IdP meanwhile',
  async (t) => {
    const gateway = await startTestGateway(t);
    gateway.change({}, { account: { ...gateway.route().account, waitForAccount: 100 } });
    const under = postForm(gateway.app, { SAMLResponse: await idpResponse() });
    await new Promise((resolve) => setTimeout(resolve, 40));
    gateway.change({}, { idp: testIdp({ name: 'renamed' }) });
    t.equal((await under).statusCode, 200);
    t.equal((await postForm(gateway.app, { SAMLResponse: 'AAAA' })).statusCode, 404);
  },
);

void t.test('a fault of the program is a page without a word of it, and is logged', async (t) => {
  const gateway = await startTestGateway(t);
  gateway.change(
    {},
    { account: { ...gateway.route().account, provisioner: brokenProvisioner(gateway.route().account.provisioner) } },
  );
  const answer = await postForm(gateway.app, { SAMLResponse: await idpResponse() });
  t.equal(answer.statusCode, 500);
  t.notMatch(answer.body, 'planted fault');
  t.match(gateway.log(), 'planted fault');
  t.match(await gateway.audit(), [{ code: 'INTERNAL' }]);
});

function brokenProvisioner<Whole extends { submit: unknown }>(real: Whole): Whole {
  return { ...real, submit: () => Promise.reject(new TypeError('planted fault')) };
}

void t.test('HTTP that breaks off inside its first packet is no fault of the program', async (t) => {
  const gateway = await startTestGateway(t);
  const { port } = new URL(await gateway.app.listen({ host: '127.0.0.1', port: 0 }));
  const socket = connect(Number(port), '127.0.0.1');
  const head = 'POST /saml/okta/acs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n';
  socket.end(`${head}Transfer-Encoding: chunked\r\n\r\nZZ\r\nSAMLRes`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  t.match(answer.toString('latin1'), /^HTTP\/1\.1 400 /);
  socket.destroy();
  await until(
    () => gateway.log(),
    (log) => log.includes('"code":"HTTP_MALFORMED"'),
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.notMatch(gateway.log(), 'INTERNAL');
});
