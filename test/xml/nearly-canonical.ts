import fc from 'fast-check';

interface NearSpec {
  readonly prefix: 'p' | '' | 'q';
  readonly name: string;
  readonly values: readonly string[];
  readonly inTag: Quirk;
  readonly inText: string;
  readonly inEnd: string;
  readonly short: boolean;
  readonly children: readonly (string | NearSpec)[];
}

/** Changes what stands in a start-tag behind the name: attributes in canonical order, each behind one space. */
type Quirk = (attributes: string) => string;

const last = (attributes: string, change: (attribute: string) => string): string =>
  attributes.replace(/ [a-c]="[^"]*"$/, change);

/** Each has canonicalization write a tag otherwise, or must not; and each takes effect alone. */
const TAG_QUIRKS: readonly Quirk[] = [
  (attributes) => `${attributes} `,
  (attributes) => `${attributes}\n`,
  (attributes) => last(attributes, (one) => ` ${one}`),
  (attributes) => last(attributes, (one) => one.replace(' ', '\t')),
  (attributes) => last(attributes, (one) => one.replace(' ', '\r\n')),
  (attributes) => last(attributes, (one) => one.replaceAll('"', "'")),
  (attributes) => last(attributes, (one) => one.replace('=', ' =')),
  (attributes) => last(attributes, (one) => one.replace('=', '= ')),
  (attributes) => last(attributes, (one) => one.replace(/"$/, '&#65;"')),
  (attributes) => last(attributes, (one) => one.replace(/"$/, '&gt;"')),
  (attributes) => last(attributes, (one) => one.replace(/"$/, '&#13;"')),
  (attributes) => last(attributes, (one) => one.replace(/"$/, '\t"')),
  (attributes) => last(attributes, (one) => one.replace(/"$/, '\r"')),
  (attributes) => last(attributes, (one) => one.replace(/"$/, '>"')),
  (attributes) => last(attributes, (one) => one.replace(/"$/, `'/>"`)),
  (attributes) => ` d="1"${attributes}`,
  (attributes) => ` é="1"${attributes}`,
  (attributes) => `${attributes} \u{10400}="1" \uFDF0="1"`,
  (attributes) => ` p:a="1"${attributes}`,
  (attributes) => `${attributes} q:a="1" p:b="2"`,
  (attributes) => ` xml:lang="nl"${attributes}`,
  (attributes) => `${attributes} xml:space="preserve"`,
  (attributes) => ` xmlns:p="urn:p"${attributes}`,
  (attributes) => `${attributes} xmlns:p="urn:q"`,
  (attributes) => ` xmlns:q="urn:p"${attributes}`,
  (attributes) => ` xmlns:unused="urn:unused"${attributes}`,
  (attributes) => ` xmlns:xml="http://www.w3.org/XML/1998/namespace"${attributes}`,
  (attributes) => ` xmlns=""${attributes}`,
  (attributes) => ` xmlns="urn:p"${attributes}`,
  (attributes) => `${attributes} xmlns="urn:d"`,
];

const TEXT_QUIRKS = [
  ...['<![CDATA[]]>', '<![CDATA[x]]>', '<![CDATA[<p:a>&amp;]]>', '<![CDATA[]]]]><![CDATA[>]]>', '<![CDATA[\r]]>'],
  ...[
    '&#65;',
    '&amp;',
    '&gt;',
    '&#13;',
    '>',
    ']] ',
    ']',
    '\r\n',
    '\r',
    '\t',
    '"',
    "'",
    '\u0085',
    '\u2028',
    '\u{1F600}',
  ],
];

/** Mostly nothing, or nothing would stand as it was written. */
const rarely = <Value>(usual: Value, others: readonly Value[]): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const same: Quirk = (attributes) => attributes;

const { spec } = fc.letrec<{ spec: NearSpec }>((tie) => ({
  spec: fc.record({
    prefix: rarely<NearSpec['prefix']>('p', ['', 'q']),
    name: fc.constantFrom('a', 'bb', 'a-b', 'a.1'),
    values: fc.array(fc.constantFrom('', '1', 'x y'), { maxLength: 3 }),
    inTag: rarely(same, TAG_QUIRKS),
    inText: rarely('', TEXT_QUIRKS),
    inEnd: rarely('', [' ', '\n', '\r']),
    short: fc.boolean(),
    children: fc.array(
      fc.oneof({ depthSize: 'medium', withCrossShrink: true }, fc.constantFrom('t', ' ', 'text\n'), tie('spec')),
      { maxLength: 4 },
    ),
  }),
}));

function render({ prefix, name, values, inTag, inText, inEnd, short, children }: NearSpec): string {
  const qualified = prefix === '' ? name : `${prefix}:${name}`;
  const attributes = inTag(values.map((value, index) => ` ${'abc'.charAt(index)}="${value}"`).join(''));
  const content = children.map((child) => (typeof child === 'string' ? child : render(child))).join(inText);
  const text = children.length < 2 ? content + inText : content;
  if (text === '' && short) return `<${qualified}${attributes}/>`;
  return `<${qualified}${attributes}>${text}</${qualified}${inEnd}>`;
}

/**
 * Documents that are written as canonicalization writes them, but for a few places: what is taken over as it stands must
 * end exactly there.
 */
export const nearlyCanonical: fc.Arbitrary<string> = fc
  .record({ root: spec, outer: fc.constantFrom('', ' xmlns="urn:d"', ' xmlns="urn:p"'), more: fc.array(spec) })
  .map(
    ({ root, outer, more }) =>
      `<p:r${outer} xmlns:p="urn:p" xmlns:q="urn:q" ID="_r">${[root, ...more].map(render).join('')}</p:r>`,
  );

export const prefixLists: fc.Arbitrary<string[]> = fc.uniqueArray(
  fc.constantFrom('#default', 'p', 'q', 'unused', 'xml', 'ds'),
  { maxLength: 3 },
);

/** Where a part of another document may come to stand: nothing, or something else, is declared there. */
export const hosts: fc.Arbitrary<string> = fc.constantFrom(
  '<h:h xmlns:h="urn:h" ID="_h"><h:c></h:c></h:h>',
  '<h xmlns="urn:h" ID="_h"><c></c></h>',
  '<h ID="_h"><c></c></h>',
  '<h:h xmlns:h="urn:h" xmlns="urn:h" xmlns:p="urn:q" xmlns:q="urn:q" ID="_h"><h:c><c></c></h:c></h:h>',
  '<p:h xmlns:p="urn:p" ID="_h"><c></c></p:h>',
  '<q:h xmlns:q="urn:p" xmlns:unused="urn:u" ID="_h"><q:c unused:a=""></q:c></q:h>',
);
