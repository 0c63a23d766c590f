import { familyOf, type Attack, type GoodResponse, type Row } from './attack.js';
import { EVIL_NAME_ID } from './evil-parts.js';
import { append, contentOf, prepend, setContent, swap } from './markup.js';
import { said } from './signature.js';

const NAME_ID = 'Assertion/Subject/NameID';

/** The NameID spelt otherwise after signing. */
const respelt = (good: GoodResponse, spell: (nameId: string) => string) =>
  setContent(good.xml, NAME_ID, spell(contentOf(good.xml, NAME_ID)));

const split =
  (inserted: string): Attack['build'] =>
  (good) =>
    respelt(good, (nameId) => `${nameId}${inserted}.evil.example`);

/** Another character in the NameID, after signing. */
function character(name: string, text: string, outcome: Attack['outcome'] = 'SIGNATURE_DIGEST_MISMATCH'): Row {
  return [`${name} in the NameID`, outcome, (good) => respelt(good, (nameId) => nameId.replace('@', `${text}@`))];
}

/** A NameID that the identity provider signed with such a character: it must come through unaltered. */
function signedSpelling(name: string, raw: string): Row {
  return [
    `${name} in a signed NameID, put raw in its place`,
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => {
      const signed = said(good, (xml) => setContent(xml, NAME_ID, `${raw}${good.facts.nameId}`));
      return setContent(signed, NAME_ID, good.facts.nameId);
    },
  ];
}

