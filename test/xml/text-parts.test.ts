import { createHash } from 'node:crypto';
import t from 'tap';
import {
  canonicalize,
  canonicalOctets,
  childrenNamed,
  decryptElement,
  defaultXmlLimits,
  element,
  encryptElement,
  parseXml,
  signEnveloped,
  verifySignature,
} from '../../src/xml/index.js';
import { digestOfText, joined, octetsOf, PartsBuilder } from '../../src/xml/text-parts.js';
import { rsaKeyPair } from '../support/pki.js';
import { forgetful } from './check-forms.js';

/** No more characters than this make a part, unless one piece has more. */
const LONG = 32 * 1024;

const policy = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: true, now: Date.now() };

function built(pieces: readonly string[]) {
  const builder = new PartsBuilder();
  for (const piece of pieces) builder.put(piece);
  return { length: builder.length, parts: builder.take() };
}

for (const [name, pieces, lengths] of [
  ['nothing', [], []],
  ['a few short pieces', ['<a>', 'é', '</a>'], [8]],
  ['just enough for one part', ['x'.repeat(LONG - 1), 'y'], [LONG]],
  ['one too many for it', ['x'.repeat(LONG - 1), 'y', 'z'], [LONG, 1]],
  ['a long one by itself', ['x'.repeat(LONG + 1)], [LONG + 1]],
  ['a long one between short ones', ['<a>', '𝄞'.repeat(LONG), '</a>'], [3, 2 * LONG, 4]],
  ['many short ones', Array.from({ length: 3 * LONG }, (_, at) => (at % 3 === 0 ? '€' : 'x')), [LONG, LONG, LONG]],
] as const) {
  t.test(`${name}: the same text, octets and digests in parts as in one piece`, (t) => {
    const { length, parts } = built(pieces);
    const whole = pieces.join('');
    t.same(
      parts.map((part) => part.length),
      lengths,
    );
    t.equal(length, whole.length);
    t.equal(joined(parts), whole);
    t.same(octetsOf(parts), Buffer.from(whole, 'utf8'));
    for (const algorithm of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
      t.same(digestOfText(algorithm, parts), createHash(algorithm).update(whole, 'utf8').digest());
    }
    t.end();
  });
}

t.test('what was taken is not there any more, but still counts', (t) => {
  const builder = new PartsBuilder();
  builder.put('<a>');
  t.same(builder.take(), ['<a>']);
  t.same(builder.take(), []);
  builder.put('</a>');
  t.same(builder.take(), ['</a>']);
  t.equal(builder.length, 7);
  t.end();
});

for (const [name, content] of [
  ['many elements', '<b q="1" p="2">é</b>'.repeat(9_000)],
  ['elements as they stand', '<b p="1">é</b>'.repeat(9_000)],
  ['one long text', '𝄞&amp;'.repeat(40_000)],
] as const) {
  t.test(`a long document is hashed, signed and written alike: ${name}`, async (t) => {
    const document = parseXml(Buffer.from(`<r ID="_1"><i/>${content}</r>`));
    t.same(canonicalOctets(document), Buffer.from(canonicalize(document)));
    const keys = rsaKeyPair();
    const signed = await signEnveloped(document, keys.signingKey(), { position: 1 });
    const written = canonicalOctets(signed);
    t.same(written, Buffer.from(canonicalize({ ...signed })));
    const digest = /<ds:DigestValue>([^<]*)/.exec(written.toString())?.[1];
    t.equal(digest, createHash('sha256').update(canonicalize(document)).digest('base64'));
    const { element } = await verifySignature(parseXml(written), [keys.verificationKey()], policy);
    t.equal(canonicalize(element), canonicalize(document));
  });
}

t.test('a long document is signed alike inside another long one', async (t) => {
  const long = '<b q="1" p="2">é</b>'.repeat(4_000);
  const key = rsaKeyPair().signingKey();
  const inner = await signEnveloped(parseXml(Buffer.from(`<i ID="_i">${long}<x/>${long}</i>`)), key, {
    position: 4_000,
  });
  const outer = parseXml(Buffer.from(`<r ID="_r">${long}<y/></r>`));
  const around = { ...outer, children: [...outer.children.slice(0, -1), inner, ...outer.children.slice(-1)] };
  const signed = await signEnveloped(around, key, { position: 4_001 });
  t.same(canonicalOctets(signed), Buffer.from(canonicalize(forgetful(signed))));
  const read = parseXml(canonicalOctets(signed));
  await t.resolves(verifySignature(read, [rsaKeyPair().verificationKey()], policy));
  const [found] = childrenNamed(read, '', 'i');
  if (found === undefined) throw new Error('The inner element is gone.');
  await t.resolves(verifySignature(found, [rsaKeyPair().verificationKey()], policy));
});

t.test('a long document is encrypted whole', (t) => {
  const { publicKey, privateKey } = rsaKeyPair();
  const document = parseXml(Buffer.from(`<r>${'<b q="1" p="2">é</b>'.repeat(4_000)}</r>`));
  const encrypted = encryptElement(document, { publicKey });
  const container = element({ localName: 'box', namespace: '', children: [encrypted] });
  const opened = decryptElement(container, [privateKey], { allowCbc: false }, defaultXmlLimits);
  t.equal(canonicalize(opened), canonicalize(document));
  t.end();
});
