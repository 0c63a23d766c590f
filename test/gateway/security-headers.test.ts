import t from 'tap';
import { startTestGateway } from '../support/gateway.js';

t.test('every answer has the security headers of the first, and its own policy', async (t) => {
  const { app } = await startTestGateway(t);
  const fixed = ({ headers }: { readonly headers: object }) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-length' && name !== 'date'));
  const first = await app.inject({ url: '/nothing' });
  const second = await app.inject({ url: '/nothing/else' });
  t.same(fixed(second), fixed(first));
  t.match(first.headers, {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'strict-origin',
    'strict-transport-security': 'max-age=31536000',
    'content-security-policy': "default-src 'none'",
  });
  const metadata = await app.inject({ url: '/saml/okta/metadata' });
  t.equal(metadata.statusCode, 200);
  t.match(metadata.headers, { 'x-content-type-options': 'nosniff', 'strict-transport-security': 'max-age=31536000' });
});
