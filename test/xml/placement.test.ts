import t from 'tap';
import { assertSignaturePlacement, childElements, parseXml, type XmlElement } from '../../src/xml/index.js';

const parse = (source: string): XmlElement => parseXml(Buffer.from(source));

t.test('a Signature may only stand directly in the allowed elements, once in each', (t) => {
  const root = parse(
    '<r xmlns:ds="http://www.w3.org/2000/09/xmldsig#">text<ds:Signature/><a>Signature<ds:Signature/></a><b><c><ds:Signature/></c></b></r>',
  );
  const [, a, b] = childElements(root);
  t.ok(a && b);
  if (!a || !b) return;
  const [c] = childElements(b);
  t.ok(c);
  if (!c) return;
  t.doesNotThrow(() => {
    assertSignaturePlacement(root, [root, a, c]);
  });
  for (const allowed of [[root, a], [root, a, b], [a, c], []]) {
    t.throws(
      () => {
        assertSignaturePlacement(root, allowed);
      },
      { code: 'SIGNATURE_MISPLACED' },
    );
  }
  const twice = { ...a, children: [...a.children, ...a.children] };
  t.throws(
    () => {
      assertSignaturePlacement(twice, [twice]);
    },
    { code: 'SIGNATURE_MISPLACED' },
  );
  const nested = parse(
    '<r xmlns="http://www.w3.org/2000/09/xmldsig#"><Signature><Object><Signature/></Object></Signature></r>',
  );
  t.throws(
    () => {
      assertSignaturePlacement(nested, [nested]);
    },
    { code: 'SIGNATURE_MISPLACED' },
  );
  t.end();
});
