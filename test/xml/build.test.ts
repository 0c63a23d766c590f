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
  t.equal(lookupNamespace(null, ''), undefined);
  t.end();
});

const NOT_NC_NAME = 'a name is not an NCName';
const TWICE = 'an attribute twice';
const TWO_MEANINGS = 'a prefix with two meanings';
const CHARACTER = 'a character that XML does not allow';
const refused: readonly (readonly [name: string, build: () => unknown, told: string])[] = [
  ['a local name with a colon', () => element({ localName: 'a:b', namespace: '' }), NOT_NC_NAME],
  ['an empty local name', () => element({ localName: '', namespace: '' }), NOT_NC_NAME],
  ['a local name with a blank', () => element({ localName: 'a ', namespace: '' }), NOT_NC_NAME],
  ['a prefix that is no name', () => element({ prefix: '1', localName: 'a', namespace: 'urn:a' }), NOT_NC_NAME],
  [
    'the prefix xmlns',
    () => element({ prefix: 'xmlns', localName: 'a', namespace: 'urn:a' }),
    'the prefix xmlns is reserved',
  ],
  [
    'the prefix xml for another namespace',
    () => element({ prefix: 'xml', localName: 'a', namespace: 'urn:a' }),
    'the prefix xml is reserved',
  ],
  [
    'another prefix for the xml namespace',
    () => element({ prefix: 'a', localName: 'a', namespace: XML }),
    'the prefix xml is reserved',
  ],
  [
    'a prefix without a namespace',
    () => element({ prefix: 'a', localName: 'a', namespace: '' }),
    'a prefix without a namespace',
  ],
  [
    'a relative namespace name',
    () => element({ localName: 'a', namespace: 'a' }),
    'a namespace name that is no absolute URI',
  ],
  ['a NUL in text', () => element({ localName: 'a', namespace: '', children: ['\0'] }), CHARACTER],
  ['a lone surrogate in text', () => element({ localName: 'a', namespace: '', children: ['\uD800'] }), CHARACTER],
  [
    'a control character in a value',
    () => element({ localName: 'a', namespace: '', attributes: [attribute('a', '\u0001')] }),
    CHARACTER,
  ],
  [
    'an attribute twice',
    () => element({ localName: 'a', namespace: '', attributes: [attribute('a', ''), attribute('a', '')] }),
    TWICE,
  ],
  [
    'an attribute twice by another prefix',
    () =>
      element({
        localName: 'a',
        namespace: '',
        attributes: [prefixed('a', 'x', 'urn:a'), prefixed('b', 'x', 'urn:a')],
      }),
    TWICE,
  ],
  [
    'an attribute named xmlns',
    () => element({ localName: 'a', namespace: '', attributes: [attribute('xmlns', 'urn:a')] }),
    'an attribute without prefix is in no namespace',
  ],
  [
    'an attribute in a namespace without prefix',
    () => element({ localName: 'a', namespace: '', attributes: [prefixed('', 'x', 'urn:a')] }),
    'an attribute without prefix is in no namespace',
  ],
  [
    'one prefix for element and attribute',
    () => element({ prefix: 'a', localName: 'a', namespace: 'urn:a', attributes: [prefixed('a', 'x', 'urn:b')] }),
    TWO_MEANINGS,
  ],
  [
    'one prefix for two attributes',
    () =>
      element({
        localName: 'a',
        namespace: '',
        attributes: [prefixed('a', 'x', 'urn:a'), prefixed('a', 'y', 'urn:b')],
      }),
    TWO_MEANINGS,
  ],
];
for (const [name, build, told] of refused) {
  t.test(`not built: ${name}`, (t) => {
    t.throws(build, { code: 'XML_MALFORMED', message: `An element cannot be built: ${told}.` });
    t.end();
  });
}

t.test('an attribute without prefix leaves the default namespace of its element as it is', (t) => {
  const built = element({ localName: 'r', namespace: 'urn:d', attributes: [attribute('x', '1'), attribute('y', '2')] });
  t.strictSame(built.scope, { prefix: '', uri: 'urn:d', outer: null });
  t.equal(canonicalize(built, ['#default']), '<r xmlns="urn:d" x="1" y="2"></r>');
  t.end();
});

t.test('an element and its attributes may share a prefix, and two attributes too', (t) => {
  const attributes = [prefixed('a', 'x', 'urn:a'), prefixed('a', 'y', 'urn:a')];
  const built = element({ prefix: 'a', localName: 'r', namespace: 'urn:a', attributes });
  t.strictSame(built.scope, { prefix: 'a', uri: 'urn:a', outer: null });
  t.end();
});

t.test('attributes of one name in several namespaces are several, and text may be any that XML allows', (t) => {
  const attributes = [attribute('x', '\u{1F600}'), prefixed('a', 'x', 'urn:a'), prefixed('b', 'x', 'urn:b')];
  const built = element({ localName: 'r', namespace: '', attributes, children: ['\t\u{10FFFF}\uFFFD'] });
  t.equal(
    canonicalize(built),
    '<r xmlns:a="urn:a" xmlns:b="urn:b" x="\u{1F600}" a:x="v" b:x="v">\t\u{10FFFF}\uFFFD</r>',
  );
  t.end();
});

t.test('an element without a namespace outside any declaration declares nothing', (t) => {
  t.equal(element({ localName: 'r', namespace: '', attributes: [attribute('x', '1')] }).scope, null);
  t.end();
});

t.test('what a scope around it binds already is not bound again', (t) => {
  const scope = { prefix: 'a', uri: 'urn:a', outer: { prefix: '', uri: 'urn:d', outer: null } };
  const attributes = [prefixed('a', 'x', 'urn:a')];
  t.equal(element({ localName: 'r', namespace: 'urn:d', attributes, scope }).scope, scope);
  t.strictSame(element({ prefix: 'a', localName: 'r', namespace: 'urn:b', scope }).scope, {
    prefix: 'a',
    uri: 'urn:b',
    outer: scope,
  });
  t.end();
});

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

t.test('a lookup finds the innermost binding of the prefix itself', (t) => {
  const outer = { prefix: 'a', uri: 'urn:outer', outer: { prefix: 'b', uri: 'urn:b', outer: null } };
  const scope = { prefix: 'c', uri: 'urn:c', outer: { prefix: 'a', uri: 'urn:inner', outer } };
  const found = ['a', 'b', 'c', 'd', ''].map((prefix) => lookupNamespace(scope, prefix));
  t.strictSame(found, ['urn:inner', 'urn:b', 'urn:c', undefined, undefined]);
  t.strictSame(Object.fromEntries(bindingsInScope(scope)), { a: 'urn:inner', b: 'urn:b', c: 'urn:c' });
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
