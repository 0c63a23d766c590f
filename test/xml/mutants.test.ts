import fc from 'fast-check';
import t from 'tap';
import { GatewayError } from '../../src/shared/index.js';
import { canonicalize, parseXml, signEnveloped, verifySignature, type SignaturePolicy } from '../../src/xml/index.js';
import { rsaKeyPair } from '../support/pki.js';

const policy: SignaturePolicy = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false, now: 0 };
const source =
  '<a:Assertion xmlns:a="urn:a" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="_1">\n' +
  '  <a:Subject>ada@example.org</a:Subject><a:Attribute Name="roles">' +
  '<v xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">nurse &amp; admin</v>' +
  '</a:Attribute></a:Assertion>';

const inserts = [
  ...[
    '',
    ' ',
    '\n',
    '\r',
    '&#13;',
    '\t',
    'a',
    '0',
    '=',
    '<',
    '>',
    '"',
    '&amp;',
    '&#97;',
    '<x/>',
    '<![CDATA[]]>',
    '<!---->',
  ],
  ...[
    ' x="1"',
    ' xmlns:z="urn:z"',
    ' xmlns="urn:z"',
    ' ID="_2"',
    '<![CDATA[ada]]>',
    'a:',
    '\u{1F600}',
    '\u0085',
    '\uFEFF',
  ],
  ...['<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>', '</a:Subject><a:Subject>', '#WithComments'],
];

t.test('a damaged message that still verifies says what was signed, to the byte', async (t) => {
  const pair = rsaKeyPair();
  const options = { position: 1, inclusivePrefixes: ['xs'] };
  const good = canonicalize(await signEnveloped(parseXml(Buffer.from(source)), pair.signingKey(), options), ['xs']);
  const signedContent = canonicalize(parseXml(Buffer.from(source)), ['xs']);
  let verified = 0;
  const place = fc.noBias(fc.nat({ max: 1_000_000 }));
  const edit = fc.tuple(place, fc.constantFrom(0, 0, 1, 1, 2, 8), fc.constantFrom(...inserts));
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 2 }), async (edits) => {
      const mutant = edits.reduce((current, [where, removed, inserted]) => {
        const at = where % (current.length + 1);
        return current.slice(0, at) + inserted + current.slice(at + removed);
      }, good);
      try {
        const { element } = await verifySignature(parseXml(Buffer.from(mutant)), [pair.verificationKey()], policy);
        verified++;
        if (canonicalize(element, ['xs']) !== signedContent) throw new Error(`accepted: ${mutant}`);
      } catch (fault) {
        if (!(fault instanceof GatewayError)) throw fault;
      }
    }),
    { numRuns: 4000 },
  );
  t.ok(verified > 20, `${verified} of 4000 still verified`);
});
