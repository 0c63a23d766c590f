import { outline, type Span } from '../../src/sandbox/attacks/markup.js';
import type { Random } from './random.js';

/** Changes an input; another input of the corpus is there to take parts from. */
export type Mutator = (input: Buffer, random: Random, other: Buffer) => Buffer;

/** What XML, SAML and their readers care about. */
const DICTIONARY: readonly string[] = [
  ...['<', '>', '/>', '</', '&', ';', '"', "'", '=', ':', ' ', '\n', '\r\n', '\t', '%', '+', '#'],
  ...[
    '&amp;',
    '&#0;',
    '&#13;',
    '&#x10FFFF;',
    '&lt;',
    '&e;',
    ']]>',
    '<![CDATA[',
    '<![CDATA[]]>',
    '<!--',
    '-->',
    '<!---->',
    '<?x?>',
  ],
  ...['<!DOCTYPE x>', '<?xml version="1.0"?>', '\uFEFF', '\u0085', '\u2028', '\u{1F600}', '\u0000', '\uFFFE', '\u00e9'],
  ...['xmlns=""', 'xmlns:a="urn:a"', 'xmlns:xml="urn:x"', ' ID="_1"', ' xml:id="_1"', ' x:ID="_1"', 'xsi:nil="true"'],
  ...['<x/>', '<x>', '</x>', '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>', '<saml2:Advice>'],
  ...[
    'PrefixList="xs #default"',
    'xpointer(/)',
    'AAAA',
    '==',
    '=',
    '-_',
    '2036-03-01T12:00:00Z',
    'INF',
    '-1',
    '0',
    '1e9',
  ],
  ...['#WithComments', 'SAMLRequest=', 'RelayState=', 'SigAlg=', 'Signature=', 'SAMLResponse=', '&', '%00', '%FF'],
  ...['urn:oasis:names:tc:SAML:2.0:assertion', 'urn:oasis:names:tc:SAML:2.0:protocol', '__proto__', 'constructor'],
];

const splice = (input: Buffer, start: number, end: number, inserted: Buffer): Buffer =>
  Buffer.concat([input.subarray(0, start), inserted, input.subarray(end)]);
const part = (input: Buffer, random: Random, longest: number): readonly [number, number] => {
  const start = random.below(input.length + 1);
  return [start, Math.min(input.length, start + random.below(longest) + 1)];
};

const byteMutators: readonly Mutator[] = [
  (input, random) => {
    const copy = Buffer.from(input);
    const at = random.below(copy.length);
    if (copy.length > 0) copy.writeUInt8(copy.readUInt8(at) ^ (1 << random.below(8)), at);
    return copy;
  },
  (input, random) => splice(input, ...part(input, random, 1), Buffer.from([random.below(256)])),
  (input, random) => splice(input, ...part(input, random, 40), Buffer.alloc(0)),
  (input, random) => {
    const [start, end] = part(input, random, 400);
    return splice(input, start, start, input.subarray(start, end));
  },
  (input, random, other) => {
    const at = random.below(input.length + 1);
    return splice(input, at, at, other.subarray(...part(other, random, 400)));
  },
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  (input, random) => {
    const at = random.below(input.length + 1);
    return splice(input, at, at, Buffer.from(random.pick(DICTIONARY)));
  },
];

const TOKEN = /<[^>]*>|[^<]+/g;
const ATTRIBUTE = / [\w:.-]+="[^"]*"/g;
const VALUE = /"[^"]*"|>[^<]+</g;

function replaceOne(text: string, pattern: RegExp, random: Random, change: (match: string) => string): string {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const chosen = random.pick(matches);
  return text.slice(0, chosen.index) + change(chosen[0]) + text.slice(chosen.index + chosen[0].length);
}

function matchIn(text: string, pattern: RegExp, random: Random): string {
  const matches = text.match(pattern);
  return matches === null ? '' : random.pick(matches);
}

type TextMutator = (text: string, random: Random, other: string) => string;

