import t from 'tap';
import {
  browserBinding,
  browserCookie,
  cookiePolicy,
  isBoundTo,
  newBrowserSecret,
  readBrowserSecret,
  withoutBrowserCookie,
} from '../../src/gateway/browser-cookie.js';
import { systemRandom } from '../../src/shared/index.js';

const https = cookiePolicy('https://sso.example.org');
const http = cookiePolicy('http://127.0.0.1:8080');
const secret = newBrowserSecret(systemRandom);

void t.test('over https the cookie is host-bound, secure and sent with the cross-site POST of an IdP', (t) => {
  t.equal(
    browserCookie(secret, https, 600_000),
    `__Host-claims-gateway=${secret}; Max-Age=600; Path=/; Secure; HttpOnly; SameSite=None`,
  );
  t.end();
});

void t.test('over http, as in the demo, the cookie does without what browsers would drop it for', (t) => {
  const cookie = browserCookie(secret, http, 600_000);
  t.notMatch(cookie, /Secure|SameSite=None|__Host-/);
  t.match(cookie, /; HttpOnly; SameSite=Lax$/);
  t.end();
});

void t.test('the secret is read back among other cookies', (t) => {
  t.equal(readBrowserSecret(`a=b; __Host-claims-gateway=${secret}; c`, https), secret);
  t.end();
});

void t.test('no secret is read where the cookie is absent, doubled, of another name or of another form', (t) => {
  for (const header of [
    undefined,
    '',
    `claims-gateway=${secret}`,
    `__Host-claims-gateway=${secret}; __Host-claims-gateway=${secret}`,
    '__Host-claims-gateway',
    '__Host-claims-gateway=short',
    `__Host-claims-gateway=${secret}x`,
  ]) {
    t.equal(readBrowserSecret(header, https), null, String(header));
  }
  t.end();
});

void t.test('only the secret of the binding is bound to it', (t) => {
  t.ok(isBoundTo(secret, browserBinding(secret)));
  t.notOk(isBoundTo(newBrowserSecret(systemRandom), browserBinding(secret)));
  t.notOk(isBoundTo(secret, ''));
  t.notMatch(browserBinding(secret), secret);
  t.end();
});

void t.test('our cookie does not go on to the service provider', (t) => {
  t.equal(withoutBrowserCookie(`a=b; __Host-claims-gateway=${secret}; c=d=e; f`, https), 'a=b; c=d=e; f');
  t.equal(withoutBrowserCookie(`__Host-claims-gateway=${secret}`, https), undefined);
  t.equal(withoutBrowserCookie(undefined, https), undefined);
  t.end();
});
