import t from 'tap';
import { errorTable, type ErrorCode } from '../../src/shared/index.js';
import { hiddenField, idpResponse, postForm, referenceOf, startTestGateway } from '../support/gateway.js';
import { DOMAIN_KEY, gatewayKeys, idpKeys, NOW, testIdp, ZIVVER_ACS } from '../support/saml-parties.js';
import { rsaKeyPair } from '../support/pki.js';
import { xmlsecVerify } from '../support/xmlsec.js';

void t.test('a good response is delivered as a self-submitting form, queued once, and recorded', async (t) => {
  const gateway = await startTestGateway(t);
  const relayState = '"><script>alert(1)</script> é';
  const answer = await postForm(gateway.app, { SAMLResponse: await idpResponse(), RelayState: relayState });
  t.equal(answer.statusCode, 200);
  t.ok(answer.body.includes(`action="${ZIVVER_ACS}"`));
  t.equal(hiddenField(answer.body, 'RelayState'), relayState);
  t.notOk(answer.body.includes('<script>alert'));
  const xml = Buffer.from(hiddenField(answer.body, 'SAMLResponse') ?? '', 'base64').toString('utf8');
  t.match(xml, 'domain-key-of-example-org');
  t.match(xml, `Name="${DOMAIN_KEY}"`);

  const lines = await gateway.audit();
  t.equal(lines.length, 1);
  t.match(lines[0], {
    event: 'login',
    code: 'OK',
    decision: 'deliver',
    idp: 'okta',
    domainKey: 'injected',
    signingKey: 'gateway',
    certificate: idpKeys().verificationKey().fingerprint,
    account: /^acct-/,
  });
  t.equal((await gateway.backend.queue.depth('example')).waiting, 1);
  const metrics = await gateway.metrics();
  t.match(metrics, 'claims_gateway_logins_total{idp="okta",code="OK"} 1');
  t.match(metrics, 'claims_gateway_deliveries_total{delivery="browser",code="OK"} 1');
  for (const stage of [
    'decode',
    'parse',
    'verify',
    'validate',
    'claim',
    'inject',
    'reissue',
    'sign',
    'enqueue',
    'deliver',
  ]) {
    t.match(metrics, `claims_gateway_login_stage_duration_seconds_count{stage="${stage}"} 1`);
  }
});

void t.test(
  'the form page allows its own script, its own style and the service provider, and nothing else',
  async (t) => {
    const { app } = await startTestGateway(t);
    const answer = await postForm(app, { SAMLResponse: await idpResponse() });
    const policy = String(answer.headers['content-security-policy']);
    t.match(policy, "default-src 'none'");
    t.match(policy, /script-src 'sha256-[A-Za-z0-9+/]{43}='(;|$)/);
    t.match(policy, 'form-action https://app.zivver.com;');
    t.match(policy, "frame-ancestors 'none'");
    t.equal(answer.headers['cache-control'], 'no-store');
    t.equal(answer.headers['x-content-type-options'], 'nosniff');
    t.equal(answer.headers['x-frame-options'], 'DENY');
    t.equal(answer.headers['referrer-policy'], 'strict-origin');
    t.match(answer.headers['strict-transport-security'], /max-age=31536000$/);
    t.match(answer.body, /<button class="button" type="submit">/);
  },
);

void t.test('what is delivered verifies with xmlsec1', async (t) => {
  const { app } = await startTestGateway(t);
  const answer = await postForm(app, { SAMLResponse: await idpResponse() });
  const xml = Buffer.from(hiddenField(answer.body, 'SAMLResponse') ?? '', 'base64').toString('utf8');
  const { certificatePem } = gatewayKeys();
  for (const parent of ['Response', 'Assertion']) {
    const xpath = `//*[local-name()='${parent}']/*[local-name()='Signature']`;
    const result = await xmlsecVerify([xml], { certificatePem, xpath });
    t.ok(result.ok, `${parent}: ${result.report}`);
  }
});

void t.test('a RelayState that is absent stays absent', async (t) => {
  const { app } = await startTestGateway(t);
  const answer = await postForm(app, { SAMLResponse: await idpResponse() });
  t.equal(hiddenField(answer.body, 'RelayState'), null);
});

