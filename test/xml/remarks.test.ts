import fc from 'fast-check';
import t from 'tap';
import { canonicalize, defaultXmlLimits, parseXml, parseXmlWithRemarks, type XmlLimits } from '../../src/xml/index.js';
import { generatedDocument } from './generated-documents.js';
import { plainTree } from './libxml2.js';
import { outcomeOf } from './outcome.js';
import { saxesTree } from './saxes.js';

function outcome(source: string, limits: XmlLimits = defaultXmlLimits): string {
  return outcomeOf(() => canonicalize(parseXmlWithRemarks(Buffer.from(source), limits)));
}

const NO_ROOT = 'There is no root element.';
const SECOND_ROOT = 'There is more than one root element.';
const COMMENT_END = 'A comment does not end.';
const HYPHENS = 'A comment holds --.';
const INSTRUCTION_END = 'A processing instruction does not end.';
const MALFORMED = 'A processing instruction is malformed.';
const RESERVED = 'A processing instruction is called xml.';
const DECLARATION = 'The XML declaration does not stand first.';
const NAME = 'A name is malformed.';
const INSIDE = 'The document holds a processing instruction.';
const DOCTYPE = 'The document holds a DOCTYPE.';
const UNKNOWN = 'The document holds unknown markup.';

const read: readonly (readonly [source: string, expected: string])[] = [
  // Comments around the root element.
  ['<!----><r/>', '<r></r>'],
  ['<!-- a --><!-- b -->\n<!--c-->\t<r/>', '<r></r>'],
  ['<?xml version="1.0"?><!-- a --><r/>', '<r></r>'],
  ['\uFEFF<!-- a --><r/>', '<r></r>'],
  ['<r/><!-- a -->', '<r></r>'],
  ['<r/>\n<!-- a -->\n<!-- b -->\n', '<r></r>'],
  ['<r/><!-- a --><r/>', SECOND_ROOT],
  ['<r/><!-- a -->x', SECOND_ROOT],
  ['<!-- a -->', NO_ROOT],
  ['<!-- a -->x<r/>', NO_ROOT],
  // What a comment may hold.
  ['<!-- - -> > < & &none; ]]> <?x <![CDATA[ "\' - --><r/>', '<r></r>'],
  ['<!---> --><r/>', '<r></r>'],
  ['<!--\u00E9\u{10400}--><r/>', '<r></r>'],
  ['<!--\r--><r>\r</r>', '<r>\n</r>'],
  ['<!-- -- --><r/>', HYPHENS],
  ['<!-- ---><r/>', HYPHENS],
  ['<!-----><r/>', HYPHENS],
  ['<!-- --', HYPHENS],
  ['<!-- -- ><r/>', HYPHENS],
  ['<!--', COMMENT_END],
  ['<!-->', COMMENT_END],
  ['<!--->', COMMENT_END],
  ['<!-- a -><r/>', COMMENT_END],
  ['<r/><!-- a', COMMENT_END],
  ['<!-- \u0001 --><r/>', 'The document holds a character that XML does not allow.'],
  ['<!- a --><r/>', UNKNOWN],
  ['<! -- a --><r/>', UNKNOWN],
  // Comments inside it: the text on both sides is one run, and nothing stands as it was written.
  ['<r><!-- a --></r>', '<r></r>'],
  ['<r>x<!-- a -->y</r>', '<r>xy</r>'],
  ['<r><!----><!---->x<!----><!----></r>', '<r>x</r>'],
  ['<r><a/><!-- a --><b/></r>', '<r><a></a><b></b></r>'],
  ['<r><a>x<!-- a --></a><b>y</b></r>', '<r><a>x</a><b>y</b></r>'],
  ['<r><s><a><!-- a -->x</a></s></r>', '<r><s><a>x</a></s></r>'],
  ['<r><s><a>x</a><!-- a --></s></r>', '<r><s><a>x</a></s></r>'],
  ['<r>]]<!-- a -->></r>', '<r>]]&gt;</r>'],
  ['<r><s>]<!-- a -->]></s></r>', '<r><s>]]&gt;</s></r>'],
  ['<r>a<!-- ]]> -->b</r>', '<r>ab</r>'],
  ['<r>a<!-- ]]> -->]]></r>', 'Text holds ]]>.'],
  ['<r>&amp;<!-- & -->&lt;</r>', '<r>&amp;&lt;</r>'],
  ['<r>&am<!-- -->p;</r>', 'A reference does not end.'],
  ['<r><![CDATA[<!-- a -->]]></r>', '<r>&lt;!-- a --&gt;</r>'],
  ['<r><!-- <![CDATA[ -->x<!-- ]]> --></r>', '<r>x</r>'],
  ['<r><!-- a -- b --></r>', HYPHENS],
  ['<r><!-- a</r>', COMMENT_END],
  ['<r><!-- a -->', 'An element does not end.'],
  ['<r><!- a --></r>', UNKNOWN],
  ['<r <!-- a -->/>', NAME],
  ['<r a="<!-- a -->"/>', 'The value of an attribute holds <.'],
  ['<r></r <!-- a -->>', 'An end-tag does not fit its start-tag.'],
  // Processing instructions around the root element.
  ['<?x?><r/>', '<r></r>'],
  ['<?x ?><r/>', '<r></r>'],
  ['<?x y?><?x\ty > <r> -- ??><?x\ny?>\n<r/>', '<r></r>'],
  ['<?xml-stylesheet href="a"?><r/>', '<r></r>'],
  ['<?xml version="1.0"?><?xml-model?><r/>', '<r></r>'],
  ['<?\u00E9 y?><r/>', '<r></r>'],
  ['<r/><?x?>', '<r></r>'],
  ['<r/> <?x y?> <!-- a --> <?x?>\n', '<r></r>'],
  ['<?x?>', NO_ROOT],
  ['<?x', INSTRUCTION_END],
  ['<?x?', INSTRUCTION_END],
  ['<?x y><r/>', INSTRUCTION_END],
  ['<?x<r/>?>', MALFORMED],
  ['<?x"y"?><r/>', MALFORMED],
  ['<?x:y?><r/>', MALFORMED],
  ['<?x>?><r/>', MALFORMED],
  ['<?x??><r/>', MALFORMED],
  ['<?x\u00A0y?><r/>', MALFORMED],
  ['<??><r/>', NAME],
  ['<? x?><r/>', NAME],
  ['<?1?><r/>', NAME],
  ['<?', NAME],
  ['<?XML?><r/>', RESERVED],
  ['<?xMl version="1.0"?><r/>', RESERVED],
  ['<r/><?Xml?>', RESERVED],
  // No declaration but the first.
  ['\n<?xml version="1.0"?><r/>', DECLARATION],
  ['<!-- a --><?xml version="1.0"?><r/>', DECLARATION],
  ['<?xml version="1.0"?><?xml version="1.0"?><r/>', DECLARATION],
  ['<!-- a --><?xml?><r/>', DECLARATION],
  ['<r/><?xml version="1.0"?>', DECLARATION],
  ['<r><?xml version="1.0"?></r>', DECLARATION],
  // Inside it they belong to the canonical form.
  ['<r><?x?></r>', INSIDE],
  ['<r>x<!-- a --><?x y?>z</r>', INSIDE],
  ['<r><?xml-stylesheet href="a"?></r>', INSIDE],
  // The rest is refused as ever.
  ['<!-- a --><!DOCTYPE r><r/>', DOCTYPE],
  ['<?x?><!DOCTYPE r><r/>', DOCTYPE],
  ['<r><!-- a --><!DOCTYPE r></r>', DOCTYPE],
  ['<r/><!-- a --><!DOCTYPE r>', DOCTYPE],
  ['<!-- a --><!ENTITY a "b"><r/>', UNKNOWN],
];
for (const [source, expected] of read) {
  const name = JSON.stringify(source);
  t.test(expected.startsWith('<') ? `${name} is read` : `of ${name} is told: ${expected}`, (t) => {
    t.equal(outcome(source), expected);
    if (!source.includes('\u00E9')) {
      // The same where characters outside ASCII are in the document.
      t.equal(outcome(source.replace(/<r(?=[ />])/, '<r xmlns:\u00E9="urn:e"')), expected);
    }
    t.end();
  });
}

