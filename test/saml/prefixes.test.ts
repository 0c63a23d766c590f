import t from 'tap';
import { prefixesNamedInContent } from '../../src/saml/inclusive-prefixes.js';
import { parseXml } from '../../src/xml/index.js';

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"';
const P = 'xmlns:p="urn:p"';

/** Which prefixes are listed, where every meaning may be trusted, or where these were signed. */
const named = (xml: string, signed: readonly string[] | null = null) =>
  prefixesNamedInContent([parseXml(Buffer.from(xml))], signed);

t.test('a prefix that text or an attribute names is listed, in order and once', (t) => {
  t.strictSame(named(`<r ${P} xmlns:a="urn:a"><x>p:name</x><y z="a:name"/>p:other</r>`), ['a', 'p']);
  t.strictSame(named(`<r ${P}><x> p:name </x></r>`), ['p'], 'white space around it does not count');
  t.strictSame(named(`<r ${P}>p:a-b.c_d·é9</r>`), ['p']);
  t.strictSame(named(`<r ${P}>p:_</r>`), ['p']);
  t.strictSame(named(`<r ${P}>text</r>`), []);
  t.end();
});

t.test('what only looks like a name lists nothing', (t) => {
  const texts = ['p', 'pq', ':p', 'p:', 'p:1', 'p:-', 'p:a b', 'p:a:b', 'p:a/b', 'x p:a', 'q:a', 'xml:lang', '12:30'];
  for (const text of texts) t.strictSame(named(`<r ${P}>${text}</r>`), [], text);
  t.strictSame(named('<r xmlns="urn:d">:a<x>:a</x></r>'), [], 'and no prefix is not the default one');
  t.strictSame(named(`<r ${P}>p:${'a'.repeat(998)}</r>`), ['p']);
  t.strictSame(named(`<r ${P}>p:${'a'.repeat(999)}</r>`), [], 'nor what no name would be as long as');
  t.end();
});

t.test('an unprefixed type is of the default namespace, where there is one', (t) => {
  t.strictSame(named(`<r xmlns="urn:d" ${XSI} xsi:type="t"/>`), ['#default']);
  t.strictSame(named(`<r ${XSI} xsi:type="t"/>`), []);
  t.strictSame(named('<r xmlns="urn:d" type="t"/>'), [], 'another attribute of that name is no type');
  t.strictSame(named(`<r xmlns="urn:d" ${XSI} xsi:nil="true"/>`), [], 'and neither is another one of XML Schema');
  t.strictSame(named(`<r xmlns="urn:d" ${P} ${XSI} xsi:type="p:t"/>`), ['p']);
  t.end();
});

t.test('where meanings were signed, only those are listed that a name or a list shows to have been', (t) => {
  t.strictSame(named(`<r ${P}>p:name</r>`, []), []);
  t.strictSame(named(`<r ${P}>p:name</r>`, ['q']), []);
  t.strictSame(named(`<r ${P}>p:name</r>`, ['q', 'p']), ['p']);
  t.strictSame(named(`<p:r ${P}>p:name</p:r>`, []), ['p'], 'its element uses it');
  t.strictSame(named(`<r ${P} p:a="">p:name</r>`, []), ['p'], 'an attribute uses it');
  t.strictSame(named(`<p:r ${P}><x>p:name</x></p:r>`, []), ['p'], 'an element around it uses it');
  t.strictSame(named(`<r ${P}><p:x/>p:name</r>`, []), [], 'another element beside it does not help');
  t.strictSame(named(`<p:r ${P}><x xmlns:p="urn:q">p:name</x></p:r>`, []), [], 'used in another meaning');
  t.strictSame(named(`<p:r ${P}><p:x xmlns:p="urn:q">p:name</p:x></p:r>`, []), ['p']);
  t.strictSame(named(`<r ${XS} ${XSI} xsi:type="xs:string"/>`, []), ['xs'], 'what everybody knows');
  t.strictSame(named(`<r xmlns="urn:d" ${XSI} xsi:type="t"/>`, []), ['#default'], 'the default, used by the element');
  t.strictSame(named(`<r xmlns="urn:d" a="" ${XSI} xsi:type="t"/>`, []), ['#default'], 'an attribute has no default');
  t.strictSame(named(`<p:r ${P} xmlns="urn:d" ${XSI} xsi:type="t"/>`, []), [], 'or by none');
  const undone = `<r xmlns="urn:d" ${P}><x xmlns=""><p:y xmlns="urn:d" ${XSI} xsi:type="t"/></x></r>`;
  t.strictSame(named(undone, []), [], 'or by one whose children have undone it');
  t.strictSame(named(`<p:r ${P} xmlns="urn:d" ${XSI} xsi:type="t"/>`, ['#default']), ['#default']);
  t.strictSame(named(`<r xmlns="urn:d"><x xmlns="" ${P} p:a="">p:name</x></r>`, []), ['p']);
  t.end();
});

t.test('one doubtful place is enough to leave a prefix out', (t) => {
  t.strictSame(named(`<r ${P}><p:x>p:name</p:x><x>p:name</x></r>`, []), []);
  t.strictSame(named(`<r><x xmlns:p="urn:p" p:a="">p:name</x><y xmlns:p="urn:q">p:name</y></r>`, []), []);
  const [one, two] = [`<p:x ${P}>p:a</p:x>`, `<y ${P}>p:a</y>`].map((xml) => parseXml(Buffer.from(xml)));
  if (one === undefined || two === undefined) throw new Error('nothing parsed');
  t.strictSame(prefixesNamedInContent([one], []), ['p']);
  t.strictSame(prefixesNamedInContent([one, two], []), [], 'in any of the elements');
  t.end();
});
