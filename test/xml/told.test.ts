import t from 'tap';
import { GatewayError } from '../../src/shared/index.js';
import {
  assertSignaturePlacement,
  canonicalize,
  defaultXmlLimits,
  parseXml,
  signEnveloped,
  verifySignature,
  type SignaturePolicy,
  type XmlElement,
  type XmlLimits,
} from '../../src/xml/index.js';
import { rsaKeyPair } from '../support/pki.js';

// Which fault it was decides how an operator mends it, so the sentences are held here, one test for each.

const parse = (source: string, limits?: XmlLimits): XmlElement => parseXml(Buffer.from(source), limits);

async function refusalOf(run: () => unknown): Promise<GatewayError> {
  try {
    await run();
  } catch (fault) {
    if (fault instanceof GatewayError) return fault;
    throw fault;
  }
  throw new Error('It was not refused.');
}

const documents: readonly (readonly [source: string, told: string])[] = [
  ['<r>\0</r>', 'The document holds a NUL byte.'],
  ['<?xml version="1.0" encoding="UTF-16"?><r/>', 'The document declares another encoding than UTF-8.'],
  ['<?xml version="1.1"?><r/>', 'The document holds a declaration of another version than XML 1.0.'],
  ['<?xml version="1.0"><r/>', 'The XML declaration is malformed.'],
  ['<?xml', 'The XML declaration is malformed.'],
  ['<?xml?><r/>', 'The XML declaration is malformed.'],
  ['<?xmlx?><r/>', 'The document holds a processing instruction.'],
  ['<r/><?xml version="1.0"?>', 'The XML declaration does not stand first.'],
  ['<r><?xml?></r>', 'The XML declaration does not stand first.'],
  ['<r><?xm', 'The document holds a processing instruction.'],
  ['<r>\u0001</r>', 'The document holds a character that XML does not allow.'],
  ['<!DOCTYPE r><r/>', 'The document holds a DOCTYPE.'],
  ['<r><?php x?></r>', 'The document holds a processing instruction.'],
  ['<r><!-- --></r>', 'The document holds a comment.'],
  ['<r><!ELEMENT a></r>', 'The document holds unknown markup.'],
  [' <?xml version="1.0"?><r/>', 'The XML declaration does not stand first.'],
  ['', 'There is no root element.'],
  ['x', 'There is no root element.'],
  ['<r/><r/>', 'There is more than one root element.'],
  ['<r>', 'An element does not end.'],
  ['<r>]]></r>', 'Text holds ]]>.'],
  ['<r><![CDATA[</r>', 'A CDATA section does not end.'],
  ['<r></s>', 'An end-tag does not fit its start-tag.'],
  ['<r></r x>', 'An end-tag does not fit its start-tag.'],
  ['<r/ >', 'A start-tag is malformed.'],
  ['<1/>', 'A name is malformed.'],
  ['<r a="1"b="2"/>', 'A start-tag is malformed.'],
  ['<r a/>', 'An attribute has no value.'],
  ['<r a=b/>', 'The value of an attribute is not quoted.'],
  ['<r a="b>', 'The value of an attribute does not end.'],
  ['<r a="<"/>', 'The value of an attribute holds <.'],
  ['<r a="1" a="2"/>', 'An attribute stands twice on one element.'],
  ['<r xmlns:a="urn:a" xmlns:a="urn:b"/>', 'A prefix is declared twice.'],
  ['<a:r/>', 'A prefix is not bound.'],
  ['<r a:b="1"/>', 'A prefix is not bound.'],
  ['<r xmlns:xml="urn:a"/>', 'A namespace declaration is not allowed.'],
  ['<r xmlns="http://www.w3.org/2000/xmlns/"/>', 'A namespace declaration is not allowed.'],
  ['<r xmlns="a"/>', 'A namespace name is not an absolute URI.'],
  ['<r>&nbsp;</r>', 'The document holds an entity other than the five that XML predefines.'],
  ['<r>&#x;</r>', 'A reference is malformed.'],
  ['<r>&#0;</r>', 'A reference to a character that XML does not allow.'],
  ['<r>& b</r>', 'A reference does not end.'],
  ['<r ID="a"><s ID="a"/></r>', 'Two elements carry the same ID.'],
];
for (const [source, told] of documents) {
  t.test(`of ${JSON.stringify(source)} is told: ${told}`, async (t) => {
    t.equal((await refusalOf(() => parse(source))).message, told);
  });
}

t.test('a limit that is passed is told with its number', async (t) => {
  for (const [source, limit, told] of [
    ['<r><a/></r>', { maxDepth: 1 }, 'More than 1 levels of elements.'],
    ['<r><a/></r>', { maxElements: 1 }, 'More than 1 elements.'],
    ['<r a="" b=""/>', { maxAttributes: 1 }, 'More than 1 attributes on one element.'],
  ] as const) {
    t.equal((await refusalOf(() => parse(source, { ...defaultXmlLimits, ...limit }))).message, told);
  }
});

const policy: SignaturePolicy = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false, now: 0 };
const ALLOWED = 'RSA or ECDSA with SHA-256, SHA-384 or SHA-512';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const LONG = 'x'.repeat(300);

async function signed(): Promise<string> {
  const options = { position: 1, inclusivePrefixes: ['xs'] };
  const plain = parse('<r xmlns="urn:r" ID="_1">\n <name>Ada</name>\n</r>');
  return canonicalize(await signEnveloped(plain, rsaKeyPair().signingKey(), options), ['xs']);
}

