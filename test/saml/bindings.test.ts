import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import {
  decodePostMessage,
  decodeRedirectMessage,
  encodeRedirect,
  parseRequestRecord,
  readResponseInput,
  receiveResponse,
  serializeRequestRecord,
} from '../../src/saml/index.js';
import { testContext, testIdp, testRequest, testSp } from '../support/saml-parties.js';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
const base64 = (value: string) => Buffer.from(value).toString('base64');

t.test('a POST message is base64, in which white space does not count', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
      const wrapped = Buffer.from(bytes)
        .toString('base64')
        .replace(/(.{7})/g, '$1\r\n \t');
      return Buffer.from(bytes).equals(decodePostMessage(wrapped, 200));
    }),
  );
  t.end();
});

t.test('anything but base64 is refused', (t) => {
  for (const field of [
    '',
    ' ',
    '=',
    'A',
    'AB',
    'ABC',
    'AAAA=',
    'AA=A',
    'AAA-',
    'AAA_',
    'AB==',
    'A===',
    'AAAA\u00a0',
    'AAAA\u000b',
    '<a/>',
    'QUJD%3D',
  ]) {
    t.throws(() => decodePostMessage(field, 100), { code: 'SAML_ENCODING' }, JSON.stringify(field));
  }
  t.end();
});

t.test('a message may be as large as the limit, and no larger', (t) => {
  for (const size of [300, 301, 302]) {
    const field = Buffer.alloc(size, 'x').toString('base64');
    t.equal(decodePostMessage(field, size).length, size);
    t.throws(() => decodePostMessage(field, size - 1), { code: 'SAML_TOO_LARGE' });
    t.throws(() => decodePostMessage(field, 10), { code: 'SAML_TOO_LARGE' });
  }
  t.end();
});

t.test('a deflated message does not pass for a POST one', async (t) => {
  const bytes = decodePostMessage(deflateRawSync('<samlp:Response/>').toString('base64'), 1000);
  await t.rejects(receiveResponse(bytes, testIdp(), testSp(), testContext()), { code: /^XML_/ });
});

t.test('inspect takes a document, its base64, or a form body', (t) => {
  const xml = '<a>é</a>';
  t.equal(text(readResponseInput(`\uFEFF\n${xml}\n`)), xml);
  t.equal(text(readResponseInput(base64(xml))), xml);
  t.equal(text(readResponseInput(`SAMLResponse=${encodeURIComponent(base64(xml))}&RelayState=x`)), xml);
  t.equal(text(readResponseInput(`RelayState=x&SAMLResponse=${encodeURIComponent(base64(xml))}\n`)), xml);
  t.throws(() => readResponseInput('SAMLResponse=AAAA&SAMLResponse=AAAA'), { code: 'SAML_ENCODING' });
  t.throws(() => readResponseInput('hello'), { code: 'SAML_ENCODING' });
  t.throws(() => readResponseInput(xml, 8), { code: 'SAML_TOO_LARGE' });
  t.end();
});

const query = (url: string) => new URL(url).search.slice(1);

t.test('a Redirect message is read as it was written', async (t) => {
  const xml = '<samlp:AuthnRequest>é</samlp:AuthnRequest>';
  const url = await encodeRedirect('https://idp.example/sso?tenant=1', {
    parameter: 'SAMLRequest',
    xml,
    relayState: 'a b&c',
    key: null,
  });
  t.match(url, /^https:\/\/idp\.example\/sso\?tenant=1&SAMLRequest=/);
  const message = decodeRedirectMessage(query(url), 'SAMLRequest', 1000);
  t.equal(text(message.bytes), xml);
  t.equal(message.relayState, 'a b&c');
  t.equal(message.signature, null);
  const plain = await encodeRedirect('https://idp.example/sso', {
    parameter: 'SAMLRequest',
    xml,
    relayState: null,
    key: null,
  });
  t.match(plain, /^https:\/\/idp\.example\/sso\?SAMLRequest=[^&]+$/);
  t.equal(decodeRedirectMessage(query(plain), 'SAMLRequest', 1000).relayState, null);
});

t.test('what is no Redirect message is refused', (t) => {
  const message = encodeURIComponent(deflateRawSync('<a/>').toString('base64'));
  const refused = (raw: string, code = 'SAML_ENCODING') => {
    t.throws(() => decodeRedirectMessage(raw, 'SAMLRequest', 1000), { code }, raw);
  };
  refused('');
  refused(`SAMLResponse=${message}`);
  refused(`SAMLRequest=${message}&SAMLRequest=${message}`);
  refused(`SAMLRequest=${message}&RelayState=a&RelayState=b`);
  refused(`SAMLRequest=${message}&SAMLEncoding=urn:other`);
  refused(`SAMLRequest=${message}&SigAlg=x`);
  refused(`SAMLRequest=${message}&Signature=AAAA`);
  refused('SAMLRequest=%E0%A4%A');
  refused(`SAMLRequest=${encodeURIComponent(base64('<a/>'))}`);
  refused(`SAMLRequest=${encodeURIComponent(deflateRawSync('x'.repeat(1001)).toString('base64'))}`, 'SAML_TOO_LARGE');
  const deflate = encodeURIComponent('urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE');
  t.equal(
    text(decodeRedirectMessage(`SAMLRequest=${message}&SAMLEncoding=${deflate}`, 'SAMLRequest', 1000).bytes),
    '<a/>',
  );
  t.end();
});

t.test('a request record is read back as it was written, and nothing else is one', (t) => {
  const record = testRequest();
  t.strictSame(parseRequestRecord(serializeRequestRecord(record)), record);
  const bare = testRequest({ spRequestId: null, relayState: null });
  t.strictSame(parseRequestRecord(serializeRequestRecord(bare)), bare);
  for (const other of [
    '',
    'null',
    '1',
    '{}',
    '[]',
    JSON.stringify({ ...record, expiresAt: 'soon' }),
    JSON.stringify({ ...record, acsUrl: null }),
    JSON.stringify({ ...record, relayState: 1 }),
  ]) {
    t.equal(parseRequestRecord(other), null, other);
  }
  t.end();
});