const tokenMutators: readonly TextMutator[] = [
  (text, random) => replaceOne(text, TOKEN, random, () => ''),
  (text, random) => replaceOne(text, TOKEN, random, (token) => token + token),
  (text, random, other) => replaceOne(text, TOKEN, random, (token) => token + matchIn(other, TOKEN, random)),
  (text, random) => replaceOne(text, TOKEN, random, (token) => token + random.pick(DICTIONARY)),
  (text, random) => replaceOne(text, ATTRIBUTE, random, () => ''),
  (text, random, other) => replaceOne(text, ATTRIBUTE, random, () => matchIn(other, ATTRIBUTE, random)),
  (text, random) => replaceOne(text, ATTRIBUTE, random, (one) => one + matchIn(text, ATTRIBUTE, random)),
  (text, random) => replaceOne(text, VALUE, random, (one) => one.charAt(0) + random.pick(DICTIONARY) + one.slice(-1)),
  (text, random, other) =>
    replaceOne(text, VALUE, random, (one) => {
      const taken = matchIn(other, VALUE, random);
      return taken === '' ? one : one.charAt(0) + taken.slice(1, -1) + one.slice(-1);
    }),
  // Another spelling of the same text.
  (text, random) => replaceOne(text, />[^<&]+</g, random, (one) => `><![CDATA[${one.slice(1, -1)}]]><`),
  (text, random) => replaceOne(text, /[\w@.]/g, random, (one) => `&#${one.charCodeAt(0)};`),
];

function spans(root: Span): Span[] {
  const found = [root];
  // Those that are added on the way are visited, too.
  for (const span of found) found.push(...span.children);
  return found;
}

const textOf = (text: string, { start, end }: Span) => text.slice(start, end);
const put = (text: string, at: number, inserted: string) => text.slice(0, at) + inserted + text.slice(at);
const cut = (text: string, { start, end }: Span, replacement = '') =>
  text.slice(0, start) + replacement + text.slice(end);

/** On whole elements: what signature wrapping is made of. */
const treeMutators: readonly ((text: string, all: readonly Span[], random: Random, donor: string) => string)[] = [
  (text, all, random) => cut(text, random.pick(all)),
  (text, all, random) => put(text, random.pick(all).end, textOf(text, random.pick(all))),
  (text, all, random) => put(text, random.pick(all).openEnd, textOf(text, random.pick(all))),
  (text, all, random) => put(text, random.pick(all).closeStart, textOf(text, random.pick(all))),
  (text, all, random) => cut(text, random.pick(all), textOf(text, random.pick(all))),
  (text, all, random, donor) => put(text, random.pick(all).openEnd, donor),
  (text, all, random, donor) => put(text, random.pick(all).end, donor),
  (text, all, random, donor) => cut(text, random.pick(all), donor),
  (text, all, random) => {
    const span = random.pick(all);
    return cut(text, span, `<x:x xmlns:x="urn:x">${textOf(text, span)}</x:x>`);
  },
  (text, all, random) => {
    const span = random.pick(all);
    return cut(text, span, text.slice(span.openEnd, span.closeStart));
  },
  (text, all, random) => {
    const [left, right] = [random.pick(all), random.pick(all)];
    if (left.end > right.start) return text;
    return `${text.slice(0, left.start)}${textOf(text, right)}${text.slice(left.end, right.start)}${textOf(text, left)}${text.slice(right.end)}`;
  },
];

interface Outline {
  readonly text: string;
  /** Empty where the tags do not pair. */
  readonly all: readonly Span[];
}

/** The inputs of the corpus are taken apart time and again. */
const outlines = new WeakMap<Buffer, Outline>();

function outlineOf(input: Buffer): Outline {
  const known = outlines.get(input);
  if (known !== undefined) return known;
  const made = takenApart(input.toString('utf8'));
  outlines.set(input, made);
  return made;
}

function takenApart(text: string): Outline {
  try {
    return { text, all: spans(outline(text)) };
  } catch {
    return { text, all: [] };
  }
}

const onTokens: Mutator = (input, random, other) =>
  Buffer.from(random.pick(tokenMutators)(input.toString('utf8'), random, other.toString('utf8')));

const onTree: Mutator = (input, random, other) => {
  const { text, all } = outlineOf(input);
  if (all.length === 0) return onTokens(input, random, other);
  const { text: donorText, all: donors } = outlineOf(other);
  const donor = donors.length === 0 ? '<x/>' : textOf(donorText, random.pick(donors));
  return Buffer.from(random.pick(treeMutators)(text, all, random, donor));
};

/** By level: octets, tokens, elements. */
export const mutators: readonly Mutator[] = [
  (input, random, other) => random.pick(byteMutators)(input, random, other),
  onTokens,
  onTree,
];

/** One to four changes of any level. */
export function mutate(input: Buffer, random: Random, other: Buffer): Buffer {
  let mutant = input;
  for (let changes = random.below(4); changes >= 0; changes--) mutant = random.pick(mutators)(mutant, random, other);
  return mutant.subarray(0, LONGEST);
}

/** A corpus that grows without bound would test nothing but the limits. */
const LONGEST = 64 * 1024;
