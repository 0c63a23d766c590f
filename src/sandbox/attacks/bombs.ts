import { familyOf, type Attack, type GoodResponse, type Row } from './attack.js';
import { append, before, prepend, setContent, swap } from './markup.js';
import { samlp } from './evil-parts.js';
import { EXC_C14N } from './signature.js';

const nested = (levels: number) => '<x>'.repeat(levels) + '</x>'.repeat(levels);
const attributes = (count: number) => Array.from({ length: count }, (_, index) => ` a${index}="1"`).join('');
const declarations = (count: number) =>
  Array.from({ length: count }, (_, index) => ` xmlns:n${index}="urn:${index}"`).join('');

/** Put where the schema lets anything stand, so that nothing but its size is wrong. */
function inExtensions(good: GoodResponse, content: string): string {
  return before(good.xml, 'Response/Status', samlp(good, 'Extensions', content));
}

const DEFAULT_BYTES = 256 * 1024;

/** As many copies as fit below the size limit, so that the bomb is read and not only measured. */
function fill(good: GoodResponse, part: string, overhead = 0): string {
  return part.repeat(Math.floor((DEFAULT_BYTES - good.xml.length - overhead - 1000) / part.length));
}

const covered = ({ signed }: GoodResponse) => signed !== 'assertion';
/** What stands in Extensions is covered by a signature of the Response alone. */
const unlessUncovered = (good: GoodResponse) => (covered(good) ? 'SIGNATURE_DIGEST_MISMATCH' : 'same');

const hasPrefixList = { applies: ({ xml }: GoodResponse) => xml.includes('PrefixList=') };

/** What fits into the size limit and would cost the most. */
const large: readonly Row[] = [
  ['as many elements as fit', 'XML_LIMIT', (good) => inExtensions(good, fill(good, '<a/>'))],
  ['as deep as fits', 'XML_LIMIT', (good) => inExtensions(good, fill(good, '<a>'))],
  ['as many attributes as fit', 'XML_LIMIT', (good) => inExtensions(good, `<x${attributes(20_000)}/>`)],
  ['as many declarations as fit', 'XML_LIMIT', (good) => inExtensions(good, `<x${declarations(9_000)}/>`)],
  [
    'as many elements with 255 attributes as fit',
    unlessUncovered,
    (good) => inExtensions(good, fill(good, `<x${attributes(255)}/>`)),
  ],
  [
    '60 levels that each declare 200 prefixes anew',
    (good) => unlessUncovered(good),
    (good) => {
      const level = (depth: number) =>
        `<x${Array.from({ length: 200 }, (_, index) => ` xmlns:n${index}="u:${depth}"`).join('')}>`;
      const levels = Array.from({ length: 55 }, (_, depth) => level(depth)).join('');
      return inExtensions(good, `${levels}${'</x>'.repeat(55)}`);
    },
  ],
  [
    'thousands of elements that each use an outer prefix',
    unlessUncovered,
    (good) => inExtensions(good, `<x${declarations(250)}>${'<n0:a/>'.repeat(18_000)}</x>`),
  ],
  [
    'thousands of elements that each declare a prefix',
    unlessUncovered,
    (good) => inExtensions(good, fill(good, '<a xmlns="u:u"/>')),
  ],
  ['one long attribute', unlessUncovered, (good) => inExtensions(good, `<x a="${fill(good, '&#9;')}"/>`)],
  [
    'one long text of references',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => setContent(good.xml, 'AttributeValue', fill(good, '&#38;')),
  ],
  [
    'one long text of carriage returns',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => setContent(good.xml, 'AttributeValue', fill(good, '&#13;')),
  ],
  [
    'one long text of CDATA sections',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => setContent(good.xml, 'AttributeValue', fill(good, '<![CDATA[<]]>')),
  ],
  [
    'one long name',
    unlessUncovered,
    (good) => {
      const name = fill(good, 'aa').slice(0, 120_000);
      return inExtensions(good, `<${name}></${name}>`);
    },
  ],
  [
    'a prefix list of thousands',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => {
      const listed = Array.from({ length: 30_000 }, (_, index) => `p${index}`).join(' ');
      const evil = setContent(good.xml, 'Assertion/Subject/NameID', 'director@example.org');
      return swap(evil, / PrefixList="[^"]*"/, ` PrefixList="${listed}"`);
    },
    hasPrefixList,
  ],
  [
    'thousands of elements under a prefix list of hundreds',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => {
      const listed = Array.from({ length: 250 }, (_, index) => `n${index}`).join(' ');
      const content = `<x${declarations(250)}>${'<a xmlns:n0="u:u"><b xmlns:n1="u:v"/></a>'.repeat(4_000)}</x>`;
      return swap(setContent(good.xml, 'AttributeValue', content), / PrefixList="[^"]*"/g, ` PrefixList="${listed}"`);
    },
    hasPrefixList,
  ],
  [
    'a certificate of hundreds of kilobytes',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => {
      const evil = setContent(good.xml, 'Assertion/Subject/NameID', 'director@example.org');
      return setContent(evil, 'X509Certificate', fill(good, 'AAAA'));
    },
  ],
  [
    'thousands of StatusCodes in one another',
    'XML_LIMIT',
    (good) => append(good.xml, 'Response/Status/StatusCode', fill(good, '<a>')),
  ],
  ['thousands of unclosed comments', 'XML_FORBIDDEN', (good) => prepend(good.xml, 'Response', fill(good, '<!--'))],
  [
    'thousands of unclosed CDATA sections',
    'XML_MALFORMED',
    (good) => prepend(good.xml, 'Response', fill(good, '<![CDATA[')),
  ],
  ['thousands of less-than signs', 'XML_MALFORMED', (good) => prepend(good.xml, 'Response', fill(good, '<'))],
  ['a tag that never ends', 'XML_MALFORMED', (good) => prepend(good.xml, 'Response', `<${fill(good, 'a ')}`)],
  [
    'thousands of IDs',
    (good) => unlessUncovered(good),
    (good) => inExtensions(good, Array.from({ length: 9_000 }, (_, index) => `<a ID="i${index}"/>`).join('')),
  ],
  [
    'thousands of Signatures',
    'SIGNATURE_MISPLACED',
    (good) => inExtensions(good, fill(good, `<s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"/>`)),
  ],
  [
    'thousands of Assertions',
    'SAML_ASSERTION_COUNT',
    (good) => inExtensions(good, fill(good, '<s:Assertion xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion"/>')),
  ],
];