const signatures: readonly (readonly [from: string | RegExp, to: string, told: string, evidence?: object])[] = [
  [/<ds:Signature .*<\/ds:Signature>/, '', 'No signature covers the assertion.'],
  [/(<ds:Signature .*<\/ds:Signature>)/, '$1$1', 'An element carries two signatures.'],
  [
    'URI="#_1"',
    `URI="#${LONG}"`,
    'The Reference does not point at the element that carries the signature.',
    { expected: '#_1', seen: `#${LONG.slice(0, 159)}` },
  ],
  ['URI="#_1"', '', 'Reference has no URI.'],
  [
    '#rsa-sha256',
    `#${LONG}`,
    'The signature or digest algorithm is not allowed.',
    { expected: ALLOWED, seen: `${MORE}${LONG}`.slice(0, 160) },
  ],
  [
    'xmlenc#sha256',
    'xmlenc#md5',
    'The signature or digest algorithm is not allowed.',
    { expected: ALLOWED, seen: 'http://www.w3.org/2001/04/xmlenc#md5' },
  ],
  // With its bracket: the letters alone may stand in a value of base64.
  ['Ada<', 'Eve<', 'The signed content was changed after it was signed.'],
  [
    /(<ds:CanonicalizationMethod Algorithm=")[^"]*/,
    '$1urn:x',
    'CanonicalizationMethod is not exclusive canonicalization.',
  ],
  [
    /<ds:CanonicalizationMethod Algorithm="[^"]*"/,
    '<ds:CanonicalizationMethod',
    'CanonicalizationMethod names no algorithm.',
  ],
  [/(<ds:Transform Algorithm=")[^"]*enveloped-signature/, '$1urn:x', 'The first transform is not enveloped-signature.'],
  ['enveloped-signature">', 'enveloped-signature">x', 'Transform has parameters.'],
  ['<ds:Reference ', '<ds:Reference x="1" ', 'Reference has an unexpected attribute.'],
  [
    /(<ds:Reference .*<\/ds:Reference>)/,
    '$1$1',
    'SignedInfo holds more than CanonicalizationMethod, SignatureMethod, Reference.',
  ],
  [
    /<ds:Reference .*<\/ds:Reference>/,
    '',
    'SignedInfo does not hold CanonicalizationMethod, SignatureMethod, Reference in order.',
  ],
  ['<ds:SignedInfo>', '<ds:SignedInfo>x', 'SignedInfo holds text.'],
  ['<ds:DigestValue>', '<ds:DigestValue><x/>', 'DigestValue holds elements.'],
  ['<ds:DigestValue>', '<ds:DigestValue>!', 'DigestValue is not base64.'],
  ['</ec:InclusiveNamespaces>', '</ec:InclusiveNamespaces>x', 'Transform has an unknown parameter.'],
  ['PrefixList="xs"', 'PrefixList="1"', 'A PrefixList names no prefix.'],
  ['</ds:Signature>', '<ds:Object/></ds:Signature>', 'Signature holds more than SignedInfo, SignatureValue, KeyInfo?.'],
];
for (const [from, to, told, evidence] of signatures) {
  t.test(`of a signature in which ${String(from)} became ${to.slice(0, 60)} is told: ${told}`, async (t) => {
    const good = await signed();
    const bad = good.replace(from, to);
    t.not(bad, good);
    const keys = [rsaKeyPair().verificationKey()];
    const refusal = await refusalOf(() => verifySignature(parse(bad), keys, policy));
    t.equal(refusal.message, told);
    t.strictSame(refusal.evidence, evidence ?? {});
  });
}

t.test('where there is no ID to point at, none is told as expected', async (t) => {
  const nameless = { ...parse(await signed()), attributes: [] };
  const refusal = await refusalOf(() => verifySignature(nameless, [rsaKeyPair().verificationKey()], policy));
  t.strictSame(refusal.evidence, { expected: '#', seen: '#_1' });
});

t.test('why an element is not signed is told', async (t) => {
  const key = { ...rsaKeyPair().signingKey(), algorithm: 'ecdsa-sha384' } as const;
  const misfit = await refusalOf(() => signEnveloped(parse('<r ID="_1"/>'), key, { position: 0 }));
  t.equal(misfit.message, 'The signing key is not fit for ecdsa-sha384.');
  const nameless = await refusalOf(() => signEnveloped(parse('<r/>'), rsaKeyPair().signingKey(), { position: 0 }));
  t.equal(nameless.message, 'An element without an ID cannot be signed.');
});

t.test('a short key is told with both lengths, for either bound', async (t) => {
  for (const [bits, allowRsa1024, least] of [
    [1024, false, 2048],
    [1016, true, 1024],
  ] as const) {
    const pair = rsaKeyPair(bits);
    const tree = await signEnveloped(parse('<r ID="_1"/>'), pair.signingKey(), { position: 0 });
    const refusal = await refusalOf(() => verifySignature(tree, [pair.verificationKey()], { ...policy, allowRsa1024 }));
    t.strictSame(refusal.evidence, { expected: `at least ${least} bits`, seen: `${bits} bits` });
  }
});

t.test('an expired certificate is told by its fingerprint', async (t) => {
  const key = { ...rsaKeyPair().verificationKey(), notAfter: 1 };
  const tree = parse(await signed());
  const refusal = await refusalOf(() =>
    verifySignature(tree, [key], { ...policy, now: 2, refuseExpiredCertificates: true }),
  );
  t.equal(refusal.message, `The certificate ${key.fingerprint} is not valid now.`);
});

t.test('a misplaced signature is told by the element that it stands in, cut short', async (t) => {
  const name = 'n'.repeat(100);
  const root = parse(`<r><${name}><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></${name}></r>`);
  const refusal = await refusalOf(() => {
    assertSignaturePlacement(root, [root]);
  });
  t.equal(refusal.message, `A Signature stands in ${name.slice(0, 80)}.`);
});
