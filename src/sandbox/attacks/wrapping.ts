import { familyOf, type Attack, type GoodResponse, type Row } from './attack.js';
import {
  declaredSaml,
  saml,
  evilAssertion,
  evilResponse,
  samlp,
  signatureOf,
  withAssertion,
  withoutSignature,
} from './evil-parts.js';
import { after, append, attributeOf, before, remove, replace, setAttribute, swap, textOf } from './markup.js';
import { bare, DS, seal, unsign } from './signature.js';
import { places } from './wrapping-places.js';

const assertionIsSigned = ({ signed }: GoodResponse) => signed !== 'response';
const responseIsSigned = ({ signed }: GoodResponse) => signed !== 'assertion';
const ofAssertion = { applies: assertionIsSigned };
const ofResponse = { applies: responseIsSigned };

const original = (good: GoodResponse) => textOf(good.xml, 'Assertion');
const evilDocument = (good: GoodResponse) => withAssertion(good, evilAssertion(good));
const idOf = (good: GoodResponse) => attributeOf(good.xml, 'Assertion', 'ID') ?? '';

/** The evil assertion carrying the original's signature, with something of the attacker's inside that signature. */
function evilWithSignature(good: GoodResponse, change: (signature: string) => string = (text) => text): string {
  return after(evilAssertion(good), 'Assertion/Issuer', change(signatureOf(original(good), 'Assertion')));
}

const inObject = (content: string) => (signature: string) =>
  append(signature, 'Signature', `<ds:Object xmlns:ds="${DS}">${content}</ds:Object>`);

/** A signed assertion is hidden, and another one stands where a careless reader looks. */
const aroundTheAssertion: readonly Row[] = [
  ...places.map(([name, place]): Row => [
    `the signed assertion ${name}`,
    'SAML_ASSERTION_COUNT',
    (good) => place(evilDocument(good), original(good), good),
    ofAssertion,
  ]),
  ...places.map(([name, place]): Row => [
    `the signed assertion ${name}, the evil one under the same ID`,
    'XML_DUPLICATE_ID',
    (good) => place(withAssertion(good, evilAssertion(good, idOf(good))), original(good), good),
    ofAssertion,
  ]),
  [
    'the evil assertion before the signed one (XSW3)',
    'SAML_ASSERTION_COUNT',
    (good) => before(unsign(good.xml, 'Response'), 'Assertion', evilAssertion(good)),
    ofAssertion,
  ],
  [
    'the evil assertion after the signed one',
    'SAML_ASSERTION_COUNT',
    (good) => after(unsign(good.xml, 'Response'), 'Assertion', evilAssertion(good)),
    ofAssertion,
  ],
  [
    'the signature moved to the evil assertion, the original behind it (XSW5)',
    'SAML_ASSERTION_COUNT',
    (good) => withAssertion(good, evilWithSignature(good) + withoutSignature(original(good), 'Assertion')),
    ofAssertion,
  ],
  [
    'the original inside the signature that moved (XSW6)',
    'SAML_ASSERTION_COUNT',
    (good) =>
      withAssertion(
        good,
        evilWithSignature(good, (signature) =>
          append(signature, 'Signature', withoutSignature(original(good), 'Assertion')),
        ),
      ),
    ofAssertion,
  ],
  [
    'the original in an Object of the signature that moved (XSW8)',
    'SAML_ASSERTION_COUNT',
    (good) => withAssertion(good, evilWithSignature(good, inObject(withoutSignature(original(good), 'Assertion')))),
    ofAssertion,
  ],
  [
    'the original in the KeyInfo of the signature that moved',
    'SAML_ASSERTION_COUNT',
    (good) =>
      withAssertion(
        good,
        evilWithSignature(good, (signature) =>
          append(signature, 'Signature/KeyInfo', withoutSignature(original(good), 'Assertion')),
        ),
      ),
    ofAssertion,
  ],
  [
    'the signature of an assertion that is gone',
    'SIGNATURE_FORM',
    (good) => withAssertion(good, evilWithSignature(good)),
    ofAssertion,
  ],
  [
    'the original signature on an assertion that took over its ID',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => withAssertion(good, setAttribute(evilWithSignature(good), 'Assertion', 'ID', idOf(good))),
    ofAssertion,
  ],
  [
    'the signature of the assertion moved up to the Response',
    'SIGNATURE_FORM',
    (good) =>
      after(withAssertion(good, evilAssertion(good)), 'Response/Issuer', signatureOf(original(good), 'Assertion')),
    ofAssertion,
  ],
  [
    'the signed assertion called an EncryptedAssertion around an evil one',
    'SAML_ASSERTION_COUNT',
    (good) => withAssertion(good, declaredSaml(good, 'EncryptedAssertion', evilAssertion(good)) + original(good)),
    ofAssertion,
  ],
];

