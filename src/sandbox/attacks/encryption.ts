import { constants } from 'node:crypto';
import { familyOf, type Attack, type GoodResponse, type Row } from './attack.js';
import { declaredSaml, EVIL_NAME_ID, evilAssertion, saml, samlp } from './evil-parts.js';
import {
  after,
  attributeOf,
  before,
  prepend,
  remove,
  replace,
  setAttribute,
  setContent,
  swap,
  textOf,
} from './markup.js';
import { encrypted, encryptedAssertion, encryptedData, posted, XENC, type BoxTricks } from './sealed-box.js';
import { bare, seal, sealed, signatureOver, unsign } from './signature.js';

const cbc = { setting: 'cbc-allowed' } as const;
const signedAssertion = { applies: ({ signed }: GoodResponse) => signed !== 'response' };
const signedResponse = { applies: ({ signed }: GoodResponse) => signed !== 'assertion' };

/** Every answer to a probe is the same, whichever step of decryption met it. */
function probe(name: string, tricks: BoxTricks, more: Row[3] = {}): Row {
  return [`probe: ${name}`, 'DECRYPTION_FAILED', (good) => encrypted(good, tricks), more];
}

/** Without an outer signature anybody may send one; under one, the change is met before anything is decrypted. */
function algorithm(name: string, tricks: BoxTricks, more: Row[3] = {}): Row {
  return [`algorithm: ${name}`, 'ENCRYPTION_ALGORITHM', (good) => encrypted(good, tricks), more];
}

const flip =
  (from: 'start' | 'end', index: number, mask = 1) =>
  (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    const at = from === 'start' ? index : copy.length - 1 - index;
    copy.writeUInt8(copy.readUInt8(at) ^ mask, at);
    return copy;
  };

/** The element so long that its last block is not padding alone: that one could be exchanged without a loss. */
const unpaddedEnd = (text: string) => (Buffer.byteLength(text) % 16 === 0 ? text.replace(/>$/, ' >') : text);

const gcmProbes: readonly Row[] = [
  ...Array.from({ length: 16 }, (_, index) => probe(`GCM tag, octet ${index}`, { ciphertext: flip('end', index) })),
  ...[0, 5, 11].map((index) => probe(`GCM nonce, octet ${index}`, { ciphertext: flip('start', index) })),
  ...[12, 20, 60].map((index) => probe(`GCM ciphertext, octet ${index}`, { ciphertext: flip('start', index) })),
  ...[0, 1, 11, 12, 13, 16, 27, 28, 29].map((length) =>
    probe(`GCM, ${length} octets alone`, { ciphertext: (bytes) => bytes.subarray(0, length) }),
  ),
  probe('GCM without the tag', { ciphertext: (bytes) => bytes.subarray(0, -16) }),
  ...[4, 8, 12, 15].map((length) =>
    probe(`GCM tag cut to ${length} octets`, { ciphertext: (bytes) => bytes.subarray(0, length - 16) }),
  ),
];

const cbcProbes: readonly Row[] = [
  ...Array.from({ length: 16 }, (_, index) =>
    probe(
      `CBC last block but one, octet ${index} from the end`,
      { content: 'aes-256-cbc', ciphertext: flip('end', 16 + index, 0x55) },
      cbc,
    ),
  ),
  ...[1, 0x80, 0xff].map((mask) =>
    probe(
      `CBC last block, mask ${mask}`,
      { content: 'aes-256-cbc', plaintext: unpaddedEnd, ciphertext: flip('end', 0, mask) },
      cbc,
    ),
  ),
  ...[0, 1, 15, 16, 17, 31, 32, 33].map((length) =>
    probe(
      `CBC, ${length} octets alone`,
      { content: 'aes-256-cbc', ciphertext: (bytes) => bytes.subarray(0, length) },
      cbc,
    ),
  ),
  probe('CBC without the last block', { content: 'aes-256-cbc', ciphertext: (bytes) => bytes.subarray(0, -16) }, cbc),
  probe('CBC without the IV', { content: 'aes-256-cbc', ciphertext: (bytes) => bytes.subarray(16) }, cbc),
];

