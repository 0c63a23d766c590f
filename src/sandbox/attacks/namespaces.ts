import { familyOf, type Attack, type GoodResponse } from './attack.js';
import { evilAssertion } from './evil-parts.js';
import { addToTag, attributeOf, before, changeTag, replace, setAttribute, swap, textOf } from './markup.js';
import { bare, DS, said, sealed, unsign } from './signature.js';

const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion';
const signsResponse = ({ signed }: GoodResponse) => signed !== 'assertion';
const assertionAlone = { applies: (good: GoodResponse) => !signsResponse(good) };

const inNamespace = (from: string, to: string) => (xml: string) => swap(xml, new RegExp(`="${from}"`, 'g'), `="${to}"`);

/** Names that look the same and are not, and the same that look different. */
export const namespaces: readonly Attack[] = familyOf('namespace', [
  [
    'the protocol namespace of SAML 1',
    'SAML_ROOT',
    (good) => said(good, inNamespace(PROTOCOL, 'urn:oasis:names:tc:SAML:1.0:protocol')),
  ],
  [
    'the protocol namespace in another case',
    'SAML_ROOT',
    (good) => said(good, inNamespace(PROTOCOL, PROTOCOL.toUpperCase())),
  ],
  ['the protocol namespace with a slash', 'SAML_ROOT', (good) => said(good, inNamespace(PROTOCOL, `${PROTOCOL}/`))],
  ['a Response in the assertion namespace', 'SAML_ROOT', (good) => said(good, inNamespace(PROTOCOL, ASSERTION))],
  [
    'the assertion namespace of SAML 1',
    'SAML_STRUCTURE',
    (good) => said(good, inNamespace(ASSERTION, 'urn:oasis:names:tc:SAML:1.0:assertion')),
  ],
  ['an assertion in the protocol namespace', 'SAML_STRUCTURE', (good) => said(good, inNamespace(ASSERTION, PROTOCOL))],
  [
    'a percent-encoded namespace',
    'SAML_STRUCTURE',
    (good) => said(good, inNamespace(ASSERTION, ASSERTION.replace('oasis', '%6Fasis'))),
  ],
  [
    'a namespace with white space behind',
    'XML_MALFORMED',
    (good) => replace(good.xml, 'Assertion', inNamespace(ASSERTION, `${ASSERTION} `)),
  ],
  ['an empty prefix declaration', 'XML_MALFORMED', (good) => addToTag(good.xml, 'Response', 'xmlns:x=""')],
  [
    'the prefix xml bound to another name',
    'XML_MALFORMED',
    (good) => addToTag(good.xml, 'Response', 'xmlns:xml="urn:x"'),
  ],
  [
    'another prefix for the xml namespace',
    'XML_MALFORMED',
    (good) => addToTag(good.xml, 'Response', 'xmlns:x="http://www.w3.org/XML/1998/namespace"'),
  ],
  ['the prefix xmlns declared', 'XML_MALFORMED', (good) => addToTag(good.xml, 'Response', 'xmlns:xmlns="urn:x"')],
  [
    'a prefix for the xmlns namespace',
    'XML_MALFORMED',
    (good) => addToTag(good.xml, 'Response', 'xmlns:x="http://www.w3.org/2000/xmlns/"'),
  ],
  ['an unbound prefix on an element', 'XML_MALFORMED', (good) => before(good.xml, 'Assertion', '<evil:x></evil:x>')],
  ['an unbound prefix on an attribute', 'XML_MALFORMED', (good) => addToTag(good.xml, 'Response', 'evil:x="1"')],
  ['a relative namespace name', 'XML_MALFORMED', (good) => addToTag(good.xml, 'Response', 'xmlns:x="../x"')],
  ['two colons in a name', 'XML_MALFORMED', (good) => before(good.xml, 'Assertion', '<a:b:c xmlns:a="urn:a"></a:b:c>')],
  [
    'one attribute under two prefixes of one namespace',
    'XML_MALFORMED',
    (good) => addToTag(good.xml, 'Response', 'xmlns:x="urn:x" xmlns:y="urn:x" x:a="1" y:a="2"'),
  ],
  [
    'one prefix declared twice on one element',
    'XML_MALFORMED',
    (good) => addToTag(good.xml, 'Response', 'xmlns:x="urn:x" xmlns:x="urn:y"'),
  ],
  ['two ID attributes on the assertion', 'XML_MALFORMED', (good) => addToTag(good.xml, 'Assertion', 'ID="_evil"')],
  [
    'two Destination attributes',
    'XML_MALFORMED',
    (good) => addToTag(good.xml, 'Response', 'Destination="https://evil.example"'),
  ],
  [
    'the prefix of the assertion rebound inside it',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => addToTag(good.xml, 'AttributeStatement', 'xmlns:evil="urn:evil" evil:x="1"'),
  ],
  [
    'an ID in a namespace beside the own one',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => addToTag(good.xml, 'Assertion', 'xmlns:x="urn:x" x:ID="_evil"'),
  ],
  [
    'the ID only in a namespace',
    'SIGNATURE_FORM',
    (good) => changeTag(good.xml, 'Assertion', (tag) => swap(tag, ' ID=', ' xmlns:x="urn:x" x:ID=')),
    assertionAlone,
  ],
  [
    'the ID called Id',
    'SIGNATURE_FORM',
    (good) => changeTag(good.xml, 'Assertion', (tag) => swap(tag, ' ID=', ' Id=')),
    assertionAlone,
  ],
  [
    'the ID called AssertionID',
    'SIGNATURE_FORM',
    (good) => changeTag(good.xml, 'Assertion', (tag) => swap(tag, ' ID=', ' AssertionID=')),
    assertionAlone,
  ],
  [
    'the ID called xml:id',
    'SIGNATURE_FORM',
    (good) => changeTag(good.xml, 'Assertion', (tag) => swap(tag, ' ID=', ' xml:id=')),
    assertionAlone,
  ],
  [
    'an evil assertion with the ID of the signed one as Id',
    'XML_DUPLICATE_ID',
    (good) => {
      const id = attributeOf(good.xml, 'Assertion', 'ID') ?? '';
      const evil = changeTag(evilAssertion(good), 'Assertion', (tag) => swap(tag, / ID="[^"]*"/, ` Id="${id}"`));
      return before(unsign(good.xml, 'Response'), 'Assertion', evil);
    },
  ],
  [
    'the signature under the default namespace inside a rebound one',
    'SAML_STRUCTURE',
    (good) =>
      swap(good.xml, /<ds:Signature xmlns:ds="[^"]*">/g, `<ds:Signature xmlns:ds="urn:evil" xmlns:dsig="${DS}">`),
    { applies: signsResponse },
  ],
  [
    'the default namespace rebound inside the assertion',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => addToTag(good.xml, 'Subject', 'xmlns="urn:evil"'),
    // Elsewhere the default namespace is not used, so the declaration says nothing.
    { applies: (good) => good.xml.includes(' xmlns="') },
  ],
  [
    'the default namespace declared and not used',
    'same',
    (good) => addToTag(good.xml, 'Response', 'xmlns="urn:evil"'),
    { applies: (good) => !/<[A-Z]/.test(good.xml) },
  ],
  ['a declaration that nobody uses', 'same', (good) => addToTag(good.xml, 'Response', 'xmlns:evil="urn:evil"')],
  [
    'an attribute Version in a namespace in the place of the own one',
    'SAML_VERSION',
    (good) =>
      said(good, (xml) => {
        const without = setAttribute(xml, 'Response', 'Version', null);
        return changeTag(without, 'Response', (tag) =>
          tag.replace(/>$/, ' x:Version="2.0">').replace(/ xmlns:/, ' xmlns:x="urn:x" xmlns:'),
        );
      }),
  ],
  [
    'NameID in a foreign namespace before the own one',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) => before(good.xml, 'Assertion/Subject/NameID', '<NameID xmlns="urn:evil">director@example.org</NameID>'),
  ],
  [
    'NameID in no namespace, signed so',
    'SAML_SUBJECT',
    (good) => {
      const nameId = textOf(bare(good), 'NameID');
      const foreign = nameId.replace(/^<[\w:]+/, '<x:NameID xmlns:x="urn:x"').replace(/<\/[\w:]+>$/, '</x:NameID>');
      return sealed(good, swap(bare(good), nameId, foreign));
    },
  ],
]);
