import fc from 'fast-check';

type Piece = readonly ['literal' | 'reference' | 'entity' | 'cdata', string];

interface ElementSpec {
  readonly declare: readonly (readonly [number, number])[];
  readonly name: readonly [number, number];
  readonly attributes: readonly (readonly [number, number, readonly Piece[]])[];
  readonly language: string | null;
  readonly children: readonly (readonly Piece[] | ElementSpec)[];
  readonly quote: '"' | "'";
  readonly space: string;
  /** White space before the `>` of its start-tag, and of its end-tag. */
  readonly before: readonly [string, string];
}

const PREFIXES = ['', 'a', 'b', 'B', 'n1', 'xs', 'é', 'a-b', '\u{10400}', '\uFDF0'] as const;
// None with `&`: libxml2 leaves it as it is in a canonical declaration, against C14N 1.0 §2.3.
// Two prefixes may share one of these, and their order by characters is not their order by length or case.
const NAMESPACES = [
  'urn:a',
  'urn:b',
  'urn:a:b',
  'urn:a-b',
  'http://example.org/ns#',
  'URN:a',
  'urn:a?x=1',
  '',
] as const;
const LOCAL_NAMES = ['a', 'b', 'A', 'item', 'é', '\u{10400}', '\uFDF0', '_1', 'a-b', 'a.b'] as const;

// What the readers of XML are known to differ in, beside plain text. U+FEFF never comes first in a run: libxml2-wasm's
// own decoding of strings (not libxml2) would take it for a BOM.
const CHARACTERS = [
  ...['x', 'Hello', ' ', '\t', '\n', '\r', '\r\n', '>', ']]', "'", '"', '\u0085', '\u2028', '\u00A0', 'x\uFEFF'],
  ...['\uFFFD', '\u{1F600}', '\u{10FFFF}', '\u007F', 'é', 'e\u0301', '$$', '$1', '\\'],
];
const REFERENCES = ['&#9;', '&#10;', '&#13;', '&#xD;', '&#x20;', '&#38;', '&#60;', '&#x1F600;', '&#x85;', '&#x2028;'];
const ENTITIES = ['&amp;', '&lt;', '&gt;', '&quot;', '&apos;'];
const SECTIONS = ['', 'cdata', '<a>&amp;</a>', ']]', ']', '\r\n', '\u{1F600}&', '--', '<!-- no comment -->'];

const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc.tuple(fc.constant('literal' as const), fc.constantFrom(...CHARACTERS)),
  fc.tuple(fc.constant('reference' as const), fc.constantFrom(...REFERENCES)),
  fc.tuple(fc.constant('entity' as const), fc.constantFrom(...ENTITIES)),
  fc.tuple(fc.constant('cdata' as const), fc.constantFrom(...SECTIONS)),
);
const pieces = fc.array(piece, { maxLength: 4 });
const index = fc.nat({ max: 9 });

const { spec } = fc.letrec<{ spec: ElementSpec }>((tie) => ({
  spec: fc.record({
    declare: fc.array(fc.tuple(index, index), { maxLength: 3 }),
    name: fc.tuple(index, index),
    attributes: fc.array(fc.tuple(index, index, pieces), { maxLength: 4 }),
    language: fc.option(fc.constantFrom('en', 'nl', ''), { freq: 5 }),
    children: fc.array(fc.oneof({ depthSize: 'small', withCrossShrink: true }, pieces, tie('spec')), { maxLength: 4 }),
    quote: fc.constantFrom('"' as const, "'" as const),
    // Mostly as canonicalization writes it, or nothing that is written so would be generated.
    space: fc.constantFrom(' ', ' ', ' ', '\n', '\t', '\r\n ', '  '),
    before: fc.tuple(fc.constantFrom('', '', '', ' '), fc.constantFrom('', '', '', '\n')),
  }),
}));

function pick<Value>(list: readonly Value[], at: number): Value {
  const value = list[at % list.length];
  if (value === undefined) throw new RangeError('Nothing to pick from.');
  return value;
}

function textSource(content: readonly Piece[]): string {
  return content.map(([kind, text]) => (kind === 'cdata' ? `<![CDATA[${text}]]>` : text)).join('');
}

function attributeSource(content: readonly Piece[], quote: string): string {
  return content
    .map(([kind, text]) => (kind === 'cdata' ? '' : text.replaceAll(quote, quote === '"' ? '&quot;' : '&apos;')))
    .join('');
}