const keyProbes: readonly Row[] = [
  ...[0, 1, 128, 255].map((index) => probe(`encrypted key, octet ${index}`, { wrapped: flip('start', index) })),
  probe('an encrypted key of zeros', { wrapped: (bytes) => Buffer.alloc(bytes.length) }),
  probe('an encrypted key of ones', { wrapped: (bytes) => Buffer.alloc(bytes.length, 0xff) }),
  probe('a short encrypted key', { wrapped: (bytes) => bytes.subarray(1) }),
  probe('a long encrypted key', { wrapped: (bytes) => Buffer.concat([Buffer.from([0]), bytes]) }),
  probe('a session key of 16 octets', { sessionKey: (key) => key.subarray(16) }),
  probe('a session key of no octets', { sessionKey: () => Buffer.alloc(0) }),
  probe('another session key', { sessionKey: (key) => Buffer.alloc(key.length, 1) }),
];

const contentProbes: readonly Row[] = [
  probe('text in the place of an element', { plaintext: () => 'text' }),
  probe('nothing encrypted', { plaintext: () => '' }),
  probe('two elements', { plaintext: (text) => text + text }),
  probe('an element and text', { plaintext: (text) => `${text}x` }),
  probe('an element cut short', { plaintext: (text) => text.slice(0, -1) }),
  probe('a DOCTYPE', { plaintext: (text) => `<!DOCTYPE x>${text}` }),
  probe('a comment', { plaintext: (text) => `<!---->${text}` }),
  probe('a comment in the NameID', { plaintext: (text) => swap(text, '@', '<!---->@') }),
  probe('an external entity', { plaintext: (text) => `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${text}` }),
  probe('invalid UTF-8', { plaintext: (text) => Buffer.concat([Buffer.from(text), Buffer.from([0xff])]) }),
  probe('UTF-16', { plaintext: (text) => Buffer.from(text, 'utf16le') }),
  probe('an unbound prefix', { plaintext: () => '<evil:Assertion/>' }),
  probe('a depth bomb', { plaintext: () => '<a>'.repeat(100) + '</a>'.repeat(100) }),
  probe('an element bomb', { plaintext: () => `<a>${'<a/>'.repeat(20_001)}</a>` }),
  probe('a doubled ID', { plaintext: () => '<a ID="x"><a ID="x"/></a>' }),
  probe('another Type', { data: (xml) => setAttribute(xml, 'EncryptedData', 'Type', `${XENC}Content`) }),
  probe('no CipherValue', { data: (xml) => remove(xml, 'EncryptedData/CipherData/CipherValue') }),
  probe('no EncryptedKey', { data: (xml) => remove(xml, 'EncryptedKey') }),
  probe('no KeyInfo', { data: (xml) => remove(xml, 'EncryptedData/KeyInfo') }),
  probe('a CipherReference', {
    data: (xml) =>
      replace(
        xml,
        'EncryptedData/CipherData/CipherValue',
        () => '<xenc:CipherReference URI="https://evil.example/x"></xenc:CipherReference>',
      ),
  }),
  probe('a CipherValue that is not base64', {
    data: (xml) => prepend(xml, 'EncryptedData/CipherData/CipherValue', '!'),
  }),
  probe('two EncryptedData', { data: (xml) => xml + xml }),
  probe('three encrypted keys', {
    data: (xml) => after(xml, 'EncryptedKey', textOf(xml, 'EncryptedKey').repeat(2)),
  }),
];