const START_TAG = /<([\w:.-]+)((?: [\w:.-]+="[^"]*")*)>/g;
const END_TAG = /<\/[\w:.-]+>/g;

/** Every tag spelt otherwise, also those of the signature: whoever takes a document over as it stands must not here. */
function everywhere(
  name: string,
  from: RegExp,
  to: string | ((tag: string, name: string, rest: string) => string),
): Row {
  const spell = ({ xml }: GoodResponse) => (typeof to === 'string' ? swap(xml, from, to) : xml.replace(from, to));
  return [`${name}, everywhere`, 'same', spell];
}

const reversed = (attributes: string) => (attributes.match(/ [\w:.-]+="[^"]*"/g) ?? []).reverse().join('');

const respellings: readonly Row[] = [
  everywhere('an empty CDATA section before each end-tag', END_TAG, '<![CDATA[]]>$&'),
  everywhere('an empty CDATA section behind each start-tag', START_TAG, '$&<![CDATA[]]>'),
  everywhere('white space before the end of start-tags', START_TAG, '<$1$2 \n>'),
  everywhere('white space before the end of end-tags', END_TAG, (tag) => tag.replace('>', '\t>')),
  everywhere(
    'two spaces before attributes',
    START_TAG,
    (_, name, rest) => `<${name}${rest.replace(/ (?=[\w:.-]+=")/g, '  ')}>`,
  ),
  everywhere('apostrophes around attributes', START_TAG, (_, name, rest) => `<${name}${rest.replaceAll('"', "'")}>`),
  everywhere(
    'white space around equals signs',
    START_TAG,
    (_, name, rest) => `<${name}${rest.replaceAll('="', '\r\n= "')}>`,
  ),
  everywhere('attributes backwards', START_TAG, (_, name, rest) => `<${name}${reversed(rest)}>`),
  everywhere('empty-element tags', /<([\w:.-]+)((?: [\w:.-]+="[^"]*")*)><\/\1>/g, '<$1$2/>'),
  everywhere(
    'references in attributes',
    START_TAG,
    (_, name, rest) => `<${name}${rest.replace(/="[^"]*"/g, (value) => value.replaceAll(':', '&#x3A;'))}>`,
  ),
];

/** What two parsers may read differently. */
export const lexical: readonly Attack[] = familyOf('lexical', [
  ['a comment that splits the NameID (CVE-2017-11427)', 'XML_FORBIDDEN', split('<!---->')],
  ['a comment with text in the NameID', 'XML_FORBIDDEN', split('<!-- x -->')],
  ['a processing instruction that splits the NameID', 'XML_FORBIDDEN', split('<?x ?>')],
  ['an empty CDATA section that splits the NameID', 'SIGNATURE_DIGEST_MISMATCH', split('<![CDATA[]]>')],
  ['an element that splits the NameID', 'SIGNATURE_DIGEST_MISMATCH', split('<x xmlns="urn:x"></x>')],
  [
    'an element that splits the NameID, signed so',
    'SAML_SUBJECT',
    (good) => said(good, (xml) => append(xml, NAME_ID, '<x:x xmlns:x="urn:x"></x:x>.evil.example')),
  ],
  [
    'a NameID in an element of its own, signed so',
    'SAML_SUBJECT',
    (good) => said(good, (xml) => setContent(xml, NAME_ID, `<x:x xmlns:x="urn:x">${good.facts.nameId}</x:x>`)),
  ],
  ...respellings,
  ['a comment before the root', 'XML_FORBIDDEN', ({ xml }) => `<!-- x -->${xml}`],
  ['a comment behind the root', 'XML_FORBIDDEN', ({ xml }) => `${xml}<!-- x -->`],
  ['a comment between elements', 'XML_FORBIDDEN', ({ xml }) => prepend(xml, 'Response', '<!-- x -->')],
  ['an unclosed comment', 'XML_FORBIDDEN', ({ xml }) => prepend(xml, 'Response', '<!-- x ')],
  ['a processing instruction before the root', 'XML_FORBIDDEN', ({ xml }) => `<?xml-stylesheet href="x"?>${xml}`],
  ['a processing instruction behind the root', 'XML_FORBIDDEN', ({ xml }) => `${xml}<?x?>`],
  ['the NameID as CDATA', 'same', (good) => respelt(good, (nameId) => `<![CDATA[${nameId}]]>`)],
  [
    'the NameID in two CDATA sections',
    'same',
    (good) => respelt(good, (nameId) => `<![CDATA[${nameId.slice(0, 3)}]]><![CDATA[${nameId.slice(3)}]]>`),
  ],
  ['an empty CDATA section before the NameID', 'same', (good) => respelt(good, (nameId) => `<![CDATA[]]>${nameId}`)],
  [
    'a CDATA section that holds a comment',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => respelt(good, (nameId) => `${nameId}<![CDATA[<!---->]]>`),
  ],
  [
    'the NameID as decimal references',
    'same',
    (good) => respelt(good, (nameId) => references(nameId, (code) => `&#${code};`)),
  ],
  [
    'the NameID as hexadecimal references',
    'same',
    (good) => respelt(good, (nameId) => references(nameId, (code) => `&#x${code.toString(16).toUpperCase()};`)),
  ],
  [
    'the NameID as references with leading zeros',
    'same',
    (good) => respelt(good, (nameId) => references(nameId, (code) => `&#x${code.toString(16).padStart(9, '0')};`)),
  ],
  ['a reference to NUL', 'XML_MALFORMED', (good) => respelt(good, (nameId) => `${nameId}&#0;`)],
  ['a reference to a control character', 'XML_MALFORMED', (good) => respelt(good, (nameId) => `${nameId}&#8;`)],
  ['a reference to a surrogate', 'XML_MALFORMED', (good) => respelt(good, (nameId) => `${nameId}&#xD83D;`)],
  [
    'references to both halves of a pair',
    'XML_MALFORMED',
    (good) => respelt(good, (nameId) => `${nameId}&#xD83D;&#xDE00;`),
  ],
  ['a reference beyond Unicode', 'XML_MALFORMED', (good) => respelt(good, (nameId) => `${nameId}&#x110000;`)],
  [
    'a reference that overflows 32 bits',
    'XML_MALFORMED',
    (good) => respelt(good, (nameId) => `${nameId}&#4294967361;`),
  ],
  ['a reference to U+FFFE', 'XML_MALFORMED', (good) => respelt(good, (nameId) => `${nameId}&#xFFFE;`)],
  ['a reference without semicolon', 'XML_MALFORMED', (good) => respelt(good, (nameId) => `${nameId}&#65`)],
  ['a reference with a capital X', 'XML_MALFORMED', (good) => respelt(good, (nameId) => `${nameId}&#X41;`)],
  ['a reference without digits', 'XML_MALFORMED', (good) => respelt(good, (nameId) => `${nameId}&#;`)],
  ['a bare ampersand', 'XML_MALFORMED', (good) => respelt(good, (nameId) => `${nameId} & co`)],
  ['an HTML entity', 'XML_FORBIDDEN', (good) => respelt(good, (nameId) => `${nameId}&nbsp;`)],
  [
    'a carriage return by reference',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => respelt(good, (nameId) => `${nameId}&#13;`),
  ],
  ['the end of a CDATA section in text', 'XML_MALFORMED', (good) => respelt(good, (nameId) => `${nameId}]]>`)],
  ['a control character', 'XML_MALFORMED', (good) => respelt(good, (nameId) => `${nameId}\u0008`)],
  ['U+FFFF', 'XML_MALFORMED', (good) => respelt(good, (nameId) => `${nameId}\uFFFF`)],
  character('U+0085 (next line)', '\u0085'),
  character('U+2028 (line separator)', '\u2028'),
  character('U+00A0 (no-break space)', '\u00a0'),
  character('U+200B (zero width space)', '\u200b'),
  character('U+202E (right-to-left override)', '\u202e'),
  character('an astral character', '\u{1F600}'),
  character('a combining character', '\u0301'),
  character('a byte order mark', '\uFEFF'),
  character('a Cyrillic letter', '\u0430'),
  character('a tabulator', '\t'),
  character('a line break', '\r\n'),
  signedSpelling('U+0085', '\u0085'),
  signedSpelling('U+2028', '\u2028'),
  signedSpelling('an astral character', '\u{1F600}'),
  [
    'text between elements of the assertion',
    'SIGNATURE_DIGEST_MISMATCH',
    ({ xml }) => prepend(xml, 'Assertion/Subject', ` ${EVIL_NAME_ID} `),
  ],
  ['an attribute without quotes', 'XML_MALFORMED', ({ xml }) => swap(xml, 'Version="2.0"', 'Version=2.0')],
  ['an attribute without value', 'XML_MALFORMED', ({ xml }) => swap(xml, 'Version="2.0"', 'Version="2.0" evil')],
  [
    'attributes without space between',
    'XML_MALFORMED',
    ({ xml }) => swap(xml, 'Version="2.0"', 'Version="2.0"evil="1"'),
  ],
  [
    'a less-than sign in an attribute',
    'XML_MALFORMED',
    ({ xml }) => swap(xml, 'Version="2.0"', 'Version="2.0" evil="<"'),
  ],
  ['a second root', 'XML_MALFORMED', ({ xml }) => `${xml}<x></x>`],
  ['the same document twice', 'XML_MALFORMED', ({ xml }) => xml + xml],
  ['text behind the root', 'XML_MALFORMED', ({ xml }) => `${xml}x`],
  ['text before the root', 'XML_MALFORMED', ({ xml }) => `x${xml}`],
  ['white space around the root', 'same', ({ xml }) => `\r\n ${xml}\n`],
  ['white space before the declaration', 'XML_MALFORMED', ({ xml }) => ` <?xml version="1.0"?>${xml}`],
  ['version 1.1', 'XML_FORBIDDEN', ({ xml }) => `<?xml version="1.1"?>${xml}`],
  ['two declarations', 'XML_MALFORMED', ({ xml }) => `<?xml version="1.0"?><?xml version="1.0"?>${xml}`],
  ['end tags in the wrong order', 'XML_MALFORMED', ({ xml }) => swap(xml, /(<\/[\w:]*NameID>)/, '</x>$1')],
  ['a document cut short', 'XML_MALFORMED', ({ xml }) => xml.slice(0, -1)],
  ['an end tag with attributes', 'XML_MALFORMED', ({ xml }) => swap(xml, /<\/([\w:]*NameID)>/, '</$1 x="1">')],
  ['nothing', 'XML_MALFORMED', () => ''],
  ['white space alone', 'XML_MALFORMED', () => ' \n'],
  ['JSON', 'XML_MALFORMED', () => '{"NameID":"director@example.org"}'],
]);

function references(text: string, write: (code: number) => string): string {
  return Array.from(text, (each) => write(each.codePointAt(0) ?? 0)).join('');
}
