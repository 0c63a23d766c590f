import fc from 'fast-check';
import t from 'tap';
import { canonicalize, childElements, element, parseXml, type XmlElement } from '../../src/xml/index.js';
import { generatedDocument } from './generated-documents.js';
import { libxml2Canonical, libxml2Tree, plainTree } from './libxml2.js';

const parse = (source: string): XmlElement => parseXml(Buffer.from(source));

function at(root: XmlElement, path: readonly number[]): XmlElement {
  return path.reduce((element, index) => childElements(element)[index] ?? element, root);
}

/** Some path to an element that exists, steered by arbitrary numbers. */
function pathIn(root: XmlElement, steps: readonly number[]): number[] {
  const path: number[] = [];
  let here = root;
  for (const step of steps) {
    const inside = childElements(here);
    const index = step % Math.max(inside.length, 1);
    const next = inside[index];
    if (next === undefined) break;
    path.push(index);
    here = next;
  }
  return path;
}

t.test('any subtree of any generated document is canonicalized as libxml2 does it', (t) => {
  const steps = fc.array(fc.nat({ max: 5 }), { maxLength: 5 });
  fc.assert(
    fc.property(generatedDocument, steps, ({ source, inclusivePrefixes }, walk) => {
      const bytes = Buffer.from(source);
      const root = parseXml(bytes);
      const path = pathIn(root, walk);
      const ours = canonicalize(at(root, path), inclusivePrefixes);
      const theirs = libxml2Canonical(bytes, path, inclusivePrefixes);
      if (ours !== theirs) throw new Error(`ours:   ${ours}\ntheirs: ${theirs}\nsource: ${source}`);
    }),
    { numRuns: 3000 },
  );
  t.pass('3000 documents');
  t.end();
});

t.test('a generated document is read as libxml2 reads it, and its canonical form reads the same again', (t) => {
  fc.assert(
    fc.property(generatedDocument, ({ source, inclusivePrefixes }) => {
      const bytes = Buffer.from(source);
      const tree = plainTree(parseXml(bytes));
      t.strictSame(tree, libxml2Tree(bytes));
      const again = parse(canonicalize(parseXml(bytes), inclusivePrefixes));
      t.strictSame(plainTree(again), tree);
    }),
    { numRuns: 300 },
  );
  t.end();
});

const examples: readonly (readonly [name: string, source: string, prefixes: readonly string[], expected: string])[] = [
  ['an unused declaration is left out', '<a:r xmlns:a="urn:a" xmlns:b="urn:b"/>', [], '<a:r xmlns:a="urn:a"></a:r>'],
  [
    'a listed one is kept',
    '<a:r xmlns:a="urn:a" xmlns:b="urn:b"/>',
    ['b'],
    '<a:r xmlns:a="urn:a" xmlns:b="urn:b"></a:r>',
  ],
  [
    '#default lists the default namespace',
    '<a:r xmlns:a="urn:a" xmlns="urn:d"/>',
    ['#default'],
    '<a:r xmlns="urn:d" xmlns:a="urn:a"></a:r>',
  ],
  [
    'an undeclared default is written where one was written above',
    '<r xmlns="urn:a"><c xmlns=""/></r>',
    [],
    '<r xmlns="urn:a"><c xmlns=""></c></r>',
  ],
  [
    'and is not where none was',
    '<a:r xmlns:a="urn:a" xmlns="urn:d"><c xmlns=""/></a:r>',
    [],
    '<a:r xmlns:a="urn:a"><c></c></a:r>',
  ],
  [
    'attributes go by namespace name, then local name',
    '<r xmlns:z="urn:a" xmlns:a="urn:b" a:x="1" z:y="2" b="3" a="4"/>',
    [],
    '<r xmlns:a="urn:b" xmlns:z="urn:a" a="4" b="3" z:y="2" a:x="1"></r>',
  ],
  ['names go by code point, not by UTF-16', '<r \u{10400}="1" \uFDF0="2"/>', [], '<r \uFDF0="2" \u{10400}="1"></r>'],
  [
    'attribute values are escaped',
    '<r a="&lt;&amp;&quot;&gt;&#9;&#10;&#13;\'"/>',
    [],
    '<r a="&lt;&amp;&quot;>&#x9;&#xA;&#xD;\'"></r>',
  ],
  [
    'namespace names are escaped as attribute values are',
    '<r xmlns="urn:a?b&amp;c"/>',
    [],
    '<r xmlns="urn:a?b&amp;c"></r>',
  ],
  ['text is escaped', '<r>&lt;&amp;"&gt;&#9;&#10;&#13;</r>', [], '<r>&lt;&amp;"&gt;\t\n&#xD;</r>'],
  ['white space in a start-tag is not', '<r><c >x</c></r>', [], '<r><c>x</c></r>'],
  ['white space in an end-tag is not', '<r><c>x</c\n></r>', [], '<r><c>x</c></r>'],
  ['an element without content is not written in short', '<r><c><d/></c></r>', [], '<r><c><d></d></c></r>'],
  [
    'what was written canonically stays so, between what was not',
    '<a:r xmlns:a="urn:a"><a:c x="1"><a:d y="2">t</a:d><a:d y=\'2\'>t</a:d></a:c><a:c x="1"><a:d y="2">t</a:d></a:c></a:r>',
    [],
    '<a:r xmlns:a="urn:a"><a:c x="1"><a:d y="2">t</a:d><a:d y="2">t</a:d></a:c><a:c x="1"><a:d y="2">t</a:d></a:c></a:r>',
  ],
  [
    'a prefix that is bound otherwise inside is declared there',
    '<a:r xmlns:a="urn:a"><a:c><b:d xmlns:b="urn:b">t</b:d></a:c></a:r>',
    [],
    '<a:r xmlns:a="urn:a"><a:c><b:d xmlns:b="urn:b">t</b:d></a:c></a:r>',
  ],
  [
    'a child of another prefix is declared where it stands',
    '<a:r xmlns:a="urn:a" xmlns:b="urn:b"><a:c><b:d>t</b:d></a:c></a:r>',
    [],
    '<a:r xmlns:a="urn:a"><a:c><b:d xmlns:b="urn:b">t</b:d></a:c></a:r>',
  ],
  ['> in text is escaped', '<r><c>a>b</c></r>', [], '<r><c>a&gt;b</c></r>'],
  [
    'xml: needs no declaration',
    '<r xml:lang="en" xmlns:xml="http://www.w3.org/XML/1998/namespace"/>',
    ['xml'],
    '<r xml:lang="en"></r>',
  ],
];
for (const [name, source, prefixes, expected] of examples) {
  t.test(`canonical form: ${name}`, (t) => {
    t.equal(canonicalize(parse(source), prefixes), expected);
    t.end();
  });
}