void t.test('the login leaves a trace with its steps and its attributes, without a value', async (t) => {
  const gateway = await startTestGateway(t);
  await postForm(gateway.app, { SAMLResponse: await idpResponse() });
  const [line] = await gateway.audit();
  const trace = await gateway.trace(String(line?.['reference']));
  const login = trace?.entries.find(({ kind }) => kind === 'login');
  t.match(login, { kind: 'login', idp: 'okta', code: 'OK', account: /^acct-/ });
  if (login?.kind !== 'login') throw new Error('no login entry');
  t.ok(login.steps.length >= 9);
  t.ok(login.steps.every(({ result, duration }) => result === 'pass' && duration >= 0));
  t.match(
    login.attributes.find(({ name }) => name === DOMAIN_KEY),
    { change: 'added' },
  );
  t.notMatch(JSON.stringify(trace), /domain-key-of|00u1a2b3c4d5|jansen/i);
});

void t.test('a login that leads to no account says why in its trace, and queues nothing', async (t) => {
  const gateway = await startTestGateway(t);
  const answer = await postForm(gateway.app, { SAMLResponse: await idpResponse({ nameId: 'x@other.example' }) });
  t.equal(answer.statusCode, 200);
  t.equal((await gateway.backend.queue.depth('example')).waiting, 0);
  const [line] = await gateway.audit();
  const trace = await gateway.trace(String(line?.['reference']));
  t.match(
    trace?.entries.find(({ kind }) => kind === 'provisioning'),
    { event: 'skipped', detail: 'other-domain' },
  );
});

void t.test('the same response a second time is refused', async (t) => {
  const gateway = await startTestGateway(t);
  const response = await idpResponse();
  const answers = await Promise.all([1, 2, 3].map(() => postForm(gateway.app, { SAMLResponse: response })));
  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [200, 403, 403]);
  t.equal((await gateway.audit()).filter(({ code }) => code === 'SAML_REPLAYED').length, 2);
});

const REFUSED: readonly (readonly [what: string, code: ErrorCode, form: () => Promise<string>])[] = [
  ['nothing at all', 'SAML_ENCODING', () => Promise.resolve('')],
  ['a request instead of a response', 'SAML_ENCODING', () => Promise.resolve('SAMLRequest=AAAA')],
  ['what is not base64', 'SAML_ENCODING', () => Promise.resolve('SAMLResponse=%3Cxml%3E')],
  ['what is not XML', 'XML_MALFORMED', () => Promise.resolve('SAMLResponse=eA%3D%3D')],
  ['a doubled SAMLResponse', 'HTTP_PARAMETER', async () => twice('SAMLResponse', await idpResponse())],
  [
    'a doubled RelayState',
    'HTTP_PARAMETER',
    async () => `${encoded('SAMLResponse', await idpResponse())}&RelayState=a&RelayState=b`,
  ],
  [
    'a RelayState without end',
    'HTTP_PARAMETER',
    async () => `${encoded('SAMLResponse', await idpResponse())}&RelayState=${'a'.repeat(9000)}`,
  ],
  [
    'a response without a signature',
    'SIGNATURE_MISSING',
    async () => encoded('SAMLResponse', await idpResponse({}, { signed: 'none' })),
  ],
  [
    "a stranger's signature",
    'SIGNATURE_INVALID',
    async () => encoded('SAMLResponse', await idpResponse({}, { key: rsaKeyPair(2048, 'stranger').signingKey() })),
  ],
  [
    'a response to another audience',
    'SAML_AUDIENCE_MISMATCH',
    async () => encoded('SAMLResponse', await idpResponse({ audience: 'https://other.example' })),
  ],
  [
    'a response to a request that nobody made',
    'SAML_IN_RESPONSE_TO_UNKNOWN',
    async () => encoded('SAMLResponse', await idpResponse({ inResponseTo: '_unknown' })),
  ],
  [
    'a response without the account key',
    'CLAIM_REQUIRED',
    async () => encoded('SAMLResponse', await idpResponse({ attributes: [] })),
  ],
  ['a message over the size limit', 'SAML_TOO_LARGE', () => Promise.resolve(`SAMLResponse=${'A'.repeat(360 * 1024)}`)],
  ['a body over the size limit', 'HTTP_BODY_TOO_LARGE', () => Promise.resolve(`x=${'A'.repeat(600 * 1024)}`)],
];

