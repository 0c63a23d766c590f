import t from 'tap';
import { canonicalize, childElements, parseXml, signEnveloped, type XmlElement } from '../../src/xml/index.js';
import { ParsedElement } from '../../src/xml/parsed-element.js';
import { WrittenElement } from '../../src/xml/written-element.js';
import { rsaKeyPair } from '../support/pki.js';
import { forgetful } from './check-forms.js';

// That what reading and signing found out is right, other tests hold against libxml2. Here is when it is known at all,
// and that it is then taken: without it every form would be the same, and would take several times as long.

const parse = (source: string): XmlElement => parseXml(Buffer.from(source));

/** The children of an element that declares the prefix p, with what is known of them. */
function read(source: string): ParsedElement[] {
  return childElements(parse(`<r xmlns:p="urn:p">${source}</r>`)).map((child) => {
    if (!ParsedElement.isParsed(child)) throw new TypeError('It was not read.');
    return child;
  });
}

for (const [source, expected] of [
  ['<a></a>', '<a'],
  ['<a/>', '<a'],
  ['<a ></a>', '<a'],
  ['<a b="1"></a>', '<a b="1"'],
  ['<a b="1" />', '<a b="1"'],
  ['<p:a b=">"/>', '<p:a b=">"'],
  ['<a ID="1" b="" c="3"/>', '<a ID="1" b="" c="3"'],
  ['<a  b="1"/>', null],
  ['<a\tb="1"/>', null],
  ["<a b='1'/>", null],
  ['<a b ="1"/>', null],
  ['<a b= "1"/>', null],
  ['<a b="&#65;"/>', null],
  ['<a b="1\t2"/>', null],
  ['<a b="1\n2"/>', null],
  ['<a c="1" b="2"/>', null],
  ['<a b="1" p:c="2"/>', null],
  ['<a xml:lang="nl"/>', null],
  ['<a xmlns:q="urn:q"/>', null],
] as const) {
  t.test(`of ${JSON.stringify(source)} the start-tag is ${expected === null ? 'made anew' : 'known'}`, (t) => {
    t.equal(read(source)[0]?.canonicalTag, expected);
    t.end();
  });
}

for (const [source, known, plain] of [
  ['<a></a>', true, true],
  ['<a b="1">x</a>', true, true],
  ['<a><b><c>x</c></b>y<d></d></a>', true, true],
  ['<p:a><p:b>x</p:b></p:a>', true, true],
  ['<a/>', false, true],
  ['<a >x</a>', false, true],
  ['<a>x</a >', false, true],
  ['<a>x<b/>y</a>', false, true],
  ['<a><b><c/></b></a>', false, true],
  ["<a><b c='1'></b></a>", false, true],
  ['<a><p:b></p:b></a>', false, true],
  ['<p:a><b></b></p:a>', false, true],
  ['<a>&amp;</a>', false, false],
  ['<a>x<b/>&#65;</a>', false, false],
  ['<a>x>y</a>', false, false],
  ['<a><![CDATA[x]]></a>', false, false],
  ['<a><![CDATA[]]></a>', false, false],
  ['<a>x<![CDATA[]]></a>', false, false],
] as const) {
  t.test(`${source} ${known ? 'can stand as it was written' : `has text that is ${plain ? '' : 'not '}plain`}`, (t) => {
    const [element] = read(source);
    t.equal(element?.verbatim, known ? source : null);
    t.equal(element?.hasPlainText, plain);
    t.end();
  });
}

t.test('adjacent text is one run, however it was written', (t) => {
  const { children } = parse('<r>a<![CDATA[b]]>&#99;<s/>d<![CDATA[]]>e</r>');
  t.strictSame(
    children.map((child) => (typeof child === 'string' ? child : child.localName)),
    ['abc', 's', 'de'],
  );
  t.strictSame(parse('<r><![CDATA[]]></r>').children, [], 'an empty section is no text');
  t.equal(parse('<r><s/><![CDATA[]]></r>').children.length, 1);
  t.end();
});

t.test('a child of another prefix is not taken along, though it is in the same namespace', (t) => {
  const root = parse('<r xmlns="urn:p" xmlns:p="urn:p"><a><p:b></p:b></a></r>');
  t.equal(canonicalize(root), '<r xmlns="urn:p"><a><p:b xmlns:p="urn:p"></p:b></a></r>');
  t.end();
});

t.test('a name that comes again is not read anew', (t) => {
  const [first, second, prefixed, again, other] = read('<ab/><ab c="1"></ab><p:ab/><p:ab/><abc/>');
  t.equal(first?.name, second?.name);
  t.equal(prefixed?.name, again?.name);
  t.strictSame(
    [first, prefixed, other].map((element) => element?.name.qualified),
    ['ab', 'p:ab', 'abc'],
  );
  t.end();
});

/** What it says of itself is not what it is, so that it shows which of both is written. */
function liar(prefix = '', namespace = '', scope: XmlElement['scope'] = null, plain = true): ParsedElement {
  const name = { qualified: 'liar', prefix, localName: 'truth', at: 1 };
  const source = { text: '<known a="1">t</known>', from: 0, canonicalEnd: 12, tight: true };
  const element = new ParsedElement(name, namespace, [], scope, source);
  element.addText('&', plain);
  return element;
}

