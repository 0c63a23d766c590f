import { familyOf, type Attack, type GoodResponse } from './attack.js';
import { EVIL_NAME_ID, evilAssertion, saml } from './evil-parts.js';
import { after, append, before, prepend, remove, replace, setAttribute, setContent, swap, textOf } from './markup.js';
import { bare, DS, keyInfo, said, seal, sealed, unsign, type Target } from './signature.js';

const promoted = (xml: string) => setContent(xml, 'Assertion/Subject/NameID', EVIL_NAME_ID);
const stripped = (good: GoodResponse) => promoted(bare(good));
const both = { applies: ({ signed }: GoodResponse) => signed === 'both' };
const outer = ({ signed }: GoodResponse): Target => (signed === 'assertion' ? 'Assertion' : 'Response');
const emptySignature = `<ds:Signature xmlns:ds="${DS}"></ds:Signature>`;

/** Takes signatures away, whole or in part. */
export const exclusion: readonly Attack[] = familyOf('exclusion', [
  ['no signature at all', 'SIGNATURE_MISSING', stripped],
  ['an empty Signature', 'SIGNATURE_FORM', (good) => after(stripped(good), `${outer(good)}/Issuer`, emptySignature)],
  [
    'a Signature without SignedInfo',
    'SIGNATURE_FORM',
    (good) => remove(promoted(good.xml), `${outer(good)}/Signature/SignedInfo`),
  ],
  [
    'a Signature without SignatureValue',
    'SIGNATURE_FORM',
    (good) => remove(promoted(good.xml), `${outer(good)}/Signature/SignatureValue`),
  ],
  [
    'a Signature without Reference',
    'SIGNATURE_FORM',
    (good) => remove(promoted(good.xml), `${outer(good)}/Signature/SignedInfo/Reference`),
  ],
  [
    'the signature of the Response taken away, the assertion changed',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => promoted(unsign(good.xml, 'Response')),
    both,
  ],
  [
    'the signature of the assertion taken away',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => unsign(good.xml, 'Assertion'),
    both,
  ],
  [
    'the Signature put in another namespace',
    (good) => (good.signed === 'assertion' ? 'SIGNATURE_MISSING' : 'SAML_STRUCTURE'),
    (good) => promoted(swap(good.xml, new RegExp(DS.replace('#', '#"'), 'g'), `${DS}old"`)),
  ],
  [
    'the Signature called signature',
    (good) => (good.signed === 'assertion' ? 'SIGNATURE_MISSING' : 'SAML_STRUCTURE'),
    (good) => promoted(swap(good.xml, /(<\/?ds:)Signature(?=[ >])/g, '$1signature')),
  ],
  ['the content changed under the signature', 'SIGNATURE_DIGEST_MISMATCH', (good) => promoted(good.xml)],
  [
    'an attribute added under the signature',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => append(good.xml, 'AttributeStatement', saml(good, 'Attribute', '', 'Name="role"')),
  ],
  [
    'an evil assertion before the good one, both unsigned',
    'SAML_ASSERTION_COUNT',
    (good) => before(bare(good), 'Assertion', evilAssertion(good)),
  ],
  ['no assertion', 'SAML_ASSERTION_COUNT', (good) => remove(good.xml, 'Assertion')],
  [
    'one ID on Response and assertion',
    'XML_DUPLICATE_ID',
    (good) => said(good, (xml) => setAttribute(xml, 'Assertion', 'ID', /ID="([^"]*)"/.exec(xml)?.[1] ?? '')),
  ],
  [
    'an ID of the assertion on an attribute value, too',
    'XML_DUPLICATE_ID',
    (good) => {
      const id = / ID="([^"]*)"/.exec(textOf(good.xml, 'Assertion'))?.[1] ?? '';
      return setAttribute(good.xml, 'AttributeValue', 'ID', id);
    },
  ],
  [
    'an xml:id that repeats the ID of the assertion',
    'XML_DUPLICATE_ID',
    (good) => {
      const id = / ID="([^"]*)"/.exec(textOf(good.xml, 'Assertion'))?.[1] ?? '';
      return swap(good.xml, 'Status>', `Status xml:id="${id}">`);
    },
  ],
]);

