import { createCipheriv, randomBytes } from 'node:crypto';
import t from 'tap';
import { errorTable, GatewayError } from '../../src/shared/index.js';
import {
  attribute,
  canonicalize,
  decryptElement,
  defaultXmlLimits,
  element,
  encryptElement,
  parseXml,
  signEnveloped,
  verifiedChildren,
  verifySignature,
  type ContentAlgorithm,
  type EncryptionAlgorithms,
  type VerifiedElement,
  type XmlElement,
  type XmlNode,
} from '../../src/xml/index.js';
import { ecKeyPair, rsaKeyPair } from '../support/pki.js';
import { encryptedOctets } from './encrypted-octets.js';
import { xmlsecDecrypt, xmlsecEncrypt } from '../support/xmlsec.js';

const parse = (source: string): XmlElement => parseXml(Buffer.from(source));
const secret = parse('<s:secret xmlns:s="urn:s" ID="_1">geheim <b>é\u{1F600}</b></s:secret>');
const recipient = rsaKeyPair();
const strict = { allowCbc: false };
const lenient = { allowCbc: true };

function container(children: readonly XmlNode[]): XmlElement {
  return element({ prefix: 'c', localName: 'box', namespace: 'urn:box', children });
}

function boxed(algorithms: EncryptionAlgorithms = {}, plain: XmlElement = secret): XmlElement {
  return container([encryptElement(plain, recipient, algorithms)]);
}

function open(box: XmlElement, policy = strict, keys = [recipient.privateKey], limits = defaultXmlLimits): string {
  return canonicalize(decryptElement(parse(canonicalize(box)), keys, policy, limits));
}

function codeOf(box: XmlElement | string, policy = strict, keys = [recipient.privateKey]): string {
  try {
    decryptElement(typeof box === 'string' ? parse(box) : box, keys, policy, defaultXmlLimits);
    return 'decrypted';
  } catch (fault) {
    if (!(fault instanceof GatewayError)) throw fault;
    if (fault.code === 'DECRYPTION_FAILED') {
      t.equal(fault.message, errorTable.DECRYPTION_FAILED.meaning, 'no failure is told apart from another');
      t.strictSame([fault.evidence, fault.cause], [{}, undefined]);
    }
    return fault.code;
  }
}

for (const bits of [128, 192, 256] as const) {
  for (const mode of ['gcm', 'cbc'] as const) {
    t.test(`AES-${bits}-${mode} comes back as it went in`, (t) => {
      const content: ContentAlgorithm = `aes-${bits}-${mode}`;
      t.equal(open(boxed({ content }), { allowCbc: mode === 'cbc' }), canonicalize(secret));
      for (let length = 0; length < 17; length++) {
        const plain = parse(`<s>${'x'.repeat(length)}</s>`);
        t.equal(open(boxed({ content }, plain), lenient), canonicalize(plain), 'whatever the padding');
      }
      t.end();
    });
  }
}

t.test('both key transports come back as they went in', (t) => {
  for (const keyTransport of ['rsa-oaep-mgf1p', 'rsa-oaep-sha256'] as const) {
    t.equal(open(boxed({ keyTransport })), canonicalize(secret), keyTransport);
  }
  t.end();
});

