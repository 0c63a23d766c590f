import t from 'tap';
import { canonicalize, encryptElement, parseXml } from '../../src/xml/index.js';
import { rsaKeyPair } from '../support/pki.js';

const { publicKey } = rsaKeyPair();
const plain = parseXml(Buffer.from('<a xmlns:p="urn:p">\u00E9</a>'));
const random = (count: number): Uint8Array => Buffer.alloc(count, 7);

const XENC = 'xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"';
const DS = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"';
const X509 = '<ds:X509Data><ds:X509Certificate>QUJD</ds:X509Certificate></ds:X509Data>';
const VALUE = '<xenc:CipherData><xenc:CipherValue>…</xenc:CipherValue></xenc:CipherData>';
const SHA1 = `<ds:DigestMethod ${DS} Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"></ds:DigestMethod>`;

/** What is written, but for the encrypted values, which are another matter. */
const written = (
  ...[recipient, algorithms]: [Parameters<typeof encryptElement>[1], Parameters<typeof encryptElement>[2]?]
) =>
  canonicalize(encryptElement(plain, recipient, algorithms, { random })).replace(/(<xenc:CipherValue>)[^<]+/g, '$1…');

t.test('an element is encrypted with AES-256-GCM and RSA-OAEP, and nothing is said of the recipient', (t) => {
  t.equal(
    written({ publicKey }),
    `<xenc:EncryptedData ${XENC} Type="http://www.w3.org/2001/04/xmlenc#Element">` +
      '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"></xenc:EncryptionMethod>' +
      `<ds:KeyInfo ${DS}><xenc:EncryptedKey>` +
      '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p">' +
      `${SHA1.replace(` ${DS}`, '')}</xenc:EncryptionMethod>` +
      `${VALUE}</xenc:EncryptedKey></ds:KeyInfo>${VALUE}</xenc:EncryptedData>`,
  );
  t.end();
});

t.test('with SHA-256 throughout, digest and MGF are named, and so is a certificate', (t) => {
  t.equal(
    written({ publicKey, certificate: 'QUJD' }, { content: 'aes-128-gcm', keyTransport: 'rsa-oaep-sha256' }),
    `<xenc:EncryptedData ${XENC} Type="http://www.w3.org/2001/04/xmlenc#Element">` +
      '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"></xenc:EncryptionMethod>' +
      `<ds:KeyInfo ${DS}><xenc:EncryptedKey>` +
      '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#rsa-oaep">' +
      '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>' +
      '<xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" ' +
      'Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"></xenc11:MGF></xenc:EncryptionMethod>' +
      `<ds:KeyInfo>${X509}</ds:KeyInfo>${VALUE}</xenc:EncryptedKey></ds:KeyInfo>${VALUE}</xenc:EncryptedData>`,
  );
  t.end();
});

t.test('the octets begin with the IV, and hold the canonical form and the tag', (t) => {
  const sizes = [
    ...canonicalize(encryptElement(plain, { publicKey }, {}, { random })).matchAll(/CipherValue>([^<]+)/g),
  ].map(([, value]) => Buffer.from(value ?? '', 'base64'));
  const [key, content] = sizes;
  t.equal(key?.length, 256);
  t.equal(content?.length, 12 + Buffer.byteLength('<a>\u00E9</a>') + 16);
  t.strictSame(content?.subarray(0, 12), Buffer.alloc(12, 7));
  t.end();
});

t.test('a listed prefix is written into what is encrypted, another is not', (t) => {
  const length = (inclusivePrefixes?: readonly string[]): number => {
    const options = inclusivePrefixes === undefined ? {} : { inclusivePrefixes };
    const source = canonicalize(encryptElement(plain, { publicKey }, {}, options));
    return Buffer.from(/.*CipherValue>([^<]+)/s.exec(source)?.[1] ?? '', 'base64').length;
  };
  t.equal(length(), 12 + '<a>xx</a>'.length + 16);
  t.equal(length(['p']), 12 + '<a xmlns:p="urn:p">xx</a>'.length + 16);
  t.end();
});
