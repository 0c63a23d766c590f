import t from 'tap';
import { attributeValue, bindingsInScope, childElements, parseXml, type XmlElement } from '../../src/xml/index.js';
import { outcomeOf } from './outcome.js';

const parse = (source: string): XmlElement => parseXml(Buffer.from(source));

function told(source: string): string {
  return outcomeOf(() => {
    parse(source);
    return 'read';
  });
}

const TWICE = 'An attribute stands twice on one element.';
const DECLARED_TWICE = 'A prefix is declared twice.';
const UNBOUND = 'A prefix is not bound.';
const NOT_ALLOWED = 'A namespace declaration is not allowed.';
const NO_URI = 'A namespace name is not an absolute URI.';
const XML = 'http://www.w3.org/XML/1998/namespace';
const XMLNS = 'http://www.w3.org/2000/xmlns/';
const letters = Array.from('abcdefghijklmnop');

for (const count of [2, 3, 6, 7, 8, 9, 16]) {
  t.test(`of ${count} attributes none stands twice, in whichever order they come`, (t) => {
    const names = letters.slice(0, count);
    const tag = (list: readonly string[], declared = ''): string =>
      `<r ${declared}${list.map((name) => `${name}="1"`).join(' ')}/>`;
    t.equal(told(tag(names)), 'read');
    t.equal(told(tag(names.toReversed())), 'read');
    for (let first = 0; first < count; first++) {
      for (let second = first + 1; second < count; second++) {
        const doubled = names.with(second, names[first] ?? '');
        t.equal(told(tag(doubled)), TWICE, doubled.join(' '));
        t.equal(told(tag(doubled.toReversed())), TWICE, doubled.toReversed().join(' '));
      }
    }
    const declared = 'xmlns:p="urn:1" xmlns:q="urn:1" xmlns:s="urn:2" ';
    const prefixed = names.map((name) => `p:${name}`);
    t.equal(told(tag(prefixed, declared)), 'read');
    t.equal(told(tag([...prefixed.slice(1), 'a'], declared)), 'read', 'a name in no namespace is another');
    t.equal(told(tag([...prefixed.slice(1), 's:b'], declared)), 'read', 'and one in another namespace');
    t.equal(told(tag([...prefixed.slice(1), `q:${names[1] ?? ''}`], declared)), TWICE, 'not so by another prefix');
    t.equal(told(tag([`q:${names[1] ?? ''}`, ...prefixed.slice(1)], declared)), TWICE);
    t.end();
  });

  t.test(`of ${count} prefixes none is declared twice`, (t) => {
    const tag = (list: readonly string[]): string => `<r ${list.map((name) => `xmlns:${name}="urn:1"`).join(' ')}/>`;
    const names = letters.slice(0, count);
    t.equal(told(tag(names)), 'read');
    for (let first = 0; first < count; first++) {
      for (let second = first + 1; second < count; second++) {
        t.equal(told(tag(names.with(second, names[first] ?? ''))), DECLARED_TWICE);
      }
    }
    t.end();
  });
}