t.test('a tree in which a prefix would mean two things is refused, however it was put together', (t) => {
  const parsed = parse('<p:r xmlns:p="urn:a" p:x="1"/>');
  const [own] = parsed.attributes;
  t.ok(own);
  const stranger = { prefix: 'p', localName: 'y', namespace: 'urn:b', value: '' };
  for (const [tree, prefixes] of [
    [{ ...parsed, attributes: [stranger] }, []],
    [{ ...parsed, attributes: [...parsed.attributes, stranger] }, []],
    [{ ...parsed, attributes: [], scope: { prefix: 'p', uri: 'urn:b', outer: null } }, ['p']],
  ] as const) {
    t.throws(() => canonicalize(tree, prefixes), {
      code: 'XML_MALFORMED',
      message: 'A prefix has two meanings on one element.',
    });
  }
  const good = { ...stranger, namespace: 'urn:a' };
  for (const child of [
    { ...parsed, attributes: [stranger] },
    { ...parsed, prefix: '', namespace: '', attributes: [{ ...good, localName: 'z' }, stranger] },
  ]) {
    t.throws(() => canonicalize({ ...parsed, children: [child] }), { code: 'XML_MALFORMED' }, 'declared around it');
  }
  t.equal(
    canonicalize({
      ...parsed,
      attributes: [],
      children: [{ ...parsed, prefix: '', namespace: '', attributes: [good] }],
    }),
    '<p:r xmlns:p="urn:a"><r p:y=""></r></p:r>',
  );
  t.end();
});

t.test('a subtree keeps its names in a document that binds its prefixes otherwise', (t) => {
  const inner = parse('<p:in xmlns:p="urn:inner"><in/></p:in>');
  const outer = parse('<p:out xmlns:p="urn:outer" xmlns="urn:default"><c/></p:out>');
  const written = canonicalize({ ...outer, children: [...outer.children, inner] });
  t.equal(
    written,
    '<p:out xmlns:p="urn:outer"><c xmlns="urn:default"></c><p:in xmlns:p="urn:inner"><in></in></p:in></p:out>',
  );
  t.end();
});

t.test('many declarations in scope do not make canonicalization quadratic', (t) => {
  const names = Array.from({ length: 200 }, (_, index) => `p${index}`);
  const declared = names.map((name) => `xmlns:${name}="urn:${name}"`).join(' ');
  const deep = 60;
  const source = `${`<r ${declared}>`.repeat(deep)}${'<e/>'.repeat(5000)}${'</r>'.repeat(deep)}`;
  let steps = 0;
  const counted = (element: XmlElement): XmlElement => ({
    ...element,
    get scope() {
      steps++;
      return element.scope;
    },
    children: element.children.map((child) => (typeof child === 'string' ? child : counted(child))),
  });
  canonicalize(counted(parse(source)), names);
  t.ok(steps <= 3 * (5000 + deep), `the scope is read ${steps} times`);
  t.end();
});

t.test('a form that would be hardly anything but declarations is refused, and one with as much beside is not', (t) => {
  const siblings = (content: string) =>
    parse(`<x xmlns:p="urn:${'a'.repeat(900)}">${`<p:a>${content}</p:a>`.repeat(2000)}</x>`);
  t.throws(() => canonicalize(siblings('')), { code: 'XML_LIMIT' });
  t.equal(canonicalize(siblings('b'.repeat(200))).length, 2000 * (915 + 11 + 200) + 7);
  t.end();
});

t.test('declarations may take 1 MiB, and beyond that 8 times as much as all the rest, to the character', (t) => {
  const FREE = 1024 * 1024;
  const declaring = (length: number) =>
    element({ prefix: 'p', localName: 'a', namespace: `urn:${'a'.repeat(length - ' xmlns:p="urn:"'.length)}` });
  const tooMuch = {
    code: 'XML_LIMIT',
    message: `More than ${FREE} characters of namespace declarations in the canonical form.`,
  };
  t.equal(canonicalize(declaring(FREE)).length, FREE + '<p:a></p:a>'.length);
  t.throws(() => canonicalize(declaring(FREE + 1)), tooMuch);
  const inside = (before: number) => {
    const children = ['b'.repeat(before - '<r>'.length), declaring(FREE + 8)];
    return canonicalize(element({ localName: 'r', namespace: '', children }));
  };
  const enough = (FREE + 8) / 8;
  t.equal(inside(enough).length, enough + FREE + 8 + '<p:a></p:a></r>'.length);
  t.throws(() => inside(enough - 1), tooMuch);
  t.end();
});