t.test('limits hold around comments', (t) => {
  const limits = { ...defaultXmlLimits, maxElements: 2, maxDepth: 2 };
  t.equal(outcome('<!-- <a><b><c> --><r><!-- <a> --><a/><!-- <b/> --></r><!-- c -->', limits), '<r><a></a></r>');
  t.equal(outcome('<r><!-- a --><a/><!-- b --><b/></r>', limits), 'More than 2 elements.');
  t.equal(
    outcome('<r><!-- a --><a><!-- b --><b/></a></r>', { ...limits, maxElements: 3 }),
    'More than 2 levels of elements.',
  );
  t.end();
});

/** Good ones and bad ones. */
const REMARKS = [
  '<!---->',
  '<!-- a > & ]]> <x> -->',
  '<!--\n-->',
  '<!-- \u00E9 -->',
  '<!-- a -- b -->',
  '<!-- a',
  '<!-',
];

t.test('with comments anywhere, what is read is what saxes reads, and is its own canonical form', (t) => {
  let accepted = 0;
  let refused = 0;
  const where = fc.noBias(fc.integer({ min: 0, max: 1_000_000 }));
  const remarks = fc.array(fc.tuple(where, fc.constantFrom(...REMARKS)), { minLength: 1, maxLength: 2 });
  fc.assert(
    fc.property(generatedDocument, remarks, ({ source }, made) => {
      const strewn = made.reduce((current, [where, remark]) => {
        const tag = current.indexOf('<', where % current.length);
        const at = where % 3 === 0 || tag === -1 ? where % (current.length + 1) : tag;
        return current.slice(0, at) + remark + current.slice(at);
      }, source);
      const input = Buffer.from(strewn);
      const form = outcome(strewn);
      if (!form.startsWith('<')) {
        refused++;
        return;
      }
      accepted++;
      const root = parseXmlWithRemarks(input, defaultXmlLimits);
      const [ours, others] = [JSON.stringify(plainTree(root)), JSON.stringify(saxesTree(input))];
      if (ours !== others) throw new Error(`${ours}\n${others}`);
      if (canonicalize(parseXml(Buffer.from(form))) !== form) throw new Error(form);
    }),
    { numRuns: 1500 },
  );
  t.ok(accepted > 100 && refused > 100, `${accepted} accepted, ${refused} refused`);
  t.end();
});