const rows: readonly (readonly [source: string, expected: string])[] = [
  ['<r xmlns="urn:a" xmlns="urn:a"/>', DECLARED_TWICE],
  ['<r xmlns="urn:a" a="1" xmlns="urn:b"/>', DECLARED_TWICE],
  ['<r xmlns="urn:a" xmlns:xmlnss="urn:a"/>', 'read'],
  ['<r xmlns:a="urn:a"><s xmlns:a="urn:a"/><s xmlns:a="urn:a"/></r>', 'read'],
  ['<r xmlns:a="urn:a" xmlns:b="urn:a"><s a:x="1"/><s b:x="2"/></r>', 'read'],
  ['<r xmlns:a="urn:a" x="1" a:x="2"/>', 'read'],
  ['<r xmlns="urn:a" xmlns:a="urn:a" x="1" a:x="2"/>', 'read'],
  ['<r x="1" y="2" x="3"/>', TWICE],
  ['<r><s x="1" x="1"></s></r>', TWICE],
  ['<r xml:lang="nl" xml:lang="nl"/>', TWICE],
  ['<r xml:lang="nl" lang="nl"/>', 'read'],
  ['<r a:x="1" xmlns:a="urn:a"/>', 'read'],
  ['<r xmlns:a="urn:a"><s a:x="1"/></r>', 'read'],
  ['<r><s xmlns:a="urn:a"/><t a:x="1"/></r>', UNBOUND],
  ['<r><s xmlns:a="urn:a"></s><t a:x="1"/></r>', UNBOUND],
  ['<r><s xmlns:a="urn:a"></s><a:t/></r>', UNBOUND],
  ['<r><s xmlns:a="urn:a"/><a:t/></r>', UNBOUND],
  ['<a:r><s xmlns:a="urn:a"/></a:r>', UNBOUND],
  ['<r xmlns:a="urn:a" A:x="1"/>', UNBOUND],
  ['<r XML:lang="nl"/>', UNBOUND],
  ['<r xmlnsx:a="1"/>', UNBOUND],
  ['<r Xmlns="a b"/>', 'read'],
  ['<r xmlns:p="urn:p" p:xmlns="a b"/>', 'read'],
  ['<r xmlns:xmlns="urn:a"/>', NOT_ALLOWED],
  [`<r xmlns:xmlns="${XMLNS}"/>`, NOT_ALLOWED],
  [`<r xmlns:a="${XMLNS}"/>`, NOT_ALLOWED],
  [`<r xmlns="${XMLNS}"/>`, NOT_ALLOWED],
  [`<r xmlns:xml="${XMLNS}"/>`, NOT_ALLOWED],
  ['<r xmlns:xml="urn:a"/>', NOT_ALLOWED],
  ['<r xmlns:xml=""/>', NOT_ALLOWED],
  [`<r xmlns:a="${XML}"/>`, NOT_ALLOWED],
  [`<r xmlns="${XML}"/>`, NOT_ALLOWED],
  [`<r xmlns:xml="${XML}"/>`, 'read'],
  [`<r xmlns:xml="${XML}" xml:lang="nl"><xml:s/></r>`, 'read'],
  [`<r xmlns:xml="${XML}" xmlns:xml="${XML}"/>`, DECLARED_TWICE],
  ['<xml:r xml:lang="nl"/>', 'read'],
  ['<xmlns:r/>', UNBOUND],
  ['<xmlns/>', 'read'],
  ['<xml/>', 'read'],
  ['<r xmlns:a=""/>', NOT_ALLOWED],
  ['<r xmlns:a="urn:a"><s xmlns:a=""/></r>', NOT_ALLOWED],
  ['<r xmlns=""/>', 'read'],
  ['<r xmlns="urn:a"><s xmlns=""/></r>', 'read'],
  ['<r xmlns="a"/>', NO_URI],
  ['<r xmlns="a:"/>', 'read'],
  ['<r xmlns="urn:a&#32;"/>', NO_URI],
  ['<r xmlns="1a:b"/>', NO_URI],
  ['<r xmlns="urn:a" xmlns:b="b"/>', NO_URI],
  ['<r xmlns="urn:a"><s xmlns="b"/><s xmlns="urn:a"/></r>', NO_URI],
  ['<r xmlns="urn:a"><s xmlns="urn:b"/><s xmlns="urn:a"/><s xmlns="urn:b"/></r>', 'read'],
];
for (const [source, expected] of rows) {
  t.test(`${source} is ${expected === 'read' ? 'read' : `refused: ${expected}`}`, (t) => {
    t.equal(told(source), expected);
    t.end();
  });
}

