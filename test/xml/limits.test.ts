import t from 'tap';
import { defaultXmlLimits, parseXml, type XmlLimits } from '../../src/xml/index.js';
import { outcomeOf } from './outcome.js';

function told(source: string, limits: Partial<XmlLimits> = {}): string {
  return outcomeOf(() => {
    parseXml(Buffer.from(source), { ...defaultXmlLimits, ...limits });
    return 'read';
  });
}

t.test('the depth is that of the deepest element, however it ends', (t) => {
  const tooDeep = 'More than 2 levels of elements.';
  for (const [source, expected] of [
    ['<r/>', 'read'],
    ['<r><a/></r>', 'read'],
    ['<r><a></a></r>', 'read'],
    ['<r><a></a><b/><c></c><d/></r>', 'read'],
    ['<r><a><b/></a></r>', tooDeep],
    ['<r><a><b></b></a></r>', tooDeep],
    ['<r><a/><a><b/></a></r>', tooDeep],
    ['<r><a/><b/><c><d>', tooDeep],
  ] as const) {
    t.equal(told(source, { maxDepth: 2 }), expected, source);
  }
  t.equal(told('<r/>', { maxDepth: 1 }), 'read');
  t.equal(told('<r><a/></r>', { maxDepth: 1 }), 'More than 1 levels of elements.');
  t.equal(told('<r/>', { maxDepth: 0 }), 'More than 0 levels of elements.');
  t.end();
});

t.test('elements are counted throughout the document', (t) => {
  const tooMany = 'More than 3 elements.';
  for (const [source, expected] of [
    ['<r><a/><b/></r>', 'read'],
    ['<r><a><b></b></a></r>', 'read'],
    ['<r><a/><b/><c/></r>', tooMany],
    ['<r><a><b><c/></b></a></r>', tooMany],
    ['<r><a><b/></a><c></c></r>', tooMany],
  ] as const) {
    t.equal(told(source, { maxElements: 3 }), expected, source);
  }
  t.end();
});

t.test('attributes are counted on each element, declarations among them', (t) => {
  const tooMany = 'More than 2 attributes on one element.';
  for (const [source, expected] of [
    ['<r a="" b=""><s a="" b=""/><s a="" b=""></s></r>', 'read'],
    ['<r xmlns="urn:a" b=""/>', 'read'],
    ['<r xmlns:a="urn:a" xmlns:b="urn:b"/>', 'read'],
    ['<r a="" b="" c=""/>', tooMany],
    ['<r><s a="" b="" c=""></s></r>', tooMany],
    ['<r xmlns="urn:a" xmlns:a="urn:a" b=""/>', tooMany],
    ['<r a="" b="" xmlns:a="urn:a"/>', tooMany],
    // The limit comes before whatever stands there.
    ['<r a="" b="" 1=""/>', tooMany],
    ['<r a="" b="" a=""/>', tooMany],
    ['<r a="" b="" c', tooMany],
    ['<r a="" b=""c=""/>', 'A start-tag is malformed.'],
    ['<r a="" a="" c=""/>', tooMany],
  ] as const) {
    t.equal(told(source, { maxAttributes: 2 }), expected, source);
  }
  t.end();
});

t.test('a namespace name is as long as what it is resolved to', (t) => {
  const tooLong = 'More than 5 characters in a namespace name.';
  for (const [source, expected] of [
    ['<r xmlns="urn:a"/>', 'read'],
    ['<r xmlns:p="urn:a"/>', 'read'],
    ['<r xmlns="urn:&#97;"/>', 'read'],
    ['<r xmlns=""/>', 'read'],
    ['<r xmlns="urn:ab"/>', tooLong],
    ['<r xmlns:p="urn:ab"/>', tooLong],
    ['<r><s xmlns:p="urn:a&#97;"/></r>', tooLong],
    ['<r xmlns:p="abcdef"/>', tooLong],
    ['<r xmlns:p="abcde"/>', 'A namespace name is not an absolute URI.'],
    ['<r a="long enough"/>', 'read'],
  ] as const) {
    t.equal(told(source, { maxNamespaceName: 5 }), expected, source);
  }
  t.end();
});

t.test('what is configured nowhere is 64 levels, 20000 elements, 256 attributes, 1000 characters', (t) => {
  t.strictSame(defaultXmlLimits, { maxDepth: 64, maxElements: 20_000, maxAttributes: 256, maxNamespaceName: 1000 });
  const name = (length: number) => `<r xmlns="urn:${'a'.repeat(length - 4)}"/>`;
  t.equal(told(name(1000)), 'read');
  t.equal(told(name(1001)), 'More than 1000 characters in a namespace name.');
  t.end();
});
