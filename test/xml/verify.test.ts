import { createHash } from 'node:crypto';
import t from 'tap';
import { GatewayError } from '../../src/shared/index.js';
import {
  attributeValue,
  canonicalize,
  childElements,
  childrenNamed,
  parseXml,
  signEnveloped,
  verifiedChildren,
  verifiedChildrenNamed,
  verifySignature,
  XMLDSIG_NAMESPACE,
  type SignatureAlgorithm,
  type SignaturePolicy,
  type VerificationKey,
  type XmlElement,
} from '../../src/xml/index.js';
import { ecKeyPair, keyPairOf, rsaKeyPair, type TestKeyPair } from '../support/pki.js';
import { sha1Signature } from './sha1-signature.js';

const policy: SignaturePolicy = {
  allowSha1: false,
  allowRsa1024: false,
  refuseExpiredCertificates: false,
  now: Date.parse('2026-01-01T00:00:00Z'),
};

const parse = (source: string): XmlElement => parseXml(Buffer.from(source));
const plain = parse('<r xmlns="urn:r" ID="_1">\n <name>Ada</name>\n</r>');

async function signed(pair: TestKeyPair = rsaKeyPair(), algorithm?: SignatureAlgorithm): Promise<string> {
  return canonicalize(await signEnveloped(plain, pair.signingKey(algorithm), { position: 1 }));
}

async function codeOf(
  source: string | XmlElement,
  keys: readonly VerificationKey[] = [rsaKeyPair().verificationKey()],
  overrides: Partial<SignaturePolicy> = {},
): Promise<string> {
  try {
    await verifySignature(typeof source === 'string' ? parse(source) : source, keys, { ...policy, ...overrides });
    return 'verified';
  } catch (fault) {
    if (!(fault instanceof GatewayError)) throw fault;
    return fault.code;
  }
}

for (const algorithm of ['rsa-sha256', 'rsa-sha384', 'rsa-sha512'] as const) {
  t.test(`what is signed with ${algorithm} verifies, and only under its own key`, async (t) => {
    const source = await signed(rsaKeyPair(), algorithm);
    t.equal(await codeOf(source), 'verified');
    t.equal(await codeOf(source, [rsaKeyPair(2048, 'other').verificationKey()]), 'SIGNATURE_INVALID');
  });
}

for (const algorithm of ['ecdsa-sha256', 'ecdsa-sha384', 'ecdsa-sha512'] as const) {
  for (const curve of ['prime256v1', 'secp384r1', 'secp521r1']) {
    t.test(`what is signed with ${algorithm} on ${curve} verifies, and only under its own key`, async (t) => {
      const pair = ecKeyPair(curve);
      const source = await signed(pair, algorithm);
      t.equal(await codeOf(source, [pair.verificationKey()]), 'verified');
      t.equal(await codeOf(source, [ecKeyPair(curve, 'other').verificationKey()]), 'SIGNATURE_INVALID');
    });
  }
}

t.test('what comes back is the tree that was hashed: the element without its Signature', async (t) => {
  const tree = parse(await signed());
  const key = rsaKeyPair().verificationKey();
  const verification = await verifySignature(tree, [rsaKeyPair(2048, 'other').verificationKey(), key], policy);
  t.equal(canonicalize(verification.element), canonicalize(plain));
  t.strictSame(verification.element.children, plain.children, 'text beside the Signature is one run again');
  t.equal(verification.key, key, 'every configured key is tried');
  t.strictSame(verification.inclusivePrefixes, []);
  t.match(verification, {
    algorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    sha1: false,
    shortKey: false,
    certificateExpired: false,
  });
  const [name] = verifiedChildren(verification.element);
  t.equal(
    name,
    childElements(tree).find((child) => child.localName === 'name'),
    'the very node of the tree',
  );
  t.equal(verifiedChildrenNamed(verification.element, 'urn:r', 'name')[0], name);
});

t.test('an element without a Signature child, or with two, is refused', async (t) => {
  t.equal(await codeOf(plain), 'SIGNATURE_MISSING');
  t.equal(await codeOf({ ...plain, children: [parse(await signed())] }), 'SIGNATURE_MISSING');
  const once = parse(await signed());
  t.equal(await codeOf({ ...once, children: [...once.children, ...once.children] }), 'SIGNATURE_MISPLACED');
});

t.test('an element without ID is neither signed nor verified', async (t) => {
  const nameless = { ...plain, attributes: [] };
  await t.rejects(signEnveloped(nameless, rsaKeyPair().signingKey(), { position: 0 }), { code: 'SIGNATURE_FORM' });
  t.equal(await codeOf({ ...parse(await signed()), attributes: [] }), 'SIGNATURE_FORM');
});