function encoded(name: string, value: string): string {
  return `${name}=${encodeURIComponent(value)}`;
}

function twice(name: string, value: string): string {
  return `${encoded(name, value)}&${encoded(name, value)}`;
}

for (const [what, code, form] of REFUSED) {
  void t.test(`${what} is refused with ${code}, on a page, with one audit line, and goes nowhere`, async (t) => {
    const gateway = await startTestGateway(t);
    const answer = await postForm(gateway.app, await form());
    t.equal(answer.statusCode, errorTable[code].status);
    t.match(answer.headers['content-type'], 'text/html');
    const lines = await gateway.audit();
    t.equal(lines.length, 1);
    t.match(lines[0], { event: 'login', code, decision: 'refuse', idp: 'okta' });
    t.equal(lines[0]?.['reference'], referenceOf(answer.body), 'the page shows the reference of the audit line');
    t.notMatch(answer.body, '<form');
    t.notOk(answer.body.includes(code));
    t.equal((await gateway.backend.queue.depth('example')).waiting, 0);
    t.match(await gateway.metrics(), `claims_gateway_logins_total{idp="okta",code="${code}"} 1`);
    t.match(gateway.log(), code);
  });
}

void t.test('a refused login leaves a trace only once its signature was verified', async (t) => {
  const gateway = await startTestGateway(t);
  const unverified = await postForm(gateway.app, { SAMLResponse: await idpResponse({}, { signed: 'none' }) });
  const verified = await postForm(gateway.app, { SAMLResponse: await idpResponse({ attributes: [] }) });
  const trace = await gateway.trace(referenceOf(verified.body) ?? '');
  const login = trace?.entries.find(({ kind }) => kind === 'login');
  t.match(login, { code: 'CLAIM_REQUIRED' });
  if (login?.kind !== 'login') throw new Error('no login entry');
  t.match(login.steps.at(-1), { name: 'inject', result: 'fail', code: 'CLAIM_REQUIRED' });
  t.equal(await gateway.traces.find(referenceOf(unverified.body) ?? ''), null);
});

void t.test('an error page has no script, is not stored, and speaks the language of the browser', async (t) => {
  const { app } = await startTestGateway(t);
  const answer = await postForm(app, '', { headers: { 'accept-language': 'nl-NL,nl;q=0.9,en;q=0.5' } });
  t.match(answer.body, '<html lang="nl">');
  t.notMatch(answer.body, /<script/);
  t.notMatch(answer.headers['content-security-policy'], 'script-src');
  t.match(answer.headers['content-security-policy'], "form-action 'none'");
  t.equal(answer.headers['cache-control'], 'no-store');
});

void t.test('what the IdP says is shown to the person, escaped', async (t) => {
  const gateway = await startTestGateway(t);
  const response = await idpResponse(
    {},
    {
      signed: 'none',
      edit: (xml) =>
        xml
          .replace(/<saml2:Assertion .*<\/saml2:Assertion>/s, '')
          .replace(
            /<saml2p:Status>.*<\/saml2p:Status>/s,
            '<saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"/><saml2p:StatusMessage>Jan Jansen (jan@example.org) is not assigned &lt;b&gt;here&lt;/b&gt;</saml2p:StatusMessage></saml2p:Status>',
          ),
    },
  );
  const answer = await postForm(gateway.app, { SAMLResponse: response });
  t.equal(answer.statusCode, 403);
  t.match(answer.body, 'Jan Jansen (jan@example.org) is not assigned &lt;b&gt;here&lt;/b&gt;');
  const audit = await gateway.audit();
  t.match(audit, [{ code: 'SAML_STATUS', detail: 'The identity provider met a fault of its own.' }]);
  t.notMatch(JSON.stringify(audit) + gateway.log(), /jansen|jan@/i, 'nobody is named where it is kept');
});

void t.test('a body that is no form is refused', async (t) => {
  for (const contentType of ['application/json', 'text/xml', 'multipart/form-data; boundary=x', 'text/plain']) {
    const gateway = await startTestGateway(t);
    const answer = await postForm(gateway.app, '{}', { headers: { 'content-type': contentType } });
    t.equal(answer.statusCode, 400, contentType);
    t.match(await gateway.audit(), [{ code: 'HTTP_CONTENT_TYPE' }]);
  }
});