t.test('what is known of an element is taken where it stands in another, and its prefix means the same there', (t) => {
  const inside = (source: string, element: XmlElement, prefixes: readonly string[] = []) =>
    canonicalize({ ...parse(source), children: [element] }, prefixes);
  t.equal(inside('<r/>', liar()), '<r><known a="1">&</liar></r>');
  t.equal(inside('<r/>', liar('', '', null, false)), '<r><known a="1">&amp;</liar></r>');
  const ended = liar();
  ended.end(22, true);
  t.equal(inside('<r/>', ended), '<r><known a="1">t</known></r>');
  t.equal(canonicalize(liar()), '<truth>&amp;</truth>', 'not as the apex');
  const declaring = '<r xmlns:p="urn:p" p:x="1"/>';
  t.match(inside(declaring, liar('p', 'urn:p')), '<known a="1">&</liar>');
  t.match(inside(declaring, liar('p', 'urn:q')), '<p:truth xmlns:p="urn:q">&amp;</p:truth>');
  t.match(inside('<r/>', liar('p', 'urn:p')), '<p:truth xmlns:p="urn:p">&amp;</p:truth>');
  t.match(inside('<r xmlns="urn:d"/>', liar()), '<truth xmlns="">&amp;</truth>');
  t.match(inside('<r xmlns="urn:d"/>', liar('', 'urn:d')), '<known a="1">&</liar>');
  t.end();
});

t.test('where prefixes are listed, it is taken only in the scope that it was read in', (t) => {
  const outer = parse('<r xmlns:q="urn:q"/>');
  const inside = (element: XmlElement, prefixes: readonly string[]) =>
    canonicalize({ ...outer, children: [element] }, prefixes);
  const elsewhere = { prefix: 'z', uri: 'urn:z', outer: null };
  t.equal(inside(liar('', '', outer.scope), ['q']), '<r xmlns:q="urn:q"><known a="1">&</liar></r>');
  t.equal(inside(liar('', '', elsewhere), []), '<r><known a="1">&</liar></r>');
  t.equal(
    inside(liar('', '', elsewhere), ['z', 'q']),
    '<r xmlns:q="urn:q"><truth xmlns:z="urn:z">&amp;</truth></r>',
    'a listed prefix is declared where its scope is another',
  );
  t.end();
});

t.test('a known form is taken where nothing that it declares is declared around it', (t) => {
  const form = { text: ['<known></known>'], declared: new Set(['p']), inclusivePrefixes: [] };
  const written = new WrittenElement(parse('<a/>'), form);
  t.equal(canonicalize(written), form.text[0]);
  t.equal(canonicalize({ ...parse('<r/>'), children: ['x', written] }), `<r>x${form.text[0]}</r>`);
  t.equal(canonicalize(written, ['q']), '<a></a>');
  const within = (...rendered: [prefix: string, uri: string | undefined][]) =>
    written.textWithin(new Map(rendered), '');
  t.equal(within(), form.text);
  t.equal(within(['q', 'urn:q']), form.text);
  t.equal(within(['q', 'urn:q'], ['p', undefined], ['', undefined]), form.text, 'undefined is unbound again');
  t.equal(within(['p', 'urn:p']), null);
  t.equal(within(['q', 'urn:q'], ['', 'urn:d']), null);
  t.equal(written.textWithin(new Map(), 'q'), null);
  t.end();
});

t.test('a known form is taken for the same list of prefixes, not for one that only reads the same', (t) => {
  const form = { text: ['<known></known>'], declared: new Set<string>() };
  const two = new WrittenElement(parse('<a/>'), { ...form, inclusivePrefixes: ['b', 'c'] });
  const one = new WrittenElement(parse('<a/>'), { ...form, inclusivePrefixes: ['bc'] });
  t.equal(canonicalize(two, ['b', 'c']), form.text[0]);
  t.equal(canonicalize(two, ['bc']), '<a></a>');
  t.equal(canonicalize(one, ['bc']), form.text[0]);
  t.equal(canonicalize(one, ['b', 'c']), '<a></a>');
  t.end();
});

for (const [source, inclusivePrefixes, known] of [
  ['<r ID="_1"/>', [], true],
  ['<r xmlns:xs="urn:xs" ID="_1">x</r>', ['xs'], true],
  ['<r xmlns:ds="urn:x" ID="_1"><ds:a/></r>', [], true],
  ['<ds:r xmlns:ds="urn:x" ID="_1"/>', [], false],
  ['<ds:r xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ID="_1"/>', [], false],
  ['<r xmlns:ec="urn:x" ID="_1" ec:a="1"/>', [], false],
  ['<r ID="_1"/>', ['ds'], false],
  ['<r xmlns:ec="urn:x" ID="_1"/>', ['xs', 'ec'], false],
] as const) {
  const list = inclusivePrefixes.join(' ');
  t.test(`of ${source} signed with [${list}] the form is ${known ? 'known' : 'made anew'}`, async (t) => {
    const signed = await signEnveloped(parse(source), rsaKeyPair().signingKey(), { position: 0, inclusivePrefixes });
    t.equal(WrittenElement.isWritten(signed), known);
    t.equal(canonicalize(signed, inclusivePrefixes), canonicalize(forgetful(signed), inclusivePrefixes));
  });
}
