import t from 'tap';
import {
  canonicalize,
  parseXml,
  signEnveloped,
  verifySignature,
  type SignaturePolicy,
  type XmlElement,
} from '../../src/xml/index.js';
import { ecKeyPair, rsaKeyPair, type TestKeyPair } from '../support/pki.js';

const policy: SignaturePolicy = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false, now: 0 };
const parse = (source: string): XmlElement => parseXml(Buffer.from(source));

async function signed(pair: TestKeyPair = rsaKeyPair()): Promise<string> {
  return canonicalize(await signEnveloped(parse('<r ID="_1">a<b/>c</r>'), pair.signingKey(), { position: 1 }));
}

t.test('an empty ID is none, though a Reference may point at it', async (t) => {
  const source = (await signed()).replace(' ID="_1"', ' ID=""').replace('URI="#_1"', 'URI="#"');
  await t.rejects(verifySignature(parse(source), [rsaKeyPair().verificationKey()], policy), { code: 'SIGNATURE_FORM' });
  const nameless = (await signed()).replace(' ID="_1"', '').replace('URI="#_1"', 'URI="#"');
  await t.rejects(verifySignature(parse(nameless), [rsaKeyPair().verificationKey()], policy), {
    code: 'SIGNATURE_FORM',
  });
});

t.test('an elliptic curve key is never a short one', async (t) => {
  const pair = ecKeyPair();
  const verification = await verifySignature(parse(await signed(pair)), [pair.verificationKey()], policy);
  t.equal(verification.shortKey, false);
});

t.test('text on both sides of the Signature becomes one run, text on one side stays as it was', async (t) => {
  const pair = rsaKeyPair();
  const childrenAt = async (source: string, position: number): Promise<readonly unknown[]> => {
    const tree = await signEnveloped(parse(source), pair.signingKey(), { position });
    const { element } = await verifySignature(parse(canonicalize(tree)), [pair.verificationKey()], policy);
    return element.children.map((child) => (typeof child === 'string' ? child : child.localName));
  };
  t.strictSame(await childrenAt('<r ID="_1">before<a/></r>', 1), ['before', 'a']);
  t.strictSame(await childrenAt('<r ID="_1"><a/>after</r>', 1), ['a', 'after']);
  t.strictSame(await childrenAt('<r ID="_1"><a/>x<b/></r>', 0), ['a', 'x', 'b']);
  const split = await signEnveloped(
    { ...parse('<r ID="_1">beforeafter</r>'), children: ['before', 'after'] },
    pair.signingKey(),
    {
      position: 1,
    },
  );
  const { element } = await verifySignature(parse(canonicalize(split)), [pair.verificationKey()], policy);
  t.strictSame(element.children, ['beforeafter']);
});
