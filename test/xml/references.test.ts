import t from 'tap';
import { GatewayError } from '../../src/shared/index.js';
import { attributeValue, parseXml, textContent } from '../../src/xml/index.js';

const inText = (source: string): string => textContent(parseXml(Buffer.from(`<r>${source}</r>`)));
const inValue = (source: string): string | undefined =>
  attributeValue(parseXml(Buffer.from(`<r a="${source}"/>`)), 'a');

function codeOf(read: () => unknown): string {
  try {
    read();
    return 'accepted';
  } catch (fault) {
    if (!(fault instanceof GatewayError)) throw fault;
    return fault.code;
  }
}

const resolved: readonly (readonly [source: string, expected: string])[] = [
  ['&#9;&#10;&#13;&#32;', '\t\n\r '],
  ['&#x9;&#xA;&#xD;&#x20;', '\t\n\r '],
  ['&#xa;&#xd;', '\n\r'],
  ['&#65;&#065;&#0000065;', 'AAA'],
  ['&#x41;&#x0041;&#x00000041;', 'AAA'],
  ['&#xe9;&#xE9;&#233;', '\u00E9\u00E9\u00E9'],
  ['&#xD7FF;', '\uD7FF'],
  ['&#xE000;', '\uE000'],
  ['&#xFFFD;', '\uFFFD'],
  ['&#x10000;', '\u{10000}'],
  ['&#x10FFFF;', '\u{10FFFF}'],
  ['&#1114111;', '\u{10FFFF}'],
  ['&lt;a&gt;&amp;&quot;&apos;', `<a>&"'`],
  ['a&lt;b&lt;c', 'a<b<c'],
  ['&amp;#65;&amp;amp;', '&#65;&amp;'],
  [';&amp;;', ';&;'],
  [`&#${'0'.repeat(60)}65;`, 'A'],
];
for (const [source, expected] of resolved) {
  t.test(`${source} is ${JSON.stringify(expected)}`, (t) => {
    t.equal(inText(source), expected);
    t.equal(inValue(source), expected);
    t.end();
  });
}

const NO_CHARACTER = 'XML_MALFORMED';
const refused: readonly (readonly [source: string, code: string])[] = [
  ['&#0;', NO_CHARACTER],
  ['&#x0;', NO_CHARACTER],
  ['&#8;', NO_CHARACTER],
  ['&#11;', NO_CHARACTER],
  ['&#12;', NO_CHARACTER],
  ['&#14;', NO_CHARACTER],
  ['&#x1F;', NO_CHARACTER],
  ['&#xD800;', NO_CHARACTER],
  ['&#xDBFF;', NO_CHARACTER],
  ['&#xDC00;', NO_CHARACTER],
  ['&#xDFFF;', NO_CHARACTER],
  ['&#xD83D;&#xDE00;', NO_CHARACTER],
  ['&#xFFFE;', NO_CHARACTER],
  ['&#xFFFF;', NO_CHARACTER],
  ['&#x110000;', NO_CHARACTER],
  ['&#1114112;', NO_CHARACTER],
  [`&#${'9'.repeat(61)};`, NO_CHARACTER],
  ['&;', 'XML_MALFORMED'],
  ['&#;', 'XML_MALFORMED'],
  ['&#x;', 'XML_MALFORMED'],
  ['&#xG;', 'XML_MALFORMED'],
  ['&#a;', 'XML_MALFORMED'],
  ['&#6A;', 'XML_MALFORMED'],
  ['&#-1;', 'XML_MALFORMED'],
  ['&#+65;', 'XML_MALFORMED'],
  ['&# 65;', 'XML_MALFORMED'],
  ['&#65 ;', 'XML_MALFORMED'],
  ['&#6.5;', 'XML_MALFORMED'],
  ['&#1e2;', 'XML_MALFORMED'],
  ['&#0x41;', 'XML_MALFORMED'],
  ['&#x4x1;', 'XML_MALFORMED'],
  ['&#X41;', 'XML_MALFORMED'],
  ['&a#65;', 'XML_MALFORMED'],
  ['&x41;', 'XML_FORBIDDEN'],
  ['&lt', 'XML_MALFORMED'],
  ['&lt &gt;', 'XML_MALFORMED'],
  ['& lt;', 'XML_MALFORMED'],
  ['&&amp;', 'XML_MALFORMED'],
  ['&LT;', 'XML_FORBIDDEN'],
  ['&ltx;', 'XML_FORBIDDEN'],
  ['&a:b;', 'XML_FORBIDDEN'],
  ['&a:b:c;', 'XML_MALFORMED'],
  ['&1a;', 'XML_MALFORMED'],
  ['&a b;', 'XML_MALFORMED'],
  ['&\u00E9;', 'XML_FORBIDDEN'],
  // The longest name that is looked at, and one more.
  [`&${'a'.repeat(63)};`, 'XML_FORBIDDEN'],
  [`&${'a'.repeat(64)};`, 'XML_MALFORMED'],
  [`&#${'0'.repeat(62)}65;`, 'XML_MALFORMED'],
];
for (const [source, code] of refused) {
  t.test(`${source.slice(0, 80)} is refused`, (t) => {
    t.equal(
      codeOf(() => inText(source)),
      code,
    );
    t.equal(
      codeOf(() => inText(`a${source}b`)),
      code,
    );
    t.equal(
      codeOf(() => inValue(source)),
      code,
    );
    t.end();
  });
}

t.test('what is no reference is no fault of one', (t) => {
  for (const source of ['lt;', '#65;', ';', 'a;b', '%amp;']) t.equal(inText(source), source);
  t.equal(inText('<![CDATA[&lt;&nope;&]]>'), '&lt;&nope;&');
  t.end();
});

t.test('a reference that is too long is told as malformed, whatever it names', (t) => {
  t.throws(() => inText(`&${'a'.repeat(64)};`), { message: 'A reference is malformed.' });
  t.throws(() => inText('&#x110000;'), { message: 'A reference to a character that XML does not allow.' });
  t.throws(() => inText('&#xG;'), { message: 'A reference is malformed.' });
  t.end();
});