/** A signed Response is hidden, and the attacker's Response is the root. */
const aroundTheResponse: readonly Row[] = [
  ...places.map(([name, place]): Row => [
    `the signed Response ${name}`,
    'SAML_ASSERTION_COUNT',
    (good) => place(evilResponse(good), good.xml, good),
    ofResponse,
  ]),
  [
    'the signed Response inside the signature that moved to the evil one (XSW1)',
    'SAML_ASSERTION_COUNT',
    (good) =>
      after(
        evilResponse(good),
        'Response/Issuer',
        append(signatureOf(good.xml, 'Response'), 'Signature', withoutSignature(good.xml, 'Response')),
      ),
    ofResponse,
  ],
  [
    'the signed Response beside the signature that moved to the evil one (XSW2)',
    'SAML_STRUCTURE',
    (good) =>
      after(
        evilResponse(good),
        'Response/Issuer',
        withoutSignature(good.xml, 'Response') + signatureOf(good.xml, 'Response'),
      ),
    ofResponse,
  ],
  [
    'the signed Response in an Object of the signature that moved',
    'SAML_ASSERTION_COUNT',
    (good) =>
      after(
        evilResponse(good),
        'Response/Issuer',
        inObject(withoutSignature(good.xml, 'Response'))(signatureOf(good.xml, 'Response')),
      ),
    ofResponse,
  ],
  [
    'the signed Response as a child of the evil one',
    'SAML_STRUCTURE',
    (good) => append(evilResponse(good), 'Response', good.xml),
    ofResponse,
  ],
  [
    'the evil Response as the last child of the signed one',
    'SAML_STRUCTURE',
    (good) => append(good.xml, 'Response', evilResponse(good)),
  ],
  [
    'the signed Response in an element of the attacker',
    'SAML_ROOT',
    (good) => `<x:x xmlns:x="urn:x">${evilResponse(good)}${good.xml}</x:x>`,
  ],
  [
    'the signed Response in a SOAP envelope',
    'SAML_ROOT',
    (good) =>
      '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header></s:Header>' +
      `<s:Body>${good.xml}</s:Body></s:Envelope>`,
  ],
  [
    'the evil assertion beside the one of the signed Response',
    'SAML_ASSERTION_COUNT',
    (good) => before(good.xml, 'Assertion', evilAssertion(good)),
    ofResponse,
  ],
  [
    'the evil assertion behind the signed Response in Extensions',
    'SAML_ASSERTION_COUNT',
    (good) => before(good.xml, 'Response/Status', samlp(good, 'Extensions', evilAssertion(good))),
  ],
  [
    'the signature of the Response moved into its assertion',
    (good) => (good.signed === 'both' ? 'SIGNATURE_MISPLACED' : 'SIGNATURE_FORM'),
    (good) => after(withoutSignature(good.xml, 'Response'), 'Assertion/Issuer', signatureOf(good.xml, 'Response')),
    ofResponse,
  ],
  [
    'the signature of a Response that is gone',
    'SIGNATURE_FORM',
    (good) => after(evilResponse(good), 'Response/Issuer', signatureOf(good.xml, 'Response')),
    ofResponse,
  ],
  [
    'an evil assertion in the place of the signed one',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => replace(good.xml, 'Assertion', () => evilAssertion(good)),
    ofResponse,
  ],
  [
    'a signed Response whose assertion is in the namespace of SAML 1',
    'SAML_STRUCTURE',
    (good) => replace(good.xml, 'Assertion', (text) => swap(text, /SAML:2\.0:assertion/g, 'SAML:1.0:assertion')),
    ofResponse,
  ],
];

/** A refusal that the identity provider signed: anybody gets one, and it holds no assertion that could be counted. */
function signedRefusal(good: GoodResponse): string {
  const failed = setAttribute(
    remove(bare(good), 'Assertion'),
    'Response/Status/StatusCode',
    'Value',
    'urn:oasis:names:tc:SAML:2.0:status:Responder',
  );
  return seal(setAttribute(failed, 'Response', 'ID', '_refusal'), 'Response', good.idp);
}

const aroundARefusal: readonly Row[] = [
  [
    'a signed refusal in Extensions of an evil Response',
    'SIGNATURE_MISPLACED',
    (good) => before(evilResponse(good), 'Response/Status', samlp(good, 'Extensions', signedRefusal(good))),
  ],
  [
    'a signed refusal in Advice of an evil assertion',
    'SIGNATURE_MISPLACED',
    (good) => after(evilResponse(good), 'Assertion/Conditions', saml(good, 'Advice', signedRefusal(good))),
  ],
  [
    'a signed refusal as a second root before an evil Response (CVE-2022-39299)',
    'XML_MALFORMED',
    (good) => signedRefusal(good) + evilResponse(good),
  ],
  [
    'a signed refusal as a second root behind an evil Response (CVE-2022-39299)',
    'XML_MALFORMED',
    (good) => evilResponse(good) + signedRefusal(good),
  ],
  [
    'an evil assertion put into a signed refusal',
    'SAML_STATUS',
    (good) => append(signedRefusal(good), 'Response', evilAssertion(good)),
  ],
  [
    'an evil assertion in a second signature of a signed refusal, which its digest leaves out',
    'SAML_STATUS',
    (good) => {
      const refusal = signedRefusal(good);
      return after(refusal, 'Response/Signature', inObject(evilAssertion(good))(signatureOf(refusal, 'Response')));
    },
  ],
  [
    'the signature of a refusal on an evil Response',
    'SIGNATURE_FORM',
    (good) => after(evilResponse(good), 'Response/Issuer', signatureOf(signedRefusal(good), 'Response')),
  ],
  [
    'the signature of a refusal twice on an evil Response',
    'SIGNATURE_MISPLACED',
    (good) => after(evilResponse(good), 'Response/Issuer', signatureOf(signedRefusal(good), 'Response').repeat(2)),
  ],
  [
    'the signature of a refusal on an evil Response that took over its ID',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) =>
      after(
        setAttribute(evilResponse(good), 'Response', 'ID', '_refusal'),
        'Response/Issuer',
        signatureOf(signedRefusal(good), 'Response'),
      ),
  ],
];

export const wrapping: readonly Attack[] = familyOf('wrapping', [
  ...aroundTheAssertion,
  ...aroundTheResponse,
  ...aroundARefusal,
]);
