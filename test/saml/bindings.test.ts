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
import { GatewayError } from '../../src/shared/index.js';
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
  for (const other of ['', '{', 'null', '1', '"text"', '{}', '[]']) t.equal(parseRequestRecord(other), null, other);
  for (const field of Object.keys(record)) {
    for (const value of [undefined, true, ['x'], { x: 1 }]) {
      const other = JSON.stringify({ ...record, [field]: value });
      t.equal(parseRequestRecord(other), null, other);
    }
  }
  for (const [field, value] of [
    ['id', null],
    ['idp', null],
    ['acsUrl', null],
    ['browserBinding', null],
    ['relayState', 1],
    ['spRequestId', 1],
    ['createdAt', '1'],
    ['expiresAt', 'soon'],
    ['createdAt', null],
    ['expiresAt', null],
  ] as const) {
    const other = JSON.stringify({ ...record, [field]: value });
    t.equal(parseRequestRecord(other), null, other);
  }
  t.end();
});

function saidOf(run: () => unknown): [code: string, message: string, expected: string | undefined] {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return [error.code, error.message, error.evidence.expected];
  }
  throw new Error('It was not refused.');
}

t.test('what is wrong with a message is said', (t) => {
  const post = (field: string, size = 100) => saidOf(() => decodePostMessage(field, size));
  t.strictSame(post('<a/>'), ['SAML_ENCODING', 'The message is not base64.', undefined]);
  t.equal(post('<QUJD')[1], 'The message is not base64.');
  t.equal(post('QUJD>')[1], 'The message is not base64.');
  t.strictSame(post('AB=='), ['SAML_ENCODING', 'The message is base64 with wrong padding.', undefined]);
  const [code, , expected] = post(base64('x'.repeat(101)));
  t.strictSame([code, expected], ['SAML_TOO_LARGE', 'at most 100 bytes']);
  t.equal(post('<'.repeat(1000))[0], 'SAML_TOO_LARGE', 'what is too long is not looked at');
  t.equal(post('<'.repeat(133))[0], 'SAML_ENCODING');
  t.strictSame(
    saidOf(() => readResponseInput('SAMLResponse=AAAA&SAMLResponse=AAAA')),
    ['SAML_ENCODING', 'The form body has more than one SAMLResponse.', undefined],
  );
  t.equal(saidOf(() => readResponseInput('<a></a>', 6))[2], 'at most 6 bytes');
  t.equal(text(readResponseInput('<a></a>', 7)), '<a></a>');
  for (const mark of ['\uFEFF', '']) {
    t.equal(text(readResponseInput(`${mark}<a>\uFEFF</a>`)), '<a>\uFEFF</a>', 'only at the start it is a mark');
  }
  t.equal(saidOf(() => readResponseInput('x=1&notSAMLResponse=AAAA'))[1], 'The message is not base64.');
  t.end();
});

t.test('what is wrong with a Redirect message is said', (t) => {
  const message = encodeURIComponent(deflateRawSync('<a/>').toString('base64'));
  const said = (raw: string) => saidOf(() => decodeRedirectMessage(raw, 'SAMLRequest', 1000));
  const encoding = (raw: string) => {
    const [code, sentence] = said(raw);
    t.equal(code, 'SAML_ENCODING', raw);
    return sentence;
  };
  t.equal(encoding(''), 'There is no SAMLRequest.');
  t.equal(encoding(`SAMLRequest=${message}&SAMLRequest=`), 'The parameter SAMLRequest stands more than once.');
  t.equal(encoding(`SAMLRequest=${message}&%53igAlg=x`), 'The name of a parameter is percent-encoded.');
  t.equal(encoding(`SAMLRequest=${message}&S%69gAl%67=x`), 'The name of a parameter is percent-encoded.');
  t.equal(encoding('SAMLRequest=%E0%A4%A'), 'A parameter is not percent-encoded UTF-8.');
  t.equal(encoding(`SAMLRequest=${message}&SAMLEncoding=x`), 'The message has an encoding that we do not know.');
  t.equal(encoding(`SAMLRequest=${message}&SigAlg=x`), 'Signature and SigAlg stand only together.');
  t.equal(encoding(`SAMLRequest=${message}&Signature=AAAA`), 'Signature and SigAlg stand only together.');
  t.equal(
    encoding(`SAMLRequest=${encodeURIComponent(base64('<a/>'))}`),
    'The message is not deflated as the Redirect binding wants it.',
  );
  const large = encodeURIComponent(deflateRawSync('x'.repeat(1001)).toString('base64'));
  t.equal(said(`SAMLRequest=${large}`)[2], 'at most 1000 bytes');
  const longest = encodeURIComponent(deflateRawSync('x'.repeat(1000)).toString('base64'));
  t.equal(decodeRedirectMessage(`SAMLRequest=${longest}`, 'SAMLRequest', 1000).bytes.length, 1000);
  const signed = (bytes: number) =>
    `SAMLRequest=${message}&SigAlg=a+b&Signature=${encodeURIComponent(Buffer.alloc(bytes).toString('base64'))}`;
  t.equal(said(signed(2049))[0], 'SAML_TOO_LARGE', 'no key makes a signature that long');
  const { signature, relayState } = decodeRedirectMessage(signed(2048), 'SAMLRequest', 1000);
  t.equal(signature?.signature.length, 2048);
  t.equal(signature?.algorithm, 'a b', 'a plus sign is a space in a form');
  t.equal(signature?.octets.toString(), `SAMLRequest=${message}&SigAlg=a+b`);
  t.equal(relayState, null);
  const answer = `SAMLResponse=${message}`;
  t.equal(text(decodeRedirectMessage(`SAMLRequest=x&${answer}`, 'SAMLResponse', 1000).bytes), '<a/>');
  t.equal(saidOf(() => decodeRedirectMessage('', 'SAMLResponse', 1000))[1], 'There is no SAMLResponse.');
  t.equal(encoding(`SAMLRequest=${message}&SAMLResponse&SAMLResponse`).includes('SAMLResponse'), true);
  t.equal(decodeRedirectMessage(`SAMLRequest=${message}&RelayState`, 'SAMLRequest', 1000).relayState, '');
  t.equal(decodeRedirectMessage(`RelayState=a+b=c&SAMLRequest=${message}`, 'SAMLRequest', 1000).relayState, 'a b=c');
  t.end();
});