/** Signatures by keys that are not this identity provider's. */
export const stranger: readonly Attack[] = familyOf('stranger', [
  ["the attacker's key and certificate", 'SIGNATURE_INVALID', (good) => sealedBy(good, 'attacker', stripped(good))],
  [
    "the attacker's key under the identity provider's certificate",
    'SIGNATURE_INVALID',
    (good) => sealed(good, stripped(good), undefined, { key: good.attacker.key, certificate: good.idp.certificate }),
  ],
  ["another identity provider's key", 'SIGNATURE_INVALID', (good) => sealedBy(good, 'otherIdp', stripped(good))],
  [
    "another identity provider's key and issuer",
    'SIGNATURE_INVALID',
    (good) =>
      sealedBy(good, 'otherIdp', swap(stripped(good), new RegExp(good.facts.issuer, 'g'), 'https://other.example/idp')),
  ],
  [
    'KeyInfo swapped for that of the attacker, the content changed',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => replace(promoted(good.xml), 'KeyInfo', () => keyInfo(good.attacker.certificate)),
  ],
  [
    'KeyInfo swapped for that of the attacker, and nothing else',
    'same',
    (good) => replace(good.xml, `${outer(good)}/Signature/KeyInfo`, () => keyInfo(good.attacker.certificate)),
  ],
  [
    'KeyInfo with a KeyValue of the attacker',
    'SIGNATURE_INVALID',
    (good) =>
      sealedBy(good, 'attacker', stripped(good), (signature) =>
        replace(signature, 'KeyInfo', () => {
          const { n = '', e = '' } = good.attacker.key.export({ format: 'jwk' });
          return (
            '<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue>' +
            `<ds:Modulus>${Buffer.from(n, 'base64url').toString('base64')}</ds:Modulus>` +
            `<ds:Exponent>${Buffer.from(e, 'base64url').toString('base64')}</ds:Exponent>` +
            '</ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>'
          );
        }),
      ),
  ],
  [
    'KeyInfo with both certificates',
    'SIGNATURE_INVALID',
    (good) =>
      sealedBy(good, 'attacker', stripped(good), (signature) =>
        prepend(signature, 'X509Data', `<ds:X509Certificate>${good.idp.certificate}</ds:X509Certificate>`),
      ),
  ],
  [
    'KeyInfo with a RetrievalMethod to elsewhere',
    'SIGNATURE_INVALID',
    (good) =>
      sealedBy(good, 'attacker', stripped(good), (signature) =>
        replace(
          signature,
          'KeyInfo',
          () => '<ds:KeyInfo><ds:RetrievalMethod URI="https://evil.example/key"></ds:RetrievalMethod></ds:KeyInfo>',
        ),
      ),
  ],
  [
    'no KeyInfo',
    'SIGNATURE_INVALID',
    (good) => sealedBy(good, 'attacker', stripped(good), (signature) => replace(signature, 'KeyInfo', () => '')),
  ],
  [
    'the Response signed by the attacker around the signed assertion',
    'SIGNATURE_INVALID',
    (good) => seal(good.xml, 'Response', good.attacker),
  ],
  [
    "the assertion signed by the attacker inside the identity provider's Response",
    'SIGNATURE_INVALID',
    (good) => seal(seal(good.xml, 'Assertion', good.attacker), 'Response', good.idp),
  ],
  [
    'a second signature beside the good one',
    'SIGNATURE_MISPLACED',
    (good) => {
      const signature = textOf(seal(bare(good), outer(good), good.attacker), 'Signature');
      return after(good.xml, `${outer(good)}/Signature`, signature);
    },
  ],
]);

function sealedBy(
  good: GoodResponse,
  who: 'attacker' | 'otherIdp',
  xml: string,
  signature: (text: string) => string = (text) => text,
): string {
  const inner = sealed(good, xml, { signature }, good[who]);
  return good.signed === 'both' ? seal(inner, 'Response', good[who], { signature }) : inner;
}
