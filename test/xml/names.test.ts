import t from 'tap';
import { GatewayError } from '../../src/shared/index.js';
import { attributeValue, childElements, parseXml, type XmlElement } from '../../src/xml/index.js';

const parse = (source: string): XmlElement => parseXml(Buffer.from(source));

function isRead(source: string): boolean {
  try {
    parse(source);
    return true;
  } catch (fault) {
    if (fault instanceof GatewayError && fault.code === 'XML_MALFORMED') return false;
    throw fault;
  }
}

// XML 1.0 §2.3, NameStartChar and NameChar without the colon (Namespaces in XML §3, NCName).
const STARTS = [
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
  [0xc0, 0xd6],
  [0xd8, 0xf6],
  [0xf8, 0x2ff],
  [0x370, 0x37d],
  [0x37f, 0x1fff],
  [0x200c, 0x200d],
  [0x2070, 0x218f],
  [0x2c00, 0x2fef],
  [0x3001, 0xd7ff],
  [0xf900, 0xfdcf],
  [0xfdf0, 0xfffd],
  [0x10000, 0xeffff],
] as const;
const RESTS = [
  [0x2d, 0x2e],
  [0x30, 0x39],
  [0xb7, 0xb7],
  [0x300, 0x36f],
  [0x203f, 0x2040],
] as const;

const within = (ranges: readonly (readonly [number, number])[], code: number): boolean =>
  ranges.some(([first, last]) => code >= first && code <= last);
const edges = [...STARTS, ...RESTS].flatMap(([first, last]) => [first - 1, first, last, last + 1]);
// What has a meaning of its own behind a name (XML 1.0 §2.3, S, and §3.1), and what is no character at all.
const MARKUP = new Set([...Buffer.from(' \t\n\r=/>:<')]);
const characters = [...new Set(edges)].filter((code) => !MARKUP.has(code) && !(code >= 0xd800 && code <= 0xdfff));

for (const code of characters) {
  const begins = within(STARTS, code);
  const continues = begins || within(RESTS, code);
  const character = String.fromCodePoint(code);
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  t.test(`${name} ${begins ? 'begins a name' : continues ? 'stands in a name' : 'is in no name'}`, (t) => {
    const places: readonly (readonly [expected: boolean, source: string])[] = [
      [begins, `<${character}/>`],
      [begins, `<${character}b></${character}b>`],
      [begins, `<r ${character}="1"/>`],
      [begins, `<p:${character} xmlns:p="urn:p"/>`],
      [begins, `<${character}:a xmlns:${character}="urn:p"/>`],
      [continues, `<a${character}/>`],
      [continues, `<a${character}b></a${character}b>`],
      [continues, `<\u00E9${character}/>`],
      [continues, `<r a${character}="1"/>`],
      [continues, `<r xmlns:p="urn:p" p:a${character}="1"/>`],
      [continues, `<p${character}:a xmlns:p${character}="urn:p"/>`],
    ];
    for (const [expected, source] of places) t.equal(isRead(source), expected, JSON.stringify(source));
    t.end();
  });
}

t.test('a colon stands between two names, at most once', (t) => {
  const declared = 'xmlns:a="urn:a" xmlns:\u00E9="urn:e"';
  for (const name of ['a:b', '\u00E9:b', 'a:\u00E9', '\u00E9:\u00E9', 'a:\u{10400}']) {
    t.ok(isRead(`<${name} ${declared}/>`), name);
    t.ok(isRead(`<${name} ${declared}></${name}>`), name);
    t.ok(isRead(`<r ${declared} ${name}="1"/>`), name);
  }
  for (const name of [
    ':',
    ':a',
    'a:',
    'a::b',
    'a:b:',
    'a:b:c',
    '\u00E9:',
    ':\u00E9',
    'a:\u00E9:c',
    '\u00E9:\u00E9:c',
    'a:1',
  ]) {
    t.notOk(isRead(`<${name} ${declared}/>`), name);
    t.notOk(isRead(`<${name} ${declared}></${name}>`), name);
    t.notOk(isRead(`<r ${declared} ${name}="1"/>`), name);
  }
  for (const name of ['xmlns:', 'xmlns:1', 'xmlns:a:b', 'xmlns:\u00E9:b'])
    t.notOk(isRead(`<r ${name}="urn:a"/>`), name);
  t.end();
});

t.test('an end-tag has the name of its start-tag to the last character', (t) => {
  const declared = 'xmlns:a="urn:a" xmlns:b="urn:a"';
  for (const [start, end] of [
    ['a:x', 'a:x'],
    ['a:x', 'a:x '],
    ['a:x', 'a:x\n\t '],
    ['\u{10400}', '\u{10400}'],
  ] as const) {
    t.ok(isRead(`<r ${declared}><${start}></${end}></r>`), end);
    t.ok(isRead(`<${start} ${declared}></${end}>`), end);
  }
  for (const [start, end] of [
    ['a:x', 'b:x'],
    ['a:x', 'x'],
    ['x', 'a:x'],
    ['xy', 'x'],
    ['x', 'xy'],
    ['xy', 'xz'],
    ['xy', 'zy'],
    ['x', 'x\u00E9'],
    ['x', 'x-'],
    ['x', 'x/'],
    ['x', ' x'],
    ['x', ''],
    ['x', 'X'],
    ['\u{10400}', '\u{10401}'],
    ['\u{10400}', '\u{10800}'],
  ] as const) {
    t.notOk(isRead(`<r ${declared}><${start}></${end}></r>`), `${start} and ${end}`);
    t.notOk(isRead(`<${start} ${declared}></${end}>`), `${start} and ${end}`);
  }
  t.end();
});

t.test('a thousand names that differ in one or two letters are each read as what it is', (t) => {
  const letters = Array.from('abcdefghijklmnopqrstuvwxyzABCDEF');
  const names = letters.flatMap((first) => letters.map((second) => first + second));
  const longer = [...letters, ...names].filter((name) => name.toLowerCase() !== 'id');
  const root = parse(`<r>${longer.map((name) => `<${name} ${name}="1"/>`).join('')}</r>`);
  const read = childElements(root).map(({ localName, attributes }) => [localName, attributes[0]?.localName]);
  t.strictSame(
    read,
    longer.map((name) => [name, name]),
  );
  t.end();
});

t.test('a name is read anew where it goes on outside ASCII, or has a colon elsewhere', (t) => {
  const names = [
    'a',
    'a\u00E9',
    'a',
    'a\u00E9b',
    'ab',
    'a:b',
    'ab',
    'p:ab',
    'p:a',
    'a',
    'p:\u00E9',
    'p:a\u00B7',
    'aa:b',
    'aab',
    'a:ab',
  ];
  const declared = 'xmlns:a="urn:a" xmlns:p="urn:p" xmlns:aa="urn:aa"';
  const root = parse(`<r ${declared}>${names.map((name) => `<${name}></${name}>`).join('')}</r>`);
  const read = childElements(root).map(({ prefix, localName }) =>
    prefix === '' ? localName : `${prefix}:${localName}`,
  );
  t.strictSame(read, names);
  t.end();
});

t.test('the same local name stands for itself and for nothing that begins with it', (t) => {
  const root = parse('<r ab="1" a="2" abc="3" b="4"/>');
  t.strictSame(
    ['a', 'ab', 'abc', 'b', 'c', ''].map((name) => attributeValue(root, name)),
    ['2', '1', '3', '4', undefined, undefined],
  );
  t.end();
});
