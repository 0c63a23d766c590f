import { createHash } from 'node:crypto';
import t from 'tap';
import {
  canonicalize,
  canonicalOctets,
  encodeBase64,
  parseXml,
  signEnveloped,
  verifySignature,
} from '../../src/xml/index.js';
import { digestOfText, joined, octetsOf, PartsBuilder } from '../../src/xml/text-parts.js';
import { rsaKeyPair } from '../support/pki.js';

/** From this length on, pieces make a part. */
const LONG = 32 * 1024;

function built(pieces: readonly string[]) {
  const builder = new PartsBuilder();
  for (const piece of pieces) builder.put(piece);
  return { length: builder.length, parts: builder.take() };
}

for (const [name, pieces, lengths] of [
  ['nothing', [], []],
  ['a few short pieces', ['<a>', 'é', '</a>'], [8]],
  ['just too few for a part', ['x'.repeat(LONG - 2), 'y'], [LONG - 1]],
  ['just enough for one', ['x'.repeat(LONG - 1), 'y'], [LONG - 1, 1]],
  ['a long one by itself', ['x'.repeat(LONG)], [LONG]],
  ['a long one between short ones', ['<a>', '𝄞'.repeat(LONG), '</a>'], [3, 2 * LONG, 4]],
  [
    'many short ones',
    Array.from({ length: 3 * LONG }, (_, at) => (at % 3 === 0 ? '€' : 'x')),
    [LONG - 1, 1, LONG - 1, 1, LONG - 1, 1],
  ],
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

t.test('base64 of anything is that of all of it at once', (t) => {
  for (const length of [0, 1, 24_575, 24_576, 24_577, 24_578, 49_152, 100_000]) {
    const octets = Buffer.from(Array.from({ length }, (_, at) => (at * 7919) % 256));
    t.equal(encodeBase64(octets), octets.toString('base64'), `${length} octets`);
  }
  t.end();
});

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
    const policy = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: true, now: Date.now() };
    const { element } = await verifySignature(parseXml(written), [keys.verificationKey()], policy);
    t.equal(canonicalize(element), canonicalize(document));
  });
}
