import fc from 'fast-check';
import t from 'tap';
import {
  attribute,
  bindingsInScope,
  canonicalize,
  decodeBase64,
  element,
  lookupNamespace,
  parseXml,
  textContent,
  type XmlAttribute,
} from '../../src/xml/index.js';

const XML = 'http://www.w3.org/XML/1998/namespace';
const prefixed = (prefix: string, localName: string, namespace: string): XmlAttribute => ({
  prefix,
  localName,
  namespace,
  value: 'v',
});

t.test('a built element declares what it and its attributes use, once', (t) => {
  const built = element({
    prefix: 'a',
    localName: 'r',
    namespace: 'urn:a',
    attributes: [
      attribute('x', '1'),
      prefixed('b', 'y', 'urn:b'),
      prefixed('b', 'z', 'urn:b'),
      prefixed('xml', 'lang', XML),
    ],
    scope: { prefix: 'c', uri: 'urn:c', outer: null },
  });
  t.strictSame([...bindingsInScope(built.scope)].sort(), [
    ['a', 'urn:a'],
    ['b', 'urn:b'],
    ['c', 'urn:c'],
  ]);
  const source = canonicalize(built, ['c']);
  t.equal(source, '<a:r xmlns:a="urn:a" xmlns:b="urn:b" xmlns:c="urn:c" x="1" xml:lang="v" b:y="v" b:z="v"></a:r>');
  t.equal(canonicalize(parseXml(Buffer.from(source)), ['c']), source);
  t.end();
});

t.test('an element in no namespace undeclares the default namespace around it', (t) => {
  const built = element({ localName: 'r', namespace: '', scope: { prefix: '', uri: 'urn:d', outer: null } });
  t.equal(lookupNamespace(built.scope, ''), '');
  t.equal(bindingsInScope(built.scope).size, 0);
  t.end();
});

t.test('lookups know xml without a declaration and nothing else', (t) => {
  t.equal(lookupNamespace(null, 'xml'), XML);
  t.equal(lookupNamespace(null, 'p'), undefined);
  t.end();
});

const refused: readonly (readonly [name: string, build: () => unknown])[] = [
  ['a local name with a colon', () => element({ localName: 'a:b', namespace: '' })],
  ['an empty local name', () => element({ localName: '', namespace: '' })],
  ['a prefix that is no name', () => element({ prefix: '1', localName: 'a', namespace: 'urn:a' })],
  ['the prefix xmlns', () => element({ prefix: 'xmlns', localName: 'a', namespace: 'urn:a' })],
  ['the prefix xml for another namespace', () => element({ prefix: 'xml', localName: 'a', namespace: 'urn:a' })],
  ['another prefix for the xml namespace', () => element({ prefix: 'a', localName: 'a', namespace: XML })],
  ['a prefix without a namespace', () => element({ prefix: 'a', localName: 'a', namespace: '' })],
  ['a relative namespace name', () => element({ localName: 'a', namespace: 'a' })],
  ['a NUL in text', () => element({ localName: 'a', namespace: '', children: ['\0'] })],
  ['a lone surrogate in text', () => element({ localName: 'a', namespace: '', children: ['\uD800'] })],
  [
    'a control character in a value',
    () => element({ localName: 'a', namespace: '', attributes: [attribute('a', '\u0001')] }),
  ],
  [
    'an attribute twice',
    () => element({ localName: 'a', namespace: '', attributes: [attribute('a', ''), attribute('a', '')] }),
  ],
  [
    'an attribute twice by another prefix',
    () =>
      element({
        localName: 'a',
        namespace: '',
        attributes: [prefixed('a', 'x', 'urn:a'), prefixed('b', 'x', 'urn:a')],
      }),
  ],
  [
    'an attribute named xmlns',
    () => element({ localName: 'a', namespace: '', attributes: [attribute('xmlns', 'urn:a')] }),
  ],
  [
    'an attribute in a namespace without prefix',
    () => element({ localName: 'a', namespace: '', attributes: [prefixed('', 'x', 'urn:a')] }),
  ],
  [
    'one prefix for element and attribute',
    () => element({ prefix: 'a', localName: 'a', namespace: 'urn:a', attributes: [prefixed('a', 'x', 'urn:b')] }),
  ],
  [
    'one prefix for two attributes',
    () =>
      element({
        localName: 'a',
        namespace: '',
        attributes: [prefixed('a', 'x', 'urn:a'), prefixed('a', 'y', 'urn:b')],
      }),
  ],
];
for (const [name, build] of refused) {
  t.test(`not built: ${name}`, (t) => {
    t.throws(build, { code: 'XML_MALFORMED' });
    t.end();
  });
}

t.test('any text that is built is read back as it was', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (value, content) => {
      let source: string;
      try {
        source = canonicalize(
          element({ localName: 'a', namespace: '', attributes: [attribute('b', value)], children: [content] }),
        );
      } catch {
        return;
      }
      const read = parseXml(Buffer.from(source));
      t.equal(read.attributes[0]?.value, value);
      t.equal(textContent(read), content);
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('base64 is strict but for white space', (t) => {
  t.equal(decodeBase64(' YQ\r\n=\t= ')?.toString(), 'a');
  t.equal(decodeBase64('')?.length, 0);
  for (const text of ['YQ', 'YQ=', 'YQ===', 'YR==', 'Y!Q=', 'YQ==YQ==', '-_-_', '=', '\u00A0YQ==', 'YQ==\0']) {
    t.equal(decodeBase64(text), null, JSON.stringify(text));
  }
  t.end();
});
