import fc from 'fast-check';
import t from 'tap';
import { canonicalize, childElements, parseXml, signEnveloped, type XmlElement } from '../../src/xml/index.js';
import { rsaKeyPair } from '../support/pki.js';
import { forgetful } from './check-forms.js';
import { generatedDocument } from './generated-documents.js';

const parse = (source: string): XmlElement => parseXml(Buffer.from(source));

function everyElement(root: XmlElement): XmlElement[] {
  return [root, ...childElements(root).flatMap(everyElement)];
}

t.test('what was read is written as if nothing were known of how it was written', (t) => {
  fc.assert(
    fc.property(generatedDocument, ({ source, inclusivePrefixes }) => {
      for (const element of everyElement(parse(source))) {
        const [known, fresh] = [element, forgetful(element)].map((each) => canonicalize(each, inclusivePrefixes));
        if (known !== fresh) throw new Error(`known: ${known}\nfresh: ${fresh}\nsource: ${source}`);
      }
    }),
    { numRuns: 1000 },
  );
  t.pass('1000 documents');
  t.end();
});

t.test('what was signed is written inside any other element as if its form were not known', async (t) => {
  const key = rsaKeyPair().signingKey();
  const prefixes = fc.uniqueArray(fc.constantFrom('a', 'b', 'xs', 'ds', 'ec', 'w', '#default'), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      generatedDocument,
      prefixes,
      fc.boolean(),
      fc.nat({ max: 3 }),
      async (generated, other, same, at) => {
        const outer = parse(generated.source);
        const [content] = childElements(outer);
        if (content === undefined) throw new TypeError('A generated document without content.');
        const { inclusivePrefixes } = generated;
        const position = Math.min(at, content.children.length);
        const signed = await signEnveloped(content, key, { position, inclusivePrefixes });
        const around = { ...outer, children: ['before', signed, 'after'] };
        for (const element of [signed, around]) {
          const list = same ? inclusivePrefixes : other;
          const [known, fresh] = [element, forgetful(element)].map((each) => canonicalize(each, list));
          if (known !== fresh) throw new Error(`known: ${known}\nfresh: ${fresh}\nsource: ${generated.source}`);
        }
      },
    ),
    { numRuns: 300 },
  );
  t.pass('300 documents');
});

t.test('a signed element is written afresh where its surroundings declare what it declares itself', async (t) => {
  const key = rsaKeyPair().signingKey();
  const plain = parse('<a:r xmlns:a="urn:a" ID="_1"><a:b/></a:r>');
  const signed = await signEnveloped(plain, key, { position: 0 });
  const alone = canonicalize(signed);
  const around = (source: string) => canonicalize({ ...parse(source), children: [signed] });
  t.equal(around('<o:r xmlns:o="urn:o"/>'), `<o:r xmlns:o="urn:o">${alone}</o:r>`);
  t.equal(around('<a:o xmlns:a="urn:a"/>'), `<a:o xmlns:a="urn:a">${alone.replace(' xmlns:a="urn:a"', '')}</a:o>`);
  const ds = 'http://www.w3.org/2000/09/xmldsig#';
  t.equal(
    around(`<ds:o xmlns:ds="${ds}"/>`),
    `<ds:o xmlns:ds="${ds}">${alone.replace(` xmlns:ds="${ds}"`, '')}</ds:o>`,
  );
});

t.test('a changed copy of what was read or signed is written as it was changed', async (t) => {
  const read = parse('<r><a b="c">text</a></r>');
  const [inner] = childElements(read);
  if (inner === undefined) throw new TypeError('No child.');
  t.equal(canonicalize({ ...read, children: [{ ...inner, children: ['other'] }] }), '<r><a b="c">other</a></r>');
  t.equal(canonicalize({ ...read, children: [{ ...inner, attributes: [] }] }), '<r><a>text</a></r>');
  t.equal(canonicalize({ ...read, children: [{ ...inner, localName: 'z' }] }), '<r><z b="c">text</z></r>');
  const signed = await signEnveloped(parse('<r ID="_1"/>'), rsaKeyPair().signingKey(), { position: 0 });
  t.equal(canonicalize({ ...signed, children: [] }), '<r ID="_1"></r>');
});