t.test('the default is AES-256-GCM with RSA-OAEP', (t) => {
  const source = canonicalize(boxed());
  t.match(source, /xmlenc11#aes256-gcm/);
  t.match(source, /xmlenc#rsa-oaep-mgf1p/);
  t.notMatch(source, /X509Certificate/);
  const named = container([encryptElement(secret, { ...recipient, certificate: recipient.certificateBase64 })]);
  t.ok(canonicalize(named).includes(recipient.certificateBase64));
  t.end();
});

t.test('a session key is encrypted to RSA keys only', (t) => {
  t.throws(() => encryptElement(secret, ecKeyPair()), {
    code: 'ENCRYPTION_ALGORITHM',
    message: 'RSA-OAEP asks for an RSA key.',
  });
  t.end();
});

/** A box with parts of it rewritten as text. */
function rewritten(box: XmlElement, from: string | RegExp, to: string): string {
  const source = canonicalize(box);
  const changed = source.replace(from, to);
  t.not(changed, source, `the good message has ${String(from)}`);
  return changed;
}

const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const METHOD = /(<xenc:EncryptedKey[^>]*><xenc:EncryptionMethod[^>]*>)/;

const refusedAlgorithms: readonly (readonly [name: string, box: () => string])[] = [
  ['AES-CBC', () => canonicalize(boxed({ content: 'aes-256-cbc' }))],
  ['Triple DES', () => rewritten(boxed(), 'http://www.w3.org/2009/xmlenc11#aes256-gcm', `${XENC}tripledes-cbc`)],
  ['RSA 1.5', () => rewritten(boxed(), 'rsa-oaep-mgf1p', 'rsa-1_5')],
  ['AES key wrap', () => rewritten(boxed(), 'rsa-oaep-mgf1p', 'kw-aes256')],
  [
    'our own name of an algorithm',
    () => rewritten(boxed(), 'http://www.w3.org/2009/xmlenc11#aes256-gcm', 'aes-256-gcm'),
  ],
  [
    'no content algorithm',
    () => rewritten(boxed(), /<xenc:EncryptionMethod Algorithm="[^"]*gcm"><\/xenc:EncryptionMethod>/, ''),
  ],
  [
    'no key algorithm',
    () => rewritten(boxed(), /<xenc:EncryptionMethod Algorithm="[^"]*mgf1p">.*?<\/xenc:EncryptionMethod>/, ''),
  ],
  ['another key size', () => rewritten(boxed(), /(aes256-gcm">)/, '$1<xenc:KeySize>128</xenc:KeySize>')],
];
for (const [name, box] of refusedAlgorithms) {
  t.test(`refused as algorithm: ${name}`, (t) => {
    t.equal(codeOf(box()), 'ENCRYPTION_ALGORITHM');
    t.end();
  });
}

const failures: readonly (readonly [name: string, box: () => string])[] = [
  ['no EncryptedData', () => canonicalize(container([]))],
  [
    'two EncryptedData',
    () => canonicalize(container([encryptElement(secret, recipient), encryptElement(secret, recipient)])),
  ],
  ['no EncryptedKey', () => rewritten(boxed(), /<xenc:EncryptedKey.*<\/xenc:EncryptedKey>/, '')],
  ['three EncryptedKeys', () => rewritten(boxed(), /(<xenc:EncryptedKey.*<\/xenc:EncryptedKey>)/, '$1$1$1')],
  ['content in place of an element', () => rewritten(boxed(), `Type="${XENC}Element"`, `Type="${XENC}Content"`)],
  ['a changed key', () => rewritten(boxed(), /(<xenc:CipherValue>)[^<]{6}/, '$1AAAAAA')],
  ['a key of no length', () => rewritten(boxed(), /(<xenc:CipherValue>)[^<]*/, '$1')],
  ['changed content', () => rewritten(boxed(), /(<\/ds:KeyInfo><xenc:CipherData><xenc:CipherValue>)[^<]{4}/, '$1AAAA')],
  [
    'a changed tag',
    () => rewritten(boxed(), /[^<=]{4}(=*<\/xenc:CipherValue><\/xenc:CipherData><\/xenc:EncryptedData>)/, 'AAAA$1'),
  ],
  [
    'content shorter than tag and IV',
    () => rewritten(boxed(), /(<\/ds:KeyInfo><xenc:CipherData><xenc:CipherValue>)[^<]*/, '$1AAAA'),
  ],
  [
    'content that is not base64',
    () => rewritten(boxed(), /(<\/ds:KeyInfo><xenc:CipherData><xenc:CipherValue>)/, '$1!'),
  ],
  [
    'a CipherReference',
    () =>
      rewritten(
        boxed(),
        /<\/ds:KeyInfo><xenc:CipherData>.*?<\/xenc:CipherData>/,
        '</ds:KeyInfo><xenc:CipherData><xenc:CipherReference URI="http://127.0.0.1/"></xenc:CipherReference></xenc:CipherData>',
      ),
  ],
  ['a label that was not used', () => rewritten(boxed(), METHOD, '$1<xenc:OAEPParams>AAAA</xenc:OAEPParams>')],
  ['a key for another algorithm', () => rewritten(boxed(), 'aes256-gcm', 'aes128-gcm')],
];
for (const [name, box] of failures) {
  t.test(`failed, without a reason: ${name}`, (t) => {
    t.equal(codeOf(box()), 'DECRYPTION_FAILED');
    t.end();
  });
}

t.test('what the cipher is refused for is told', (t) => {
  const told = (from: string | RegExp, to: string): unknown => {
    try {
      decryptElement(parse(rewritten(boxed(), from, to)), [recipient.privateKey], strict, defaultXmlLimits);
      return undefined;
    } catch (fault) {
      return fault instanceof GatewayError ? fault.evidence.seen : fault;
    }
  };
  const method = /<xenc:EncryptionMethod Algorithm="[^"]*gcm"><\/xenc:EncryptionMethod>/;
  t.equal(told(method, ''), 'no EncryptionMethod');
  t.equal(told(method, '<xenc:EncryptionMethod></xenc:EncryptionMethod>'), '');
  t.equal(told('aes256-gcm"', 'aes256-gcmx"'), 'http://www.w3.org/2009/xmlenc11#aes256-gcmx');
  t.equal(told(/(aes256-gcm">)/, '$1<x></x>'), 'unknown parameter');
  t.end();
});

t.test('a KeySize is taken where it is that of the cipher, and nothing else in its place', (t) => {
  const withParameter = (parameter: string) => codeOf(rewritten(boxed(), /(aes256-gcm">)/, `$1${parameter}`));
  t.equal(withParameter('<xenc:KeySize>256</xenc:KeySize>'), 'decrypted');
  t.equal(withParameter('<xenc:KeySize>\n 256 </xenc:KeySize>'), 'decrypted');
  t.equal(withParameter('<xenc:KeyBits>256</xenc:KeyBits>'), 'ENCRYPTION_ALGORITHM');
  t.equal(withParameter('<ds:KeySize xmlns:ds="urn:x">256</ds:KeySize>'), 'ENCRYPTION_ALGORITHM');
  t.equal(withParameter('<xenc:KeySize>256</xenc:KeySize><xenc:KeySize>32</xenc:KeySize>'), 'ENCRYPTION_ALGORITHM');
  t.end();
});

t.test('CipherData holds one CipherValue', (t) => {
  const contentOf = (from: RegExp, to: string) =>
    codeOf(rewritten(boxed(), new RegExp(`(</ds:KeyInfo><xenc:CipherData>)${from.source}`), `$1${to}`));
  const value = /(<xenc:CipherValue>)([^<]*)(<\/xenc:CipherValue>)/;
  t.equal(contentOf(value, '\n$2$3$4\n'), 'decrypted');
  t.equal(contentOf(value, ''), 'DECRYPTION_FAILED', 'none');
  t.equal(contentOf(value, '$2$3$4$2$3$4'), 'DECRYPTION_FAILED', 'two');
  t.equal(contentOf(value, '$2$3$4<x></x>'), 'DECRYPTION_FAILED', 'another element behind it');
  t.equal(contentOf(value, '<xenc:CipherReference>$3</xenc:CipherReference>'), 'DECRYPTION_FAILED', 'another name');
  t.equal(contentOf(value, '<x xmlns="urn:x">$3</x>'), 'DECRYPTION_FAILED');
  const none = /<\/ds:KeyInfo><xenc:CipherData>.*?<\/xenc:CipherData>/;
  t.equal(codeOf(rewritten(boxed(), none, '</ds:KeyInfo>')), 'DECRYPTION_FAILED', 'no CipherData');
  t.end();
});

t.test('octets too few for IV and tag are never taken for the plaintext', (t) => {
  for (const text of [
    '<a/>',
    '<a>1234567</a>',
    '<a>123456789</a>',
    '<a>12345678901234567</a>',
    '<a>12345678901234567890</a>',
  ]) {
    const seal = () => ({ algorithm: 'http://www.w3.org/2009/xmlenc11#aes256-gcm', sealed: Buffer.from(text) });
    t.equal(codeOf(encryptedOctets(Buffer.alloc(0), { ...recipient, seal })), 'DECRYPTION_FAILED', text);
    const cbc = () => ({ algorithm: `${XENC}aes256-cbc`, sealed: Buffer.from(text) });
    t.equal(codeOf(encryptedOctets(Buffer.alloc(0), { ...recipient, seal: cbc }), lenient), 'DECRYPTION_FAILED', text);
  }
  t.end();
});

t.test('the padding of AES-CBC is 1 to 16 octets long, whatever they are', (t) => {
  const padded = (octets: Buffer): string => {
    const seal = (plain: Buffer, sessionKey: Buffer) => {
      const iv = randomBytes(16);
      const cipher = createCipheriv('aes-256-cbc', sessionKey, iv).setAutoPadding(false);
      return { algorithm: `${XENC}aes256-cbc`, sealed: Buffer.concat([iv, cipher.update(plain), cipher.final()]) };
    };
    return codeOf(encryptedOctets(octets, { ...recipient, seal }), lenient);
  };
  const ending = (text: string, last: number) => Buffer.concat([Buffer.from(text), Buffer.from([last])]);
  t.equal(padded(ending('<a></a>12345678', 9)), 'decrypted');
  t.equal(padded(ending('<a>12345678</a>', 1)), 'decrypted');
  t.equal(padded(ending('<a>123456789</a>123456789012345', 16)), 'decrypted');
  t.equal(padded(ending('<a>12345678</a>', 0)), 'DECRYPTION_FAILED', 'no padding');
  t.equal(padded(ending('<a>12345678</a>', 10)), 'DECRYPTION_FAILED', 'a line feed in its place');
  // With the padding left on, or taken off as long as it says, both of these would be elements.
  t.equal(padded(ending(`<a></a>${' '.repeat(40)}`, 32)), 'DECRYPTION_FAILED', '32 octets');
  t.equal(padded(ending(`<a></a>${' '.repeat(40)}`, 17)), 'DECRYPTION_FAILED', '17 octets');
  t.end();
});

t.test('AES-CBC with wrong padding, length or content fails without a reason', (t) => {
  const good = canonicalize(boxed({ content: 'aes-128-cbc' }));
  t.equal(codeOf(good, lenient), 'decrypted');
  const value = /(<\/ds:KeyInfo><xenc:CipherData><xenc:CipherValue>)([^<]*)/;
  const bytes = Buffer.from(value.exec(good)?.[2] ?? '', 'base64');
  t.ok(bytes.length > 48);
  const flipped = Buffer.from(bytes);
  for (let bit = 0; bit < 256; bit += 5) {
    flipped[bytes.length - 17] = (bytes.at(-17) ?? 0) ^ bit;
    const code = codeOf(good.replace(value, `$1${flipped.toString('base64')}`), lenient);
    t.ok(code === 'DECRYPTION_FAILED' || bit === 0, 'a flipped last block');
  }
  for (const length of [0, 16, 31, bytes.length - 1]) {
    const cut = bytes.subarray(0, length).toString('base64');
    t.equal(codeOf(good.replace(value, `$1${cut}`), lenient), 'DECRYPTION_FAILED', `${length} bytes`);
  }
  t.end();
});

t.test('the plaintext is held to what every document is held to', (t) => {
  const smuggled = (text: string): string => codeOf(boxedText(text));
  t.equal(smuggled('<a/>'), 'decrypted');
  for (const text of [
    '',
    'text',
    '<a/><b/>',
    '<!DOCTYPE a><a/>',
    '<a><!-- --></a>',
    '<p:a/>',
    '<a ID="1"><b ID="1"/></a>',
  ]) {
    t.equal(smuggled(text), 'DECRYPTION_FAILED', text);
  }
  t.equal(smuggled('<a>'.repeat(65) + '</a>'.repeat(65)), 'DECRYPTION_FAILED');
  t.throws(() => open(boxed(), strict, [recipient.privateKey], { ...defaultXmlLimits, maxDepth: 1 }), {
    code: 'DECRYPTION_FAILED',
  });
  t.end();
});

/** Encrypts octets that need not be an element. */
function boxedText(text: string): string {
  return encryptedOctets(Buffer.from(text), recipient);
}

t.test('the plaintext stands in the namespaces of the box, not in those of EncryptedData', (t) => {
  const declarations = 'xmlns="urn:default" xmlns:p="urn:p"';
  const box = parse(encryptedOctets(Buffer.from('<a p:x="1"><p:b/></a>'), { ...recipient, declarations }));
  const opened = decryptElement(box, [recipient.privateKey], strict, defaultXmlLimits);
  t.equal(opened.namespace, 'urn:default');
  t.equal(
    canonicalize(opened, ['c']),
    '<a xmlns="urn:default" xmlns:c="urn:box" xmlns:p="urn:p" p:x="1"><p:b></p:b></a>',
  );
  t.equal(codeOf(encryptedOctets(Buffer.from('<p:a/>'), recipient)), 'DECRYPTION_FAILED');
  t.end();
});

t.test('the EncryptedKey may stand inside, beside with a RetrievalMethod, or beside without', (t) => {
  for (const key of ['inside', 'beside', 'loose'] as const) {
    t.equal(codeOf(encryptedOctets(Buffer.from('<a/>'), { ...recipient, key })), 'decrypted', key);
  }
  const beside = encryptedOctets(Buffer.from('<a/>'), { ...recipient, key: 'beside' });
  t.equal(codeOf(beside.replace('URI="#_key"', 'URI="#_other"')), 'DECRYPTION_FAILED');
  const elsewhere = beside.replace(/(<EncryptedKey.*<\/EncryptedKey>)/, '<x>$1</x>');
  t.equal(codeOf(elsewhere), 'DECRYPTION_FAILED', 'it is not sought elsewhere');
  t.end();
});

t.test('every configured key is tried, and keys that are no RSA private keys are passed over', (t) => {
  const other = rsaKeyPair(2048, 'other').privateKey;
  const box = parse(canonicalize(boxed()));
  t.equal(codeOf(box, strict, [other, recipient.privateKey]), 'decrypted');
  t.equal(codeOf(box, strict, [ecKeyPair().privateKey, recipient.publicKey, recipient.privateKey]), 'decrypted');
  t.equal(codeOf(box, strict, [other]), 'DECRYPTION_FAILED');
  t.equal(codeOf(box, strict, []), 'DECRYPTION_FAILED');
  t.end();
});

t.test('of several EncryptedKeys the one that is ours and allowed is used', (t) => {
  const forOther = canonicalize(container([encryptElement(secret, rsaKeyPair(2048, 'other'))]));
  const foreign = /<xenc:EncryptedKey.*<\/xenc:EncryptedKey>/.exec(forOther)?.[0] ?? '';
  const own = /(<xenc:EncryptedKey.*<\/xenc:EncryptedKey>)/;
  t.equal(codeOf(rewritten(boxed(), own, `${foreign}$1`)), 'decrypted');
  t.equal(codeOf(rewritten(boxed(), own, `${foreign.replace('rsa-oaep-mgf1p', 'rsa-1_5')}$1`)), 'decrypted');
  t.end();
});

t.test('of several EncryptedKeys the one whose session key has the length for the content is used', (t) => {
  const other = canonicalize(boxed({ content: 'aes-128-gcm' }));
  const short = /<xenc:EncryptedKey.*<\/xenc:EncryptedKey>/.exec(other)?.[0] ?? '';
  const own = /(<xenc:EncryptedKey.*<\/xenc:EncryptedKey>)/;
  t.equal(codeOf(rewritten(boxed(), own, `${short}$1`)), 'decrypted');
  t.equal(codeOf(rewritten(boxed(), own, `$1${short}`)), 'decrypted');
  t.equal(codeOf(rewritten(boxed(), own, short)), 'DECRYPTION_FAILED');
  t.end();
});

t.test('so many EncryptedKeys are tried under so many keys, and keys come before EncryptedKeys', (t) => {
  const { privateKey } = recipient;
  const two = rewritten(boxed(), /(<xenc:EncryptedKey.*<\/xenc:EncryptedKey>)/, '$1$1');
  t.equal(codeOf(two, strict, [privateKey, privateKey]), 'decrypted');
  t.equal(codeOf(two, strict, [privateKey, privateKey, privateKey]), 'DECRYPTION_FAILED');
  const others = [ecKeyPair().privateKey, recipient.publicKey];
  t.equal(codeOf(two, strict, [privateKey, privateKey, ...others]), 'decrypted', 'only private RSA keys count');
  const other = rsaKeyPair(2048, 'other').privateKey;
  t.equal(codeOf(canonicalize(boxed()), strict, [other, other, other, other, privateKey]), 'decrypted');
  t.end();
});

t.test('what lies inside a verified element comes out verified', async (t) => {
  const pair = rsaKeyPair(2048, 'signer');
  const box = { ...boxed({ content: 'aes-128-cbc' }), attributes: [attribute('ID', '_box')] };
  const source = canonicalize(await signEnveloped(box, pair.signingKey(), { position: 0 }));
  const policy = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false, now: 0 };
  const { element: verified } = await verifySignature(parse(source), [pair.verificationKey()], policy);
  const opened: VerifiedElement = decryptElement(verified, [recipient.privateKey], lenient, defaultXmlLimits);
  t.equal(canonicalize(opened), canonicalize(secret));
  t.equal(verifiedChildren(opened).length, 1);
});

t.test('xmlsec1 decrypts what we encrypt', async (t) => {
  const contents: ContentAlgorithm[] = ['aes-128-gcm', 'aes-256-gcm', 'aes-256-cbc'];
  const documents = contents.map((content) => canonicalize(encryptElement(secret, recipient, { content })));
  const opened = await xmlsecDecrypt(documents, recipient.privateKeyPem);
  t.equal(opened.length, documents.length);
  for (const document of opened) t.equal(canonicalize(parse(document)), canonicalize(secret));
});

t.test('we decrypt what xmlsec1 encrypts', async (t) => {
  for (const [algorithm, sessionKey] of [
    ['http://www.w3.org/2009/xmlenc11#aes256-gcm', 'aes-256'],
    [`${XENC}aes128-cbc`, 'aes-128'],
  ] as const) {
    const template = canonicalize(encryptElement(secret, recipient))
      .replace('http://www.w3.org/2009/xmlenc11#aes256-gcm', algorithm)
      .replaceAll(/(<xenc:CipherValue>)[^<]*/g, '$1');
    const publicKeyPem = recipient.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const encrypted = await xmlsecEncrypt(canonicalize(secret), template, { publicKeyPem, sessionKey });
    t.equal(open(container([parse(encrypted)]), lenient), canonicalize(secret), algorithm);
  }
});