t.test('a key is not used for an algorithm of another kind', async (t) => {
  const ec = ecKeyPair();
  await t.rejects(signEnveloped(plain, ec.signingKey('rsa-sha256'), { position: 0 }), { code: 'SIGNATURE_ALGORITHM' });
  t.equal(await codeOf(await signed(), [ec.verificationKey()]), 'SIGNATURE_INVALID');
  t.equal(await codeOf(await signed(ec, 'ecdsa-sha256')), 'SIGNATURE_INVALID');
  const strange = ecKeyPair('secp256k1');
  t.equal(await codeOf(await signed(strange, 'ecdsa-sha256'), [strange.verificationKey()]), 'SIGNATURE_INVALID');
});

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const rewrites: readonly (readonly [name: string, code: string, from: string | RegExp, to: string])[] = [
  ['changed text', 'SIGNATURE_DIGEST_MISMATCH', 'Ada', 'Eve'],
  ['changed white space', 'SIGNATURE_DIGEST_MISMATCH', '<name>', ' <name>'],
  ['an added attribute', 'SIGNATURE_DIGEST_MISMATCH', '<name>', '<name a="1">'],
  ['a changed digest', 'SIGNATURE_DIGEST_MISMATCH', /<ds:DigestValue>[^<]{6}/, '<ds:DigestValue>AAAAAA'],
  ['a digest of another length', 'SIGNATURE_DIGEST_MISMATCH', /<ds:DigestValue>[^<]*/, '<ds:DigestValue>AAAA'],
  ['a changed signature value', 'SIGNATURE_INVALID', /<ds:SignatureValue>[^<]{6}/, '<ds:SignatureValue>AAAAAA'],
  ['a signature value of another length', 'SIGNATURE_INVALID', /<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>AAAA'],
  ['another algorithm of the same key', 'SIGNATURE_INVALID', '#rsa-sha256', '#rsa-sha512'],
  ['a changed Reference Id', 'SIGNATURE_INVALID', '<ds:Reference ', '<ds:Reference Id="x" '],
  ['HMAC', 'SIGNATURE_ALGORITHM', `${MORE}rsa-sha256`, `${MORE}hmac-sha256`],
  ['HMAC-SHA1', 'SIGNATURE_ALGORITHM', `${MORE}rsa-sha256`, 'http://www.w3.org/2000/09/xmldsig#hmac-sha1'],
  ['DSA', 'SIGNATURE_ALGORITHM', `${MORE}rsa-sha256`, 'http://www.w3.org/2000/09/xmldsig#dsa-sha1'],
  ['RSA-MD5', 'SIGNATURE_ALGORITHM', `${MORE}rsa-sha256`, `${MORE}rsa-md5`],
  ['RSA-SHA1', 'SIGNATURE_ALGORITHM', `${MORE}rsa-sha256`, 'http://www.w3.org/2000/09/xmldsig#rsa-sha1'],
  [
    'a SHA-1 digest',
    'SIGNATURE_ALGORITHM',
    'http://www.w3.org/2001/04/xmlenc#sha256',
    'http://www.w3.org/2000/09/xmldsig#sha1',
  ],
  ['an MD5 digest', 'SIGNATURE_ALGORITHM', 'http://www.w3.org/2001/04/xmlenc#sha256', `${MORE}md5`],
  ['an empty URI', 'SIGNATURE_FORM', 'URI="#_1"', 'URI=""'],
  ['a bare #', 'SIGNATURE_FORM', 'URI="#_1"', 'URI="#"'],
  ['no URI', 'SIGNATURE_FORM', 'URI="#_1"', ''],
  ['another ID', 'SIGNATURE_FORM', 'URI="#_1"', 'URI="#_2"'],
  ['an external URI', 'SIGNATURE_FORM', 'URI="#_1"', 'URI="http://example.org/#_1"'],
  ['an XPointer', 'SIGNATURE_FORM', 'URI="#_1"', `URI="#xpointer(id('_1'))"`],
  ['an escaped URI', 'SIGNATURE_FORM', 'URI="#_1"', 'URI="#%5F1"'],
  [
    'inclusive canonicalization of SignedInfo',
    'SIGNATURE_FORM',
    /(<ds:CanonicalizationMethod Algorithm=")[^"]*/,
    '$1http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
  ],
  [
    'canonicalization with comments',
    'SIGNATURE_FORM',
    /(<ds:CanonicalizationMethod Algorithm="[^"]*)/,
    '$1WithComments',
  ],
  ['a transform with comments', 'SIGNATURE_FORM', /(<ds:Transform Algorithm="[^"]*exc-c14n#)/, '$1WithComments'],
  [
    'no enveloped transform',
    'SIGNATURE_FORM',
    /<ds:Transform Algorithm="[^"]*enveloped-signature"><\/ds:Transform>/,
    '',
  ],
  ['no canonicalization', 'SIGNATURE_FORM', /<ds:Transform Algorithm="[^"]*exc-c14n#"><\/ds:Transform>/, ''],
  [
    'transforms in the other order',
    'SIGNATURE_FORM',
    /(<ds:Transform Algorithm="[^"]*enveloped-signature"><\/ds:Transform>)(<ds:Transform .*?<\/ds:Transform>)/,
    '$2$1',
  ],
  ['a transform twice', 'SIGNATURE_FORM', /(<ds:Transform Algorithm="[^"]*exc-c14n#"><\/ds:Transform>)/, '$1$1'],
  [
    'XPath',
    'SIGNATURE_FORM',
    /(<ds:Transform Algorithm=")[^"]*enveloped-signature/,
    '$1http://www.w3.org/TR/1999/REC-xpath-19991116',
  ],
  [
    'XSLT',
    'SIGNATURE_FORM',
    /(<ds:Transform Algorithm=")[^"]*exc-c14n#/,
    '$1http://www.w3.org/TR/1999/REC-xslt-19991116',
  ],
  [
    'the base64 transform',
    'SIGNATURE_FORM',
    /(<ds:Transform Algorithm=")[^"]*exc-c14n#/,
    '$1http://www.w3.org/2000/09/xmldsig#base64',
  ],
  [
    'a parameter of enveloped-signature',
    'SIGNATURE_FORM',
    'enveloped-signature">',
    'enveloped-signature"><ds:XPath>x</ds:XPath>',
  ],
  [
    'a transform without algorithm',
    'SIGNATURE_FORM',
    /<ds:Transform Algorithm="[^"]*enveloped-signature"/,
    '<ds:Transform',
  ],
  ['an unknown attribute of a transform', 'SIGNATURE_FORM', '<ds:Transform ', '<ds:Transform x="1" '],
  ['an unknown attribute of Reference', 'SIGNATURE_FORM', '<ds:Reference ', '<ds:Reference x="1" '],
  ['two References', 'SIGNATURE_FORM', /(<ds:Reference .*<\/ds:Reference>)/, '$1$1'],
  ['no Reference', 'SIGNATURE_FORM', /<ds:Reference .*<\/ds:Reference>/, ''],
  [
    'an HMACOutputLength',
    'SIGNATURE_FORM',
    /(<ds:SignatureMethod [^>]*>)/,
    '$1<ds:HMACOutputLength>1</ds:HMACOutputLength>',
  ],
  ['a parameter of the digest', 'SIGNATURE_FORM', /(<ds:DigestMethod [^>]*>)/, '$1<ds:X></ds:X>'],
  ['two SignedInfo', 'SIGNATURE_FORM', /(<ds:SignedInfo>.*<\/ds:SignedInfo>)/, '$1$1'],
  [
    'SignatureValue before SignedInfo',
    'SIGNATURE_FORM',
    /(<ds:SignedInfo>.*<\/ds:SignedInfo>)(<ds:SignatureValue>.*<\/ds:SignatureValue>)/,
    '$2$1',
  ],
  ['an Object', 'SIGNATURE_FORM', '</ds:Signature>', '<ds:Object></ds:Object></ds:Signature>'],
  ['a KeyInfo twice', 'SIGNATURE_FORM', /(<ds:KeyInfo>.*<\/ds:KeyInfo>)/, '$1$1'],
  ['an element of another namespace', 'SIGNATURE_FORM', '</ds:Signature>', '<x xmlns="urn:x"/></ds:Signature>'],
  ['SignedInfo of another namespace', 'SIGNATURE_FORM', '<ds:SignedInfo>', '<ds:SignedInfo xmlns:ds="urn:x">'],
  ['text in SignedInfo', 'SIGNATURE_FORM', '<ds:SignedInfo>', '<ds:SignedInfo>x'],
  ['U+00A0 in SignedInfo', 'SIGNATURE_FORM', '<ds:SignedInfo>', '<ds:SignedInfo>\u00A0'],
  ['an element in DigestValue', 'SIGNATURE_FORM', '<ds:DigestValue>', '<ds:DigestValue><x/>'],
  ['an empty DigestValue', 'SIGNATURE_FORM', /<ds:DigestValue>[^<]*/, '<ds:DigestValue>'],
  ['an empty SignatureValue', 'SIGNATURE_FORM', /<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>'],
  ['a DigestValue with junk', 'SIGNATURE_FORM', '<ds:DigestValue>', '<ds:DigestValue>!'],
  ['a SignatureValue in the URL alphabet', 'SIGNATURE_FORM', /<ds:SignatureValue>[^<]{4}/, '<ds:SignatureValue>A-_A'],
  ['a DigestValue without its padding', 'SIGNATURE_FORM', '=</ds:DigestValue>', '</ds:DigestValue>'],
  ['an element in SignatureValue', 'SIGNATURE_FORM', '<ds:SignatureValue>', '<ds:SignatureValue><x/>'],
  ['an Id in a namespace', 'SIGNATURE_FORM', '<ds:Signature ', '<ds:Signature ds:Id="x" '],
];
for (const [name, code, from, to] of rewrites) {
  t.test(`refused: ${name}`, async (t) => {
    const source = await signed();
    const rewritten = source.replace(from, to);
    t.not(rewritten, source, 'the good message has what is rewritten');
    t.equal(await codeOf(rewritten), code);
  });
}

const harmless: readonly (readonly [name: string, from: string | RegExp, to: string])[] = [
  ['line breaks in SignatureValue', /(<ds:SignatureValue>[^<]{64})/, '$1\r\n \t'],
  ['referenced carriage returns in SignatureValue, as .NET writes them', /(<ds:SignatureValue>[^<]{64})/, '$1&#13;\n'],
  ['no KeyInfo', /<ds:KeyInfo>.*<\/ds:KeyInfo>/, ''],
  ['an unreadable KeyInfo', /<ds:X509Certificate>[^<]*/, '<ds:X509Certificate>AAAA'],
  ['an Id on Signature', '<ds:Signature ', '<ds:Signature Id="s" '],
];
for (const [name, from, to] of harmless) {
  t.test(`accepted: ${name}`, async (t) => {
    const source = await signed();
    const rewritten = source.replace(from, to);
    t.not(rewritten, source);
    t.equal(await codeOf(rewritten), 'verified');
  });
}

t.test('KeyInfo never brings a key: the certificate in it only explains the refusal', async (t) => {
  const stranger = rsaKeyPair(2048, 'stranger');
  const expected = rsaKeyPair().verificationKey();
  const tree = parse(await signed(stranger));
  await t.rejects(verifySignature(tree, [expected], policy), {
    code: 'SIGNATURE_INVALID',
    evidence: { expected: new RegExp(expected.fingerprint), seen: new RegExp(stranger.verificationKey().fingerprint) },
    message: /subject CN=stranger/,
  });
  await t.rejects(verifySignature(tree, [], policy), { code: 'SIGNATURE_INVALID', message: /no key is configured/ });
  const silent = parse((await signed(stranger)).replace(/<ds:KeyInfo>.*<\/ds:KeyInfo>/, ''));
  await t.rejects(verifySignature(silent, [expected], policy), { message: /names no certificate/ });
});

t.test('a private or secret key is no verification key', async (t) => {
  const key = rsaKeyPair().verificationKey();
  t.equal(await codeOf(await signed(), [{ ...key, publicKey: rsaKeyPair().privateKey }]), 'SIGNATURE_INVALID');
});

t.test('SHA-1 passes only where the policy says so, and is told', async (t) => {
  const pair = rsaKeyPair();
  for (const kind of ['both', 'digest', 'signature'] as const) {
    const source = sha1Signature(plain, pair.privateKey, kind);
    t.equal(await codeOf(source), 'SIGNATURE_ALGORITHM', kind);
    const verification = await verifySignature(parse(source), [pair.verificationKey()], { ...policy, allowSha1: true });
    t.equal(verification.sha1, true, kind);
  }
});

t.test('RSA of 1024 bits passes only where the policy says so, and is told; less never does', async (t) => {
  const short = rsaKeyPair(1024);
  const source = await signed(short);
  t.equal(await codeOf(source, [short.verificationKey()]), 'SIGNATURE_KEY_TOO_SHORT');
  t.equal(await codeOf(source, [short.verificationKey()], { allowSha1: true }), 'SIGNATURE_KEY_TOO_SHORT');
  const allowed = { ...policy, allowRsa1024: true };
  const verification = await verifySignature(parse(source), [short.verificationKey()], allowed);
  t.equal(verification.shortKey, true);
  const shorter = rsaKeyPair(1016);
  const weak = await signed(shorter);
  t.equal(await codeOf(weak, [shorter.verificationKey()], { allowRsa1024: true }), 'SIGNATURE_KEY_TOO_SHORT');
});

t.test('a certificate outside its validity is told, and refused where the policy says so', async (t) => {
  const [from, to] = [Date.parse('2024-01-01T00:00:00Z'), Date.parse('2025-01-01T00:00:00Z')];
  const pair = keyPairOf(rsaKeyPair().privateKey, { notBefore: new Date(from), notAfter: new Date(to) });
  const keys = [pair.verificationKey()];
  const tree = parse(await signed(pair));
  for (const [now, expired] of [
    [from - 1, true],
    [from, false],
    [to, false],
    [to + 1, true],
  ] as const) {
    const lenient = await verifySignature(tree, keys, { ...policy, now });
    t.equal(lenient.certificateExpired, expired);
    const strict = await codeOf(tree, keys, { now, refuseExpiredCertificates: true });
    t.equal(strict, expired ? 'SIGNATURE_CERTIFICATE_EXPIRED' : 'verified');
  }
});

t.test('a key without a certificate has no validity to refuse', async (t) => {
  const { publicKey, fingerprint } = rsaKeyPair().verificationKey();
  const now = Date.parse('2100-01-01T00:00:00Z');
  t.equal(
    await codeOf(await signed(), [{ publicKey, fingerprint }], { now, refuseExpiredCertificates: true }),
    'verified',
  );
});

t.test('the PrefixList covers namespaces that only content names', async (t) => {
  const typed = parse('<r ID="_1" xmlns:xs="urn:xs"><v xmlns:xsi="urn:xsi" xsi:type="xs:string"/></r>');
  const pair = rsaKeyPair();
  const options = { position: 0, inclusivePrefixes: ['xs', '#default'] };
  const source = canonicalize(await signEnveloped(typed, pair.signingKey(), options), options.inclusivePrefixes);
  t.match(source, /<r xmlns:xs="urn:xs" ID="_1">/);
  t.equal(await codeOf(source), 'verified');
  t.equal(await codeOf(source.replace('xmlns:xs="urn:xs"', 'xmlns:xs="urn:forged"')), 'SIGNATURE_DIGEST_MISMATCH');
  t.equal(await codeOf(source.replace('PrefixList="xs #default"', 'PrefixList="xs"')), 'SIGNATURE_INVALID');
  for (const [from, to] of [
    ['PrefixList="xs #default"', 'PrefixList="xs 1x"'],
    ['PrefixList="xs #default"', 'PrefixList="xs" x="1"'],
    ['</ec:InclusiveNamespaces>', 'x</ec:InclusiveNamespaces>'],
    ['</ec:InclusiveNamespaces>', '</ec:InclusiveNamespaces><x/>'],
    [/ec:InclusiveNamespaces/g, 'ds:InclusiveNamespaces'],
  ] as const) {
    t.equal(await codeOf(source.replace(from, to)), 'SIGNATURE_FORM', to);
  }
});

t.test('an element whose prefixes contradict each other is refused, since it cannot be canonicalized', async (t) => {
  const tree = parse(await signed());
  const stranger = { prefix: 'p', localName: 'x', namespace: 'urn:1', value: '' };
  const ambiguous = { ...tree, attributes: [...tree.attributes, stranger, { ...stranger, namespace: 'urn:2' }] };
  t.equal(await codeOf(ambiguous), 'XML_MALFORMED');
});

t.test('verification that takes long goes on while others wait: it does not block the event loop', async (t) => {
  const pair = ecKeyPair();
  const tree = await signEnveloped(plain, pair.signingKey('ecdsa-sha256'), { position: 0 });
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  await Promise.all(Array.from({ length: 200 }, () => verifySignature(tree, [pair.verificationKey()], policy)));
  clearInterval(counting);
  t.ok(turns > 0);
});

t.test('signing puts the Signature where it is told, and leaves the input as it was', async (t) => {
  const before = canonicalize(plain);
  const result = await signEnveloped(plain, rsaKeyPair().signingKey(), { position: 2 });
  t.equal(canonicalize(plain), before);
  t.equal(typeof result.children[2] === 'object' && result.children[2].localName, 'Signature');
  const [signature] = childrenNamed(result, XMLDSIG_NAMESPACE, 'Signature');
  t.strictSame(signature?.scope, { prefix: 'ds', uri: XMLDSIG_NAMESPACE, outer: null });
  const digest = createHash('sha256').update(before).digest('base64');
  t.ok(canonicalize(result).includes(`<ds:DigestValue>${digest}</ds:DigestValue>`));
  t.equal(attributeValue(result, 'ID'), '_1');
});