void t.test('an unknown identity provider is not found, and its name becomes no label', async (t) => {
  const gateway = await startTestGateway(t);
  const answer = await postForm(gateway.app, { SAMLResponse: 'AAAA' }, { path: '/saml/nobody/acs' });
  t.equal(answer.statusCode, 404);
  t.match(await gateway.metrics(), 'claims_gateway_logins_total{idp="unknown",code="HTTP_NOT_FOUND"} 1');
  t.notMatch(await gateway.metrics(), 'nobody');
});

void t.test('a limit that a reload lowers holds for the next request', async (t) => {
  const gateway = await startTestGateway(t);
  const response = await idpResponse();
  gateway.change({ limits: { ...gateway.runtime().limits, bodyBytes: 1000 } });
  const answer = await postForm(gateway.app, { SAMLResponse: response });
  t.equal(answer.statusCode, 413);
  gateway.change({ limits: { ...gateway.runtime().limits, bodyBytes: 100_000 } });
  t.equal((await postForm(gateway.app, { SAMLResponse: response })).statusCode, 200);
});

void t.test('an IdP that a reload removes is gone, and one that it changes is judged by the new rules', async (t) => {
  const gateway = await startTestGateway(t);
  gateway.change({}, { idp: testIdp({ unsolicited: false }) });
  t.equal((await postForm(gateway.app, { SAMLResponse: await idpResponse() })).statusCode, 403);
  t.match(await gateway.audit(), [{ code: 'SAML_UNSOLICITED_REFUSED' }]);
});

void t.test('where the store is silent the login is refused, and nothing is delivered', async (t) => {
  const gateway = await startTestGateway(t);
  await gateway.store.close();
  const answer = await postForm(gateway.app, { SAMLResponse: await idpResponse() });
  t.equal(answer.statusCode, 503);
  t.match(await gateway.audit(), [{ code: 'STORE_UNAVAILABLE' }]);
  t.match(await gateway.metrics(), 'claims_gateway_store_errors_total{operation="claim_once"} 1');
  t.equal((await gateway.backend.queue.depth('example')).waiting, 0);
});

void t.test('where the job can be kept nowhere the login is not delivered', async (t) => {
  const gateway = await startTestGateway(t);
  await gateway.backend.close();
  const answer = await postForm(gateway.app, { SAMLResponse: await idpResponse() });
  t.equal(answer.statusCode, 503);
  t.match(await gateway.audit(), [{ code: 'STORE_UNAVAILABLE' }]);
});

void t.test('a first login waits for its account no longer than it may', async (t) => {
  const gateway = await startTestGateway(t);
  gateway.change({}, { account: { ...gateway.route().account, waitForAccount: 60 } });
  const since = performance.now();
  const answer = await postForm(gateway.app, { SAMLResponse: await idpResponse() });
  t.equal(answer.statusCode, 200);
  const waited = performance.now() - since;
  t.ok(waited >= 55, `${waited} ms`);
  t.match(await gateway.metrics(), 'claims_gateway_provisioning_wait_seconds_count{result="timeout"} 1');
});

void t.test('the clock difference of the IdP is seen', async (t) => {
  const gateway = await startTestGateway(t);
  await postForm(gateway.app, { SAMLResponse: await idpResponse({ now: NOW - 42_000 }) });
  t.match(await gateway.metrics(), 'claims_gateway_idp_clock_difference_seconds{idp="okta"} -42');
});

void t.test('neither log nor audit holds a name, a key or a message', async (t) => {
  const gateway = await startTestGateway(t);
  const response = await idpResponse();
  await postForm(gateway.app, { SAMLResponse: response, RelayState: 'planted-relay' });
  await postForm(gateway.app, { SAMLResponse: response, RelayState: 'planted-relay' });
  await postForm(gateway.app, { SAMLResponse: await idpResponse({ audience: 'x' }), RelayState: 'planted-relay' });
  const written = gateway.log() + JSON.stringify(await gateway.audit()) + (await gateway.metrics());
  for (const secret of ['jansen', '00u1a2b3c4d5', 'domain-key-of', 'planted-relay', response.slice(100, 200)]) {
    t.notOk(written.includes(secret), secret);
  }
  t.ok(written.includes('SAML_REPLAYED'));
});