t.test('each name has the namespace that its prefix has there, and not elsewhere', (t) => {
  const root = parse(
    '<p:r xmlns:p="urn:1" p:x="1"><p:s xmlns:p="urn:2" p:x="2"><p:s p:x="3"/></p:s><p:s p:x="4"/>' +
      '<s xmlns="urn:3" x="5" p:x="6"><s/></s><s/></p:r>',
  );
  const seen: unknown[] = [];
  const visit = (element: XmlElement): void => {
    seen.push([element.namespace, ...element.attributes.map(({ namespace, value }) => `${namespace} ${value}`)]);
    for (const child of childElements(element)) visit(child);
  };
  visit(root);
  t.strictSame(seen, [
    ['urn:1', 'urn:1 1'],
    ['urn:2', 'urn:2 2'],
    ['urn:2', 'urn:2 3'],
    ['urn:1', 'urn:1 4'],
    ['urn:3', ' 5', 'urn:1 6'],
    ['urn:3'],
    [''],
  ]);
  t.end();
});

t.test('the scope of an element is what is declared on it and around it', (t) => {
  const root = parse('<r xmlns="urn:d" xmlns:a="urn:1"><s xmlns:a="urn:2" xmlns=""><u/></s><v/></r>');
  const [s, v] = childElements(root);
  t.ok(s && v);
  if (!s || !v) return;
  t.strictSame(root.scope, { prefix: 'a', uri: 'urn:1', outer: { prefix: '', uri: 'urn:d', outer: null } });
  t.strictSame(Object.fromEntries(bindingsInScope(s.scope)), { a: 'urn:2' });
  t.equal(childElements(s)[0]?.scope, s.scope);
  t.equal(v.scope, root.scope);
  t.equal(parse(`<r xmlns:xml="${XML}"/>`).scope, null, 'xml is in every scope');
  t.end();
});

t.test('a value is normalised and resolved, and is another on each attribute', (t) => {
  const root = parse('<r a="1\t2\n3" b=\'4\r\n5\' c="&#9;&#10;" d="\t&lt;\t" e="" f="&amp;" g="x"/>');
  t.strictSame(
    root.attributes.map(({ localName, value }) => [localName, value]),
    [
      ['a', '1 2 3'],
      ['b', '4 5'],
      ['c', '\t\n'],
      ['d', ' < '],
      ['e', ''],
      ['f', '&'],
      ['g', 'x'],
    ],
  );
  t.equal(attributeValue(root, 'h'), undefined);
  t.end();
});

t.test('of IDs none stands twice, whatever they are called and wherever they are', (t) => {
  const DUPLICATE = 'Two elements carry the same ID.';
  for (const [source, expected] of [
    ['<r ID="a"><s ID="b"/></r>', 'read'],
    ['<r ID="a"><s ID="A"/></r>', 'read'],
    ['<r ID=""><s ID=""/></r>', DUPLICATE],
    ['<r ID="a" Id="a"/>', DUPLICATE],
    ['<r ID="a" xml:id="a"/>', DUPLICATE],
    ['<r ID="a" Id="b" xml:id="c"><s ID="d"/></r>', 'read'],
    ['<r><s xml:id="a"/><s xml:id="a"/></r>', DUPLICATE],
    ['<r><s xml:ID="a"/><s xml:ID="a"/></r>', 'read'],
    ['<r><s id="a"/><s id="a"/></r>', 'read'],
    ['<r xmlns:p="urn:p"><s p:id="a"/><s p:id="a"/></r>', 'read'],
    ['<r xmlns:p="urn:p"><s p:ID="a"/><s p:ID="a"/></r>', 'read'],
    ['<r xmlns="urn:d"><s ID="a"/><s ID="a"/></r>', DUPLICATE],
    ['<r><s AssertionID="a"/><s AssertionID="a"/></r>', 'read'],
    ['<r><ID>a</ID><ID>a</ID></r>', 'read'],
  ] as const) {
    t.equal(told(source), expected, source);
  }
  t.end();
});
