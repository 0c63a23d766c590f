import t from 'tap';
import { canonicalize, parseXml } from '../../src/xml/index.js';
import { outcomeOf } from './outcome.js';

function outcome(source: string): string {
  return outcomeOf(() => canonicalize(parseXml(Buffer.from(source))));
}

const NO_ROOT = 'There is no root element.';
const SECOND_ROOT = 'There is more than one root element.';
const NO_END = 'An element does not end.';
const START_TAG = 'A start-tag is malformed.';
const END_TAG = 'An end-tag does not fit its start-tag.';
const NAME = 'A name is malformed.';
const SECTION = 'A CDATA section does not end.';
const IN_TEXT = 'Text holds ]]>.';
const COMMENT = 'The document holds a comment.';
const INSTRUCTION = 'The document holds a processing instruction.';
const DOCTYPE = 'The document holds a DOCTYPE.';
const UNKNOWN = 'The document holds unknown markup.';

const read: readonly (readonly [source: string, expected: string])[] = [
  // Tags.
  ['<', NAME],
  ['<>', NAME],
  ['< r/>', NAME],
  ['<\u00A0r/>', NAME],
  ['<r', START_TAG],
  ['<r ', NAME],
  ['<r/', START_TAG],
  ['<r//>', START_TAG],
  ['<r/ >', START_TAG],
  ['<r/x>', START_TAG],
  ['<r /a="1">', START_TAG],
  ['<r\u00A0a="1"/>', START_TAG],
  ['<r\u0085/>', START_TAG],
  ['<r"/>', START_TAG],
  ['<r ="1"/>', NAME],
  ['<r "a"/>', NAME],
  ['<r a="1"/b="2">', START_TAG],
  ['<r a="1"b="2"/>', START_TAG],
  ['<r a="1""/>', START_TAG],
  ['<r a="1" "/>', NAME],
  ['<r a', 'An attribute has no value.'],
  ['<r a ', 'An attribute has no value.'],
  ['<r a b="1"/>', 'An attribute has no value.'],
  ['<r a>', 'An attribute has no value.'],
  ['<r a="1" b/>', 'An attribute has no value.'],
  ['<r a:="1"/>', NAME],
  ['<r a=', 'The value of an attribute is not quoted.'],
  ['<r a=>', 'The value of an attribute is not quoted.'],
  ['<r a==""/>', 'The value of an attribute is not quoted.'],
  ['<r a=`1`/>', 'The value of an attribute is not quoted.'],
  ['<r a=&quot;1&quot;/>', 'The value of an attribute is not quoted.'],
  ['<r a="1', 'The value of an attribute does not end.'],
  [`<r a="1'/>`, 'The value of an attribute does not end.'],
  [`<r a='1"/>`, 'The value of an attribute does not end.'],
  ['<r a="<"/>', 'The value of an attribute holds <.'],
  ['<r a="1" b="x<y"/>', 'The value of an attribute holds <.'],
  ['<r a="&lt;"><s/></r>', '<r a="&lt;"><s></s></r>'],
  ['<r a="1"><s b="2"/></r>', '<r a="1"><s b="2"></s></r>'],
  ['<r a=">"><s/></r>', '<r a=">"><s></s></r>'],
  ['<r a="/"/>', '<r a="/"></r>'],
  ['</r>', NAME],
  ['<r></', END_TAG],
  ['<r></r', END_TAG],
  ['<r></>', END_TAG],
  ['<r></ r>', END_TAG],
  ['<r></r\u00A0>', END_TAG],
  ['<r></r a="1">', END_TAG],
  ['<r></r/>', END_TAG],
  ['<r></r x>', END_TAG],
  ['<r></r<', END_TAG],
  ['<r></r \t\n>', '<r></r>'],
  ['<r><a></r></a>', END_TAG],
  ['<r><a></a>', NO_END],
  ['<r><a/>', NO_END],
  ['<r>x', NO_END],
  ['<r/></r>', SECOND_ROOT],
  ['<r></r></r>', SECOND_ROOT],
  ['<r/> <r/>', SECOND_ROOT],
  ['<r/>x', SECOND_ROOT],
  ['<r/>\u00A0', SECOND_ROOT],
  ['<r/>&amp;', SECOND_ROOT],
  ['<r/>\n \t', '<r></r>'],
  ['\n \t<r/>', '<r></r>'],
  ['x<r/>', NO_ROOT],
  ['&amp;<r/>', NO_ROOT],
  ['>', NO_ROOT],
  // Text and CDATA.
  ['<r>]]></r>', IN_TEXT],
  ['<r>x]]>y</r>', IN_TEXT],
  ['<r>]]]></r>', IN_TEXT],
  ['<r><a/>]]></r>', IN_TEXT],
  ['<r>&amp;]]></r>', IN_TEXT],
  ['<r>]]]]></r>', IN_TEXT],
  ['<r><![CDATA[x]]>]]></r>', IN_TEXT],
  ['<r>]]&gt;</r>', '<r>]]&gt;</r>'],
  ['<r>]] ></r>', '<r>]] &gt;</r>'],
  ['<r>]></r>', '<r>]&gt;</r>'],
  ['<r>]]<a/>></r>', '<r>]]<a></a>&gt;</r>'],
  ['<r>]<![CDATA[]]]>></r>', '<r>]]&gt;</r>'],
  ['<r a="]]>"/>', '<r a="]]>"></r>'],
  ['<r a="]]>">x</r>', '<r a="]]>">x</r>'],
  ['<r><![CDATA[x]]</r>', SECTION],
  ['<r><![CDATA[x]] ></r>', SECTION],
  ['<r><![CDATA[', SECTION],
  ['<r><![CDATA[]]', SECTION],
  ['<r><![CDATA[]]>', NO_END],
  ['<r><![CDATA[]]]></r>', '<r>]</r>'],
  ['<r><![CDATA[]]]]></r>', '<r>]]</r>'],
  ['<r><![CDATA[x]]]]><![CDATA[>]]></r>', '<r>x]]&gt;</r>'],
  ['<r><![CDATA[<![CDATA[x]]></r>', '<r>&lt;![CDATA[x</r>'],
  ['<r><![CDATA[</r>]]></r>', '<r>&lt;/r&gt;</r>'],
  ['<r><![CDATA[&#65;]]></r>', '<r>&amp;#65;</r>'],
  ['<r><![CDATA[\r\n\r]]></r>', '<r>\n\n</r>'],
  ['<r><![cdata[x]]></r>', UNKNOWN],
  ['<r><![CDATA [x]]></r>', UNKNOWN],
  ['<r><! [CDATA[x]]></r>', UNKNOWN],
  ['<r><![CDATA', UNKNOWN],
  ['<![CDATA[x]]><r/>', UNKNOWN],
  ['<r/><![CDATA[x]]>', UNKNOWN],
  ['<r a="1"<![CDATA[x]]>/>', START_TAG],
  // What is left out of XML, at every place.
  ['<!----><r/>', COMMENT],
  ['<r><!----></r>', COMMENT],
  ['<r>x<!-- y -->z</r>', COMMENT],
  ['<r><a/><!-- --></r>', COMMENT],
  ['<r><a><!--', COMMENT],
  ['<r/><!-- -->', COMMENT],
  ['<r/>\n<!-- -->', COMMENT],
  ['<r><!-</r>', UNKNOWN],
  ['<r><!></r>', UNKNOWN],
  ['<r><!', UNKNOWN],
  ['<?pi?><r/>', INSTRUCTION],
  ['<r><?pi?></r>', INSTRUCTION],
  ['<r>x<?pi y?>z</r>', INSTRUCTION],
  ['<r><a/><?', INSTRUCTION],
  ['<r/><?pi?>', INSTRUCTION],
  ['<r/> <?pi?>', INSTRUCTION],
  ['<!DOCTYPE r><r/>', DOCTYPE],
  ['\n<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', DOCTYPE],
  ['<r><!DOCTYPE r></r>', DOCTYPE],
  ['<r/><!DOCTYPE r>', DOCTYPE],
  ['<!doctype r><r/>', UNKNOWN],
  ['<!ENTITY a "b"><r/>', UNKNOWN],
  ['<r/><!ATTLIST>', UNKNOWN],
  ['<r a="<!---->"/>', 'The value of an attribute holds <.'],
  ['<r a="?>-->"/>', '<r a="?>-->"></r>'],
  ['<r>--> ?></r>', '<r>--&gt; ?&gt;</r>'],
];
for (const [source, expected] of read) {
  const name = JSON.stringify(source);
  t.test(expected.startsWith('<') ? `${name} is read` : `of ${name} is told: ${expected}`, (t) => {
    t.equal(outcome(source), expected);
    // The same where characters outside ASCII are in the document.
    t.equal(outcome(source.replace(/<r(?=[ />])/, '<r xmlns:\u00E9="urn:e"')), expected.replace(/^<r(?=[ />])/, '<r'));
    t.end();
  });
}
