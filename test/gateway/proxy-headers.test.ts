import t from 'tap';
import { cookiePolicy } from '../../src/gateway/browser-cookie.js';
import { deliveryHeaders, requestHeaders, responseHeaders } from '../../src/gateway/delivery/proxy-headers.js';

const cookies = cookiePolicy('https://sso.example.org');
const from = { method: 'POST', address: '192.0.2.7', cookies };
const addresses = {
  publicUrl: 'https://sso.example.org',
  target: { prefix: '/app/', upstream: 'https://sp.internal:8443', timeout: 1000, body: 1000 },
  spOrigins: new Set(['https://sp.internal:8443', 'https://app.example.com']),
};

void t.test(
  'what is for one connection only, or a claim about the client, does not reach the service provider',
  (t) => {
    const headers = requestHeaders(
      {
        connection: 'close',
        'keep-alive': 'timeout=5',
        'proxy-authorization': 'Basic eA==',
        te: 'trailers',
        upgrade: 'websocket',
        forwarded: 'for=10.0.0.1',
        'x-forwarded-for': '10.0.0.1',
        'x-forwarded-host': 'evil.example',
        'x-real-ip': '10.0.0.1',
        cookie: 'a=b; __Host-claims-gateway=secret',
        'x-custom': 'kept',
        'content-length': '3',
      },
      from,
    );
    t.strictSame(headers, { 'x-custom': 'kept', 'content-length': '3', cookie: 'a=b', 'x-forwarded-for': '192.0.2.7' });
    t.end();
  },
);

void t.test('a GET with a length loses it, since its body is not passed on', (t) => {
  const headers = requestHeaders({ 'content-length': '9', 'transfer-encoding': 'chunked' }, { ...from, method: 'GET' });
  t.strictSame(headers, { 'x-forwarded-for': '192.0.2.7' });
  t.end();
});

void t.test('the delivered form does not carry where the browser came from', (t) => {
  const headers = deliveryHeaders({
    origin: 'https://idp.example',
    referer: 'https://idp.example/x',
    'user-agent': 'b',
  });
  t.strictSame(headers, { 'user-agent': 'b' });
  t.end();
});

void t.test('a cookie loses its Domain and keeps the rest', (t) => {
  const { 'set-cookie': set } = responseHeaders(
    { 'set-cookie': ['s=domain=1; Domain=.example.com; Path=/; Secure', 't=1; HttpOnly;domain=x', 'domain=2; Path=/'] },
    addresses,
  );
  t.strictSame(set, ['s=domain=1; Path=/; Secure', 't=1; HttpOnly', 'domain=2; Path=/']);
  t.end();
});

const locations: readonly (readonly [from: string, to: string, why: string])[] = [
  ['https://app.example.com/app/home?x=1#y', 'https://sso.example.org/app/home?x=1#y', 'the service provider'],
  ['https://sp.internal:8443/app/', 'https://sso.example.org/app/', 'the upstream'],
  ['https://app.example.com/elsewhere', 'https://app.example.com/elsewhere', 'outside the prefix'],
  ['https://other.example/app/', 'https://other.example/app/', 'another site'],
  ['/app/home', '/app/home', 'relative'],
  ['http://app.example.com/app/', 'http://app.example.com/app/', 'another scheme'],
];
for (const [location, expected, why] of locations) {
  void t.test(`a redirect to ${location} (${why}) leads to ${expected}`, (t) => {
    t.equal(responseHeaders({ location }, addresses).location, expected);
    t.end();
  });
}

void t.test('what the upstream says about its own connection is not passed on', (t) => {
  const headers = responseHeaders(
    {
      connection: 'X-Private, close',
      'x-private': '1',
      'keep-alive': 'timeout=5',
      'transfer-encoding': 'chunked',
      'alt-svc': 'h3=":443"',
      'content-type': 'text/plain',
    },
    addresses,
  );
  t.strictSame(headers, { 'content-type': 'text/plain' });
  t.end();
});