const longNamespace = (length: number) => 'urn:'.padEnd(length, 'a');
const prefixed = (names: readonly string[]) => `<e${names.map((name) => ` p:${name}=""`).join('')}/>`;
const backwards = Array.from({ length: 240 }, (_, index) => `a${999 - index}`);

/** A namespace name is written once and stands at every place of its prefix, so work can grow with both. */
const namespaceNames: readonly Row[] = [
  [
    'a namespace name of 1001 characters',
    'XML_LIMIT',
    (good) => inExtensions(good, `<x xmlns:p="${longNamespace(1001)}"/>`),
  ],
  [
    'a namespace name of 1000 characters',
    unlessUncovered,
    (good) => inExtensions(good, `<p:x xmlns:p="${longNamespace(1000)}"/>`),
  ],
  ...[130_000, 1000].flatMap((length): Row[] => {
    const outcome = length > 1000 ? 'XML_LIMIT' : unlessUncovered;
    // Where nothing signed covers them, they are not canonicalized.
    const manyfold = (good: GoodResponse) => (length > 1000 || covered(good) ? 'XML_LIMIT' : 'same');
    const under = (good: GoodResponse, element: string) =>
      inExtensions(good, `<x xmlns:p="${longNamespace(length)}">${fill(good, element, length)}</x>`);
    return [
      [
        `thousands of attributes in a namespace of ${length} characters`,
        outcome,
        (good) => under(good, prefixed(backwards)),
      ],
      [
        `seven attributes in a namespace of ${length} characters on each element`,
        manyfold,
        (good) => under(good, prefixed(backwards.slice(0, 7))),
      ],
      [
        `thousands of siblings that canonicalization has declare a namespace of ${length} characters`,
        manyfold,
        (good) => inExtensions(good, `<x xmlns:p="${longNamespace(length)}">${'<p:a/>'.repeat(19_000)}</x>`),
      ],
    ];
  }),
];

/** Exactly beyond the limits of depth, width and size. */
export const bombs: readonly Attack[] = familyOf('bomb', [
  ['63 levels under the second', 'XML_LIMIT', (good) => inExtensions(good, nested(63))],
  ['62 levels under the second', unlessUncovered, (good) => inExtensions(good, nested(62))],
  ['257 attributes on one element', 'XML_LIMIT', (good) => inExtensions(good, `<x${attributes(257)}/>`)],
  [
    '256 attributes and declarations',
    unlessUncovered,
    (good) => inExtensions(good, `<x${attributes(128)}${declarations(128)}/>`),
  ],
  [
    '257 attributes and declarations',
    'XML_LIMIT',
    (good) => inExtensions(good, `<x${attributes(129)}${declarations(128)}/>`),
  ],
  ['20 001 elements', 'XML_LIMIT', (good) => inExtensions(good, '<a/>'.repeat(20_001))],
  ['19 000 elements', unlessUncovered, (good) => inExtensions(good, '<a/>'.repeat(19_000))],
  ['one byte more than the limit', 'SAML_TOO_LARGE', ({ xml }) => field(xml, DEFAULT_BYTES + 1)],
  ['a megabyte', 'SAML_TOO_LARGE', ({ xml }) => field(xml, 1_000_000)],
  ['as much as the limit allows, in white space', 'same', ({ xml }) => field(xml, DEFAULT_BYTES)],
  ...large,
  ...namespaceNames,
  [
    'the namespace of canonicalization on every element',
    unlessUncovered,
    (good) => inExtensions(good, fill(good, `<c:a xmlns:c="${EXC_C14N}"/>`)),
  ],
]);

function field(xml: string, size: number): { readonly field: string } {
  return { field: Buffer.from(xml + ' '.repeat(size - Buffer.byteLength(xml))).toString('base64') };
}
