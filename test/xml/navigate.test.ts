import t from 'tap';
import { attributeValue, childElements, childrenNamed, parseXml, textContent } from '../../src/xml/index.js';

const parse = (source: string) => parseXml(Buffer.from(source));

t.test('the text of an element is all that stands directly in it, and nothing else', (t) => {
  for (const [source, expected] of [
    ['<r/>', ''],
    ['<r>a</r>', 'a'],
    ['<r><b/></r>', ''],
    ['<r><b>x</b></r>', ''],
    ['<r>a<b>x</b>c</r>', 'ac'],
    ['<r><b/>c</r>', 'c'],
    ['<r><b/>a<b/>c<b/></r>', 'ac'],
  ] as const) {
    t.equal(textContent(parse(source)), expected, source);
  }
  t.end();
});

t.test('an attribute is found by its namespace and its name, not by one of them', (t) => {
  const root = parse('<r xmlns:p="urn:p" p:a="1" p:b="2" a="3"/>');
  t.equal(attributeValue(root, 'a'), '3');
  t.equal(attributeValue(root, 'a', 'urn:p'), '1');
  t.equal(attributeValue(root, 'b'), undefined);
  t.equal(attributeValue(root, 'b', 'urn:p'), '2');
  t.equal(attributeValue(root, 'b', 'urn:q'), undefined);
  t.end();
});

t.test('children are found by their namespace and their name, in document order', (t) => {
  const root = parse('<r xmlns:p="urn:p">t<a i="1"/><p:a i="2"/>u<b i="3"/><a i="4"><a i="5"/></a></r>');
  const found = (namespace: string, name: string) =>
    childrenNamed(root, namespace, name).map((child) => attributeValue(child, 'i'));
  t.strictSame(found('', 'a'), ['1', '4']);
  t.strictSame(found('urn:p', 'a'), ['2']);
  t.strictSame(found('urn:p', 'b'), []);
  t.strictSame(
    childElements(root).map((child) => attributeValue(child, 'i')),
    ['1', '2', '3', '4'],
  );
  t.end();
});