const KEY_METHOD = 'EncryptedKey/EncryptionMethod';
const algorithms: readonly Row[] = [
  algorithm('AES-CBC where it is not allowed', { content: 'aes-256-cbc' }),
  algorithm('RSA PKCS#1 1.5', {
    padding: constants.RSA_PKCS1_PADDING,
    data: (xml) => setAttribute(xml, KEY_METHOD, 'Algorithm', `${XENC}rsa-1_5`),
  }),
  algorithm('Triple DES', {
    data: (xml) => setAttribute(xml, 'EncryptedData/EncryptionMethod', 'Algorithm', `${XENC}tripledes-cbc`),
  }),
  algorithm('an unknown cipher', {
    data: (xml) => setAttribute(xml, 'EncryptedData/EncryptionMethod', 'Algorithm', 'urn:evil'),
  }),
  algorithm('no cipher', { data: (xml) => remove(xml, 'EncryptedData/EncryptionMethod') }),
  algorithm('an unknown key transport', { data: (xml) => setAttribute(xml, KEY_METHOD, 'Algorithm', 'urn:evil') }),
  algorithm('no key transport', { data: (xml) => remove(xml, KEY_METHOD) }),
  algorithm('AES key wrap', { data: (xml) => setAttribute(xml, KEY_METHOD, 'Algorithm', `${XENC}kw-aes256`) }),
  algorithm('OAEP with an unknown digest', {
    data: (xml) => prepend(xml, KEY_METHOD, '<ds:DigestMethod Algorithm="urn:evil"></ds:DigestMethod>'),
  }),
  algorithm('OAEP with a digest that no identity provider uses', {
    data: (xml) =>
      prepend(
        xml,
        KEY_METHOD,
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"></ds:DigestMethod>',
      ),
  }),
  algorithm('OAEP with an unknown parameter', {
    data: (xml) => prepend(xml, KEY_METHOD, '<x:x xmlns:x="urn:x"></x:x>'),
  }),
  algorithm('a KeySize that is not the cipher’s', {
    data: (xml) => prepend(xml, 'EncryptedData/EncryptionMethod', '<xenc:KeySize>128</xenc:KeySize>'),
  }),
];

const attackersAssertion = (good: GoodResponse) => {
  const evil = evilAssertion(good);
  return after(
    evil,
    'Assertion/Issuer',
    signatureOver(evil, attributeOf(evil, 'Assertion', 'ID') ?? '', good.attacker),
  );
};

