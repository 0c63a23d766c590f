import { request } from 'node:http';
import t, { type Test } from 'tap';
import type { RequestListener } from 'node:http';
import { idpResponse, postForm, referenceOf, startTestGateway, type TestGateway } from '../support/gateway.js';
import { rsaKeyPair } from '../support/pki.js';
import { testSp } from '../support/saml-parties.js';
import { startUpstream, type Upstream } from '../support/upstream.js';

const ACS_PATH = '/app/consumer/';

async function behindProxy(
  t: Test,
  answer: RequestListener,
  { timeout = 2000, upstream }: { readonly timeout?: number; readonly upstream?: Upstream } = {},
): Promise<{ gateway: TestGateway; upstream: Upstream }> {
  const server = upstream ?? (await startUpstream(t, answer));
  const acsUrl = `https://app.example${ACS_PATH}?tenant=1`;
  const gateway = await startTestGateway(t, {
    route: {
      sp: testSp({ acsUrls: [acsUrl] }),
      deliverTo: acsUrl,
      delivery: { kind: 'proxy', target: { prefix: '/app/', upstream: server.url, timeout, body: 4 * 1024 * 1024 } },
    },
  });
  return { gateway, upstream: server };
}

const ok: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' }).end('from the service provider');
};

void t.test('the form is posted to the service provider, and its answer comes back', async (t) => {
  const { gateway, upstream } = await behindProxy(t, (_request, response) => {
    response.writeHead(302, {
      location: 'https://app.example/app/home?x=1',
      'set-cookie': ['session=s1; Domain=app.example; Path=/; HttpOnly', 'other=o'],
      'content-security-policy': "default-src 'self'",
      'x-frame-options': 'SAMEORIGIN',
      'alt-svc': 'h3=":443"',
    });
    response.end('moved');
  });
  const answer = await postForm(
    gateway.app,
    { SAMLResponse: await idpResponse(), RelayState: 'r & s' },
    {
      headers: {
        cookie: 'mine=1; __Host-claims-gateway=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        origin: 'https://idp.example',
        'user-agent': 'test browser',
        'x-forwarded-for': '10.1.1.1',
      },
      remoteAddress: '192.0.2.9',
    },
  );
  t.equal(answer.statusCode, 302);
  t.equal(answer.headers.location, 'https://sso.example.org/app/home?x=1');
  t.strictSame(answer.headers['set-cookie'], ['session=s1; Path=/; HttpOnly', 'other=o']);
  t.equal(answer.headers['content-security-policy'], "default-src 'self'");
  t.equal(answer.headers['x-frame-options'], 'SAMEORIGIN');
  t.equal(answer.headers['alt-svc'], undefined);
  t.equal(answer.body, 'moved');

  t.equal(upstream.seen.length, 1);
  const [seen] = upstream.seen;
  t.match(seen, { method: 'POST', url: `${ACS_PATH}?tenant=1` });
  const form = new URLSearchParams(seen?.body);
  t.equal(form.get('RelayState'), 'r & s');
  t.match(Buffer.from(form.get('SAMLResponse') ?? '', 'base64').toString('utf8'), 'domain-key-of-example-org');
  t.match(seen?.headers, {
    host: upstream.url.replace('http://', ''),
    cookie: /^mine=1$/,
    'user-agent': 'test browser',
    'content-type': 'application/x-www-form-urlencoded',
    'x-forwarded-for': '192.0.2.9',
  });
  t.equal(seen?.headers.origin, undefined);
  t.match(await gateway.audit(), [{ code: 'OK', decision: 'deliver' }]);
  t.match(await gateway.metrics(), 'claims_gateway_deliveries_total{delivery="proxy",code="OK"} 1');
});

void t.test('a refused response does not reach the service provider', async (t) => {
  const { gateway, upstream } = await behindProxy(t, ok);
  const answer = await postForm(gateway.app, { SAMLResponse: await idpResponse({ audience: 'x' }) });
  t.equal(answer.statusCode, 403);
  t.strictSame(upstream.seen, []);
});

void t.test('an error of the service provider is passed on as it is', async (t) => {
  const { gateway, upstream } = await behindProxy(t, (_request, response) => {
    response.writeHead(503, { 'retry-after': '0' }).end('{"error":"later"}');
  });
  const posted = await postForm(gateway.app, { SAMLResponse: await idpResponse() });
  t.equal(posted.statusCode, 503);
  t.equal(posted.body, '{"error":"later"}');
  t.equal((await gateway.app.inject({ url: '/app/x' })).statusCode, 503);
  t.equal(upstream.seen.length, 2, 'nothing was repeated');
});

async function assertFailure(t: Test, gateway: TestGateway, [status, code]: readonly [number, string]): Promise<void> {
  const posted = await postForm(gateway.app, { SAMLResponse: await idpResponse() });
  t.equal(posted.statusCode, status);
  const [line, ...more] = await gateway.audit();
  t.match(line, { code, decision: 'refuse', account: /^acct-/ });
  t.strictSame(more, []);
  t.equal(line?.['reference'], referenceOf(posted.body));
  t.match(await gateway.metrics(), `claims_gateway_deliveries_total{delivery="proxy",code="${code}"} 1`);
  const passed = await gateway.app.inject({ url: '/app/x' });
  t.equal(passed.statusCode, status);
  t.ok(referenceOf(passed.body));
  t.match(passed.headers['content-security-policy'], "default-src 'none'");
}