type Bindings = ReadonlyMap<string, string>;

function declarations(spec: ElementSpec, outer: Bindings): { source: string[]; bindings: Bindings } {
  const own = new Map<string, string>();
  for (const [prefixAt, namespaceAt] of spec.declare) {
    const prefix = pick(PREFIXES, prefixAt);
    const uri = pick(NAMESPACES, namespaceAt);
    if (prefix === '' || uri !== '') own.set(prefix, uri);
  }
  const source = [...own].map(([prefix, uri]) => {
    const value = uri.replaceAll('&', '&amp;');
    return `xmlns${prefix === '' ? '' : `:${prefix}`}=${spec.quote}${value}${spec.quote}`;
  });
  return { source, bindings: new Map([...outer, ...own]) };
}

function attributes(spec: ElementSpec, bindings: Bindings): string[] {
  const prefixes = ['', ...[...bindings.keys()].filter((prefix) => prefix !== '')];
  const seen = new Set<string>();
  const source: string[] = [];
  if (spec.language !== null) source.push(`xml:lang=${spec.quote}${spec.language}${spec.quote}`);
  for (const [prefixAt, nameAt, value] of spec.attributes) {
    const prefix = pick(prefixes, prefixAt);
    const local = pick(LOCAL_NAMES, nameAt);
    const expanded = `${prefix === '' ? '' : (bindings.get(prefix) ?? '')} ${local}`;
    if (seen.has(expanded)) continue;
    seen.add(expanded);
    const name = prefix === '' ? local : `${prefix}:${local}`;
    source.push(`${name}=${spec.quote}${attributeSource(value, spec.quote)}${spec.quote}`);
  }
  return source;
}

function isElement(child: readonly Piece[] | ElementSpec): child is ElementSpec {
  return 'declare' in child;
}

function render(spec: ElementSpec, outer: Bindings): string {
  const { source, bindings } = declarations(spec, outer);
  const prefix = pick(['', ...bindings.keys()], spec.name[0]);
  const local = pick(LOCAL_NAMES, spec.name[1]);
  const name = prefix === '' ? local : `${prefix}:${local}`;
  const tag = [name, ...attributes(spec, bindings), ...source].join(spec.space);
  const content = spec.children
    .map((child) => (isElement(child) ? render(child, bindings) : textSource(child)))
    .join('')
    // Put together from literal text, this is what XML forbids outside CDATA.
    .replaceAll(/\]\]>/g, (found, at: number, all: string) => (inSection(all, at) ? found : ']] >'));
  const [inStart, inEnd] = spec.before;
  return content === '' ? `<${tag}${inStart}/>` : `<${tag}${inStart}>${content}</${name}${inEnd}>`;
}

function inSection(source: string, at: number): boolean {
  const opened = source.lastIndexOf('<![CDATA[', at);
  return opened !== -1 && source.indexOf(']]>', opened) === at;
}

export interface GeneratedDocument {
  /** An outer element w:wrap that declares namespaces, in it w:signed with an ID, in it the generated element. */
  readonly source: string;
  readonly inclusivePrefixes: readonly string[];
}

export const WRAPPER = 'urn:wrap';

/** Documents with every shape of namespace declaration, all kinds of text, and a list of prefixes to include. */
export const generatedDocument: fc.Arbitrary<GeneratedDocument> = fc
  .record({
    inner: spec,
    outer: fc.array(fc.tuple(index, index), { maxLength: 4 }),
    middle: fc.array(fc.tuple(index, index), { maxLength: 3 }),
    inclusivePrefixes: fc.uniqueArray(fc.constantFrom('#default', ...PREFIXES.slice(1), 'w', 'unbound'), {
      maxLength: 3,
    }),
  })
  .map(({ inner, outer, middle, inclusivePrefixes }) => {
    const outside = declarations({ ...inner, declare: outer }, new Map());
    const inside = declarations({ ...inner, declare: middle }, outside.bindings);
    const bindings = new Map([...inside.bindings, ['w', WRAPPER]]);
    const wrap = ['w:wrap', `xmlns:w="${WRAPPER}"`, ...outside.source].join(' ');
    const signed = ['w:signed', 'ID="_signed"', ...inside.source].join(' ');
    const source = `<${wrap}>\n <${signed}>${render(inner, bindings)}</w:signed></w:wrap>`;
    return { source, inclusivePrefixes };
  });
