import { spawnSync } from 'node:child_process';
import { constants, publicEncrypt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const digests = ['sha1', 'sha256', 'sha384', 'sha512'] as const;
for (const digest of digests) {
  const fits = digest === 'sha1' || digest === 'sha256';
  t.test(`rsa-oaep-mgf1p with digest ${digest} ${fits ? 'comes back as it went in' : 'is refused'}`, (t) => {
    if (fits) t.equal(open(boxed({ digest })), canonicalize(secret));
    else t.equal(codeOf(boxed({ digest })), 'ENCRYPTION_ALGORITHM');
    t.end();
  });
  for (const maskDigest of digests) {
    const box = () => boxed({ keyTransport: 'rsa-oaep', digest, maskDigest });
    const allowed = digest === 'sha256' && (maskDigest === 'sha1' || maskDigest === 'sha256');
    const outcome = allowed ? 'comes back as it went in' : 'is refused';
    t.test(`rsa-oaep with digest ${digest} and MGF1 with ${maskDigest} ${outcome}`, (t) => {
      if (allowed) t.equal(open(box()), canonicalize(secret));
      else t.equal(codeOf(box()), 'ENCRYPTION_ALGORITHM');
      t.end();
    });
  }
}

t.test('the default is AES-256-GCM with RSA-OAEP', (t) => {
  const source = canonicalize(boxed());
  t.match(source, /xmlenc11#aes256-gcm/);
  t.match(source, /xmlenc#rsa-oaep-mgf1p/);
  t.notMatch(source, /X509Certificate/);
  const named = container([encryptElement(secret, { ...recipient, certificate: recipient.certificateBase64 })]);
  t.ok(canonicalize(named).includes(recipient.certificateBase64));
  t.end();
});

t.test('algorithms that do not fit each other or the key are refused when encrypting', (t) => {
  t.throws(() => boxed({ maskDigest: 'sha256' }), { code: 'ENCRYPTION_ALGORITHM' });
  t.throws(() => encryptElement(secret, ecKeyPair()), { code: 'ENCRYPTION_ALGORITHM' });
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
    'no content algorithm',
    () => rewritten(boxed(), /<xenc:EncryptionMethod Algorithm="[^"]*gcm"><\/xenc:EncryptionMethod>/, ''),
  ],
  [
    'no key algorithm',
    () => rewritten(boxed(), /<xenc:EncryptionMethod Algorithm="[^"]*mgf1p">.*?<\/xenc:EncryptionMethod>/, ''),
  ],
  [
    'an unknown digest',
    () => rewritten(boxed(), 'http://www.w3.org/2000/09/xmldsig#sha1', 'http://www.w3.org/2001/04/xmldsig-more#md5'),
  ],
  ['an unknown mask', () => rewritten(boxed({ keyTransport: 'rsa-oaep' }), '#mgf1sha1', '#mgf1md5')],
  [
    'an MGF with mgf1p',
    () =>
      rewritten(
        boxed({ keyTransport: 'rsa-oaep' }),
        'http://www.w3.org/2009/xmlenc11#rsa-oaep"',
        `${XENC}rsa-oaep-mgf1p"`,
      ),
  ],
  ['a digest twice', () => rewritten(boxed(), /(<ds:DigestMethod[^>]*><\/ds:DigestMethod>)/, '$1$1')],
  ['an unknown parameter of the key', () => rewritten(boxed(), METHOD, '$1<x></x>')],
  ['OAEPParams that are not base64', () => rewritten(boxed(), METHOD, '$1<xenc:OAEPParams>!</xenc:OAEPParams>')],
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
  [
    'a label that was not used, two hashes',
    () => rewritten(boxed({ digest: 'sha256' }), METHOD, '$1<xenc:OAEPParams>AAAA</xenc:OAEPParams>'),
  ],
  ['a key for another algorithm', () => rewritten(boxed(), 'aes256-gcm', 'aes128-gcm')],
  [
    'OAEP by other hashes',
    () => rewritten(boxed({ digest: 'sha256' }), `${XENC}sha256`, 'http://www.w3.org/2000/09/xmldsig#sha1'),
  ],
];
for (const [name, box] of failures) {
  t.test(`failed, without a reason: ${name}`, (t) => {
    t.equal(codeOf(box()), 'DECRYPTION_FAILED');
    t.end();
  });
}

// RFC 8017 §7.1.2 step 1: as long as the modulus.
t.test('an encrypted key whose leading zero was cut off is refused', (t) => {
  const method = `<EncryptionMethod Algorithm="${XENC}rsa-oaep-mgf1p"></EncryptionMethod>`;
  const padding = { key: recipient.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
  const withZero = (sessionKey: Buffer): Buffer => {
    for (;;) {
      const encrypted = publicEncrypt(padding, sessionKey);
      if (encrypted[0] === 0) return encrypted;
    }
  };
  const withKey = (change: (encrypted: Buffer) => Buffer) =>
    encryptedOctets(Buffer.from('<a/>'), {
      ...recipient,
      wrap: (sessionKey) => ({ method, encrypted: change(withZero(sessionKey)) }),
    });
  t.equal(codeOf(withKey((encrypted) => encrypted)), 'decrypted');
  t.equal(codeOf(withKey((encrypted) => encrypted.subarray(1))), 'DECRYPTION_FAILED');
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

t.test('so many EncryptedKeys are tried under so many keys, and keys come before EncryptedKeys', (t) => {
  const { privateKey } = recipient;
  const two = rewritten(boxed(), /(<xenc:EncryptedKey.*<\/xenc:EncryptedKey>)/, '$1$1');
  t.equal(codeOf(two, strict, [privateKey, privateKey]), 'decrypted');
  t.equal(codeOf(two, strict, [privateKey, privateKey, privateKey]), 'DECRYPTION_FAILED');
  t.equal(codeOf(two, strict, [privateKey, privateKey, ecKeyPair().privateKey]), 'decrypted', 'only RSA keys count');
  const other = rsaKeyPair(2048, 'other').privateKey;
  t.equal(codeOf(canonicalize(boxed()), strict, [other, other, other, other, privateKey]), 'decrypted');
  t.end();
});

t.test('a label is honoured', (t) => {
  const label = Buffer.from('label');
  t.equal(codeOf(encryptedOctets(Buffer.from('<a/>'), { ...recipient, label })), 'decrypted');
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

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'there is no openssl here';

t.test('where OAEP has two hashes, OpenSSL pads as we read it', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'oaep-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const key = join(folder, 'key.pem');
  await writeFile(key, recipient.publicKey.export({ type: 'spki', format: 'pem' }));
  const wrap = (sessionKey: Buffer): { method: string; encrypted: Buffer } => {
    const options = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha1'];
    const args = ['pkeyutl', '-encrypt', '-pubin', '-inkey', key, ...options.flatMap((each) => ['-pkeyopt', each])];
    const { stdout } = spawnSync('openssl', args, { input: sessionKey });
    const digest =
      '<DigestMethod xmlns="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>';
    return {
      method: `<EncryptionMethod Algorithm="${XENC}rsa-oaep-mgf1p">${digest}</EncryptionMethod>`,
      encrypted: stdout,
    };
  };
  t.equal(codeOf(encryptedOctets(Buffer.from('<a/>'), { ...recipient, wrap })), 'decrypted');
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