/** What anybody can encrypt to us. */
const forgeries: readonly Row[] = [
  ['an unsigned assertion, encrypted', 'SIGNATURE_MISSING', (good) => posted(good, evilAssertion(good))],
  ["the attacker's assertion, encrypted", 'SIGNATURE_INVALID', (good) => posted(good, attackersAssertion(good))],
  [
    'a signed assertion, changed and encrypted',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) =>
      posted(
        good,
        setContent(textOf(unsign(good.xml, 'Response'), 'Assertion'), 'Assertion/Subject/NameID', EVIL_NAME_ID),
      ),
    signedAssertion,
  ],
  [
    'a signed assertion in an evil one, encrypted',
    'SAML_ASSERTION_COUNT',
    (good) => posted(good, prepend(evilAssertion(good), 'Assertion', textOf(good.xml, 'Assertion'))),
    signedAssertion,
  ],
  [
    'a signed assertion in Advice of an evil one, encrypted',
    'SAML_ASSERTION_COUNT',
    (good) =>
      posted(
        good,
        after(evilAssertion(good), 'Assertion/Conditions', saml(good, 'Advice', textOf(good.xml, 'Assertion'))),
      ),
    signedAssertion,
  ],
  [
    'a signed assertion encrypted in Advice of an encrypted evil one',
    'SAML_ASSERTION_COUNT',
    (good) =>
      posted(
        good,
        after(
          evilAssertion(good),
          'Assertion/Conditions',
          saml(good, 'Advice', encryptedAssertion(good, textOf(good.xml, 'Assertion'))),
        ),
      ),
    signedAssertion,
  ],
  [
    'an encrypted evil assertion before the signed one',
    'SAML_ASSERTION_COUNT',
    (good) => before(unsign(good.xml, 'Response'), 'Assertion', encryptedAssertion(good, evilAssertion(good))),
  ],
  [
    'an encrypted evil assertion behind the signed one',
    'SAML_ASSERTION_COUNT',
    (good) => after(unsign(good.xml, 'Response'), 'Assertion', encryptedAssertion(good, evilAssertion(good))),
  ],
  [
    'the signed assertion encrypted, an evil one in the clear',
    'SAML_ASSERTION_COUNT',
    (good) =>
      replace(
        bare(good),
        'Assertion',
        () => evilAssertion(good) + encryptedAssertion(good, textOf(good.xml, 'Assertion')),
      ),
    signedAssertion,
  ],
  [
    'two encrypted assertions',
    'SAML_ASSERTION_COUNT',
    (good) => {
      const box = encryptedAssertion(good, textOf(good.xml, 'Assertion'));
      return replace(bare(good), 'Assertion', () => box + box);
    },
  ],
  [
    'EncryptedData in Extensions beside an evil assertion with the signature',
    'SIGNATURE_FORM',
    (good) => {
      const own = textOf(unsign(good.xml, 'Response'), 'Assertion');
      const evil = after(evilAssertion(good), 'Assertion/Issuer', textOf(own, 'Assertion/Signature'));
      const document = replace(bare(good), 'Assertion', () => evil);
      return before(document, 'Response/Status', samlp(good, 'Extensions', encryptedData(good, own)));
    },
    signedAssertion,
  ],
  ['a whole Response, encrypted', 'SAML_ASSERTION_COUNT', (good) => posted(good, good.xml)],
  ['a harmless element, encrypted', 'SAML_ASSERTION_COUNT', (good) => posted(good, '<x/>')],
  [
    'an EncryptedAssertion in an EncryptedAssertion',
    'SAML_ASSERTION_COUNT',
    (good) => posted(good, encryptedAssertion(good, textOf(good.xml, 'Assertion'))),
  ],
  [
    'an assertion of SAML 1, encrypted',
    'SAML_ASSERTION_COUNT',
    (good) => posted(good, swap(evilAssertion(good), /SAML:2\.0:assertion/g, 'SAML:1.0:assertion')),
  ],
  [
    'an EncryptedAssertion with another element in the clear',
    'DECRYPTION_FAILED',
    (good) => {
      const inner = swap(evilAssertion(good), /Assertion(?=[ >])/g, 'Evil');
      return replace(bare(good), 'Assertion', () => declaredSaml(good, 'EncryptedAssertion', inner));
    },
  ],
  [
    'an empty EncryptedAssertion',
    'DECRYPTION_FAILED',
    (good) => setContent(posted(good, '<x/>'), 'EncryptedAssertion', ''),
  ],
  [
    'an encrypted assertion under the ID of the Response',
    'XML_DUPLICATE_ID',
    (good) => {
      const own = setAttribute(bare(good), 'Assertion', 'ID', attributeOf(good.xml, 'Response', 'ID') ?? '');
      return posted(good, textOf(seal(own, 'Assertion', good.idp), 'Assertion'));
    },
  ],
  [
    'a second signature inside the encrypted assertion',
    'SIGNATURE_MISPLACED',
    (good) => {
      const own = textOf(seal(bare(good), 'Assertion', good.idp), 'Assertion');
      return posted(good, after(own, 'Assertion/Signature', textOf(own, 'Assertion/Signature')));
    },
  ],
  [
    'a signature of the Response that does not cover the ciphertext',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => replace(good.xml, 'Assertion', () => encryptedAssertion(good, evilAssertion(good))),
    signedResponse,
  ],
  [
    'the ciphertext exchanged under the signature of the Response',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => replace(encrypted(good), 'EncryptedAssertion', () => encryptedAssertion(good, evilAssertion(good))),
    signedResponse,
  ],
  [
    'a bit of the ciphertext flipped under the signature of the Response',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => swap(encrypted(good, { content: 'aes-256-cbc' }), /<xenc:CipherValue>./, '<xenc:CipherValue>_'),
    { ...signedResponse, ...cbc },
  ],
  [
    'a signature in EncryptedAssertion',
    'SIGNATURE_MISPLACED',
    (good) => {
      const signature = textOf(sealed(good, bare(good)), 'Signature');
      return prepend(encrypted(good), 'EncryptedAssertion', signature);
    },
  ],
  ['the good response, encrypted', 'same', (good) => encrypted(good)],
  [
    'the good response, encrypted by AES-CBC where it is allowed',
    'same',
    (good) => encrypted(good, { content: 'aes-256-cbc' }),
    cbc,
  ],
];

/** Encrypted assertions: forgeries, probes of a decryption oracle, algorithms that are not allowed. */
export const encryption: readonly Attack[] = familyOf('encryption', [
  ...forgeries,
  ...gcmProbes,
  ...cbcProbes,
  ...keyProbes,
  ...contentProbes,
  ...algorithms,
]);