void t.test('a service provider that is silent is a 504 page', async (t) => {
  const { gateway } = await behindProxy(t, () => undefined, { timeout: 100 });
  await assertFailure(t, gateway, [504, 'UPSTREAM_TIMEOUT']);
});

void t.test('a service provider that refuses the connection is a 502 page', async (t) => {
  const upstream = { url: 'http://127.0.0.1:1', seen: [] };
  const { gateway } = await behindProxy(t, ok, { upstream });
  await assertFailure(t, gateway, [502, 'UPSTREAM_UNREACHABLE']);
});

void t.test('a service provider that breaks the connection is a 502 page', async (t) => {
  const { gateway } = await behindProxy(t, (request) => {
    request.socket.destroy();
  });
  await assertFailure(t, gateway, [502, 'UPSTREAM_UNREACHABLE']);
});

void t.test('a service provider whose certificate nobody vouches for gets nothing', async (t) => {
  const { privateKeyPem, certificatePem } = rsaKeyPair(2048, 'upstream');
  const upstream = await startUpstream(t, ok, { key: privateKeyPem, cert: certificatePem });
  const { gateway } = await behindProxy(t, ok, { upstream });
  await assertFailure(t, gateway, [502, 'UPSTREAM_UNREACHABLE']);
  t.strictSame(upstream.seen, []);
});

void t.test('what is under the prefix passes through with method, query, body and headers', async (t) => {
  const { gateway, upstream } = await behindProxy(t, (_request, response) => {
    response.writeHead(201, { 'content-type': 'application/json', 'x-own': '1' }).end('{"b":2}');
  });
  for (const [method, type, payload] of [
    ['POST', 'application/json', '{"a": 1}'],
    ['PUT', 'application/x-www-form-urlencoded', 'a=1&a=2'],
    ['PATCH', 'text/plain', 'plain'],
    ['DELETE', undefined, undefined],
    ['GET', undefined, undefined],
  ] as const) {
    const answer = await gateway.app.inject({
      method,
      url: '/app/thing%20one?q=a+b&q=%C3%A9',
      headers: { 'x-custom': method, ...(type === undefined ? {} : { 'content-type': type }) },
      ...(payload === undefined ? {} : { payload }),
    });
    t.equal(answer.statusCode, 201, method);
    t.equal(answer.body, '{"b":2}');
    t.equal(answer.headers['x-own'], '1');
    t.equal(answer.headers['content-security-policy'], undefined);
    t.match(upstream.seen.at(-1), {
      method,
      url: '/app/thing%20one?q=a+b&q=%C3%A9',
      body: payload ?? '',
      headers: { 'x-custom': method },
    });
  }
  t.strictSame(await gateway.audit(), []);
});

void t.test('what is outside the prefix, and our own paths, never reach the service provider', async (t) => {
  const { gateway, upstream } = await behindProxy(t, ok);
  for (const url of ['/', '/application/', '/app', '/saml/okta/other', '/other/app/']) {
    t.equal((await gateway.app.inject({ url })).statusCode, 404, url);
  }
  gateway.change(
    {},
    { delivery: { kind: 'proxy', target: { prefix: '/', upstream: upstream.url, timeout: 1000, body: 1000 } } },
  );
  t.equal((await gateway.app.inject({ url: '/saml/okta/other' })).statusCode, 404);
  t.strictSame(upstream.seen, []);
  t.equal((await gateway.app.inject({ url: '/anything' })).statusCode, 200);
});

/** The path exactly as written: a URL parser would resolve the dots before they are sent. */
function statusOfRawPath(origin: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, path, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

void t.test('a path cannot climb out of the prefix', async (t) => {
  const { gateway, upstream } = await behindProxy(t, ok);
  const origin = await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  for (const path of ['/app/../admin', '/app/..%2f..%2fadmin', '/app/%2e%2e/admin', '/app/x/..', '/app/..\\admin']) {
    t.equal(await statusOfRawPath(origin, path), 400, path);
  }
  t.strictSame(upstream.seen, []);
  t.match(gateway.log(), 'HTTP_MALFORMED');
  t.equal(await statusOfRawPath(origin, '/app/[...slug]/a..b'), 200, 'dots inside a name are no climbing');
});

void t.test('large bodies stream both ways over real connections', async (t) => {
  const { gateway, upstream } = await behindProxy(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    for (let index = 0; index < 64; index += 1) response.write(Buffer.alloc(64 * 1024, index));
    response.end();
  });
  const address = await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  const body = 'x'.repeat(3 * 1024 * 1024);
  const received = await new Promise<number>((resolve, reject) => {
    const outgoing = request(
      `${address}/app/upload`,
      { method: 'POST', headers: { 'content-type': 'x/y' } },
      (answer) => {
        let size = 0;
        answer.on('data', (chunk: Buffer) => (size += chunk.length));
        answer.on('end', () => {
          resolve(size);
        });
      },
    );
    outgoing.on('error', reject);
    // No Content-Length: the body goes in chunks.
    for (let index = 0; index < 3; index += 1) outgoing.write(body.slice(0, 1024 * 1024));
    outgoing.end();
  });
  t.equal(received, 64 * 64 * 1024);
  t.equal(upstream.seen[0]?.body.length, body.length);
});

void t.test('when nothing is proxied any more, the paths are gone', async (t) => {
  const { gateway } = await behindProxy(t, ok);
  t.equal((await gateway.app.inject({ url: '/app/x' })).statusCode, 200);
  gateway.change({}, { delivery: { kind: 'browser' } });
  t.equal((await gateway.app.inject({ url: '/app/x' })).statusCode, 404);
});
