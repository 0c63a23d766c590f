import { attributeOf, replace, swap, textOf } from './markup.js';
import { familyOf, type Attack, type GoodResponse, type Row } from './attack.js';
import { covered, DS, ENVELOPED, EXC_C14N, exclusive, transform, tricked } from './signature.js';

const C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
const enveloped = transform(ENVELOPED);
const idOf = (good: GoodResponse) => attributeOf(good.xml, covered(good), 'ID') ?? '';
const otherIdOf = (good: GoodResponse) =>
  attributeOf(good.xml, covered(good) === 'Response' ? 'Assertion' : 'Response', 'ID') ?? '';

/** The Reference's URI written otherwise, and signed so. */
function uri(name: string, write: (id: string, good: GoodResponse) => string): Row {
  return [
    `a Reference to ${name}`,
    'SIGNATURE_FORM',
    (good) => tricked(good, { reference: (text) => swap(text, / URI="[^"]*"/, write(idOf(good), good)) }),
  ];
}

/** Other transforms, and signed so. */
function transforms(name: string, list: string): Row {
  return [
    `transforms: ${name}`,
    'SIGNATURE_FORM',
    (good) =>
      tricked(good, {
        reference: (text) => replace(text, 'Transforms', () => `<ds:Transforms>${list}</ds:Transforms>`),
      }),
  ];
}

function edited(name: string, reference: (text: string, good: GoodResponse) => string): Row {
  return [name, 'SIGNATURE_FORM', (good) => tricked(good, { reference: (text) => reference(text, good) })];
}

const prefixList = (prefixes: string) =>
  transform(
    EXC_C14N,
    `<ec:InclusiveNamespaces xmlns:ec="${EXC_C14N}" PrefixList="${prefixes}"></ec:InclusiveNamespaces>`,
  );
const xpath = transform(
  'http://www.w3.org/TR/1999/REC-xpath-19991116',
  '<ds:XPath>not(ancestor-or-self::node()[local-name()="NameID"])</ds:XPath>',
);
const filter = transform(
  'http://www.w3.org/2002/06/xmldsig-filter2',
  '<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">//NameID</f:XPath>',
);
const xslt = transform(
  'http://www.w3.org/TR/1999/REC-xslt-19991116',
  '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"></xsl:stylesheet>',
);

/** Each is signed by the identity provider's key over the good content: only the Reference is not as it must be. */
export const references: readonly Attack[] = familyOf('reference', [
  uri('the whole document (empty URI)', () => ' URI=""'),
  uri('nothing (no URI)', () => ''),
  uri('the bare ID', (id) => ` URI="${id}"`),
  uri('an empty fragment', () => ' URI="#"'),
  uri('an XPointer by id()', (id) => ` URI="#xpointer(id('${id}'))"`),
  uri('the root by XPointer', () => ' URI="#xpointer(/)"'),
  uri('the ID and white space', (id) => ` URI="#${id} "`),
  uri('the ID in another case', (id) => ` URI="#${id.toUpperCase()}x"`),
  uri('the ID percent-encoded', (id) => ` URI="#%${id.charCodeAt(0).toString(16)}${id.slice(1)}"`),
  uri('the ID and a NUL escape', (id) => ` URI="#${id}%00"`),
  uri('the other element', (_, good) => ` URI="#${otherIdOf(good)}"`),
  uri('an ID that is not there', () => ' URI="#_nowhere"'),
  uri('an outside document', (id) => ` URI="https://evil.example/doc.xml#${id}"`),
  uri('a file', () => ' URI="file:///etc/passwd"'),
  uri('a content id', () => ' URI="cid:part@evil.example"'),
  [
    'two References, the good one first',
    'SIGNATURE_FORM',
    (good) => tricked(good, { signedInfo: (text) => doubled(text, (one) => one + swap(one, /#[^"]*/, '#_other')) }),
  ],
  [
    'two References, the good one last',
    'SIGNATURE_FORM',
    (good) => tricked(good, { signedInfo: (text) => doubled(text, (one) => swap(one, /#[^"]*/, '#_other') + one) }),
  ],
  [
    'the same Reference twice',
    'SIGNATURE_FORM',
    (good) => tricked(good, { signedInfo: (text) => doubled(text, (one) => one + one) }),
  ],
  [
    'a second Reference put in after signing',
    'SIGNATURE_FORM',
    (good) => tricked(good, { signature: (text) => doubled(text, (one) => one + one) }),
  ],
  transforms('none in the list', ''),
  edited('no Transforms at all', (text) => replace(text, 'Transforms', () => '')),
  edited('Transforms twice', (text) => doubled(text, (one) => one + one, 'Transforms')),
  transforms('enveloped-signature alone', enveloped),
  transforms('exclusive canonicalization alone', exclusive),
  transforms('in the other order', exclusive + enveloped),
  transforms('enveloped-signature twice', enveloped + enveloped + exclusive),
  transforms('canonicalization twice', enveloped + exclusive + exclusive),
  transforms('XPath before', xpath + enveloped + exclusive),
  transforms('XPath between', enveloped + xpath + exclusive),
  transforms('XPath instead of enveloped-signature', xpath + exclusive),
  transforms('XPath filter 2', enveloped + filter + exclusive),
  transforms('XSLT', enveloped + xslt + exclusive),
  transforms('base64', enveloped + transform(`${DS}base64`)),
  transforms('with comments', enveloped + transform(`${EXC_C14N}WithComments`)),
  transforms('inclusive canonicalization', enveloped + transform(C14N)),
  transforms('inclusive canonicalization with comments', enveloped + transform(`${C14N}#WithComments`)),
  transforms('canonicalization 1.1', enveloped + transform('http://www.w3.org/2006/12/xml-c14n11')),
  transforms('an unknown one', enveloped + transform('urn:evil')),
  transforms('decryption', transform('http://www.w3.org/2002/07/decrypt#XML') + enveloped + exclusive),
  transforms('one without Algorithm', `${enveloped}<ds:Transform></ds:Transform>`),
  transforms('one with white space in Algorithm', enveloped + transform(`${EXC_C14N} `)),
  transforms('one in another case', enveloped + transform(EXC_C14N.toUpperCase())),
  transforms('a parameter in enveloped-signature', transform(ENVELOPED, '<x xmlns="urn:x"></x>') + exclusive),
  transforms('text in enveloped-signature', transform(ENVELOPED, 'x') + exclusive),
  transforms('an unknown parameter of canonicalization', enveloped + transform(EXC_C14N, '<x xmlns="urn:x"></x>')),
  transforms('two prefix lists', enveloped + transform(EXC_C14N, listed('xs') + listed('samlp'))),
  transforms('a prefix list that names no prefix', enveloped + prefixList('a:b')),
  transforms('a prefix list with a slash', enveloped + prefixList('xs,samlp/')),
  transforms(
    'a prefix list in another namespace',
    enveloped + transform(EXC_C14N, listed('xs').replaceAll(EXC_C14N, C14N)),
  ),
  transforms(
    'a Transform in another namespace',
    `${enveloped}<x:Transform xmlns:x="urn:x" Algorithm="${EXC_C14N}"></x:Transform>`,
  ),
  edited('a DigestMethod with a parameter', (text) =>
    swap(text, '</ds:DigestMethod>', '<x xmlns="urn:x"></x></ds:DigestMethod>'),
  ),
  edited('text between the parts', (text) => swap(text, '<ds:DigestMethod', 'x<ds:DigestMethod')),
  edited('an unknown attribute', (text) => swap(text, '<ds:Reference ', '<ds:Reference Evil="1" ')),
  edited('an attribute in another namespace', (text) =>
    swap(text, / URI="([^"]*)"/, ' xmlns:x="urn:x" URI="$1" x:URI="#x"'),
  ),
  edited('the parts in another order', (text) => {
    const method = textOf(text, 'DigestMethod');
    return swap(text.replace(method, ''), '</ds:Reference>', `${method}</ds:Reference>`);
  }),
  [
    'a prefix list that covers other prefixes than were signed',
    'SIGNATURE_DIGEST_MISMATCH',
    (good) =>
      tricked(good, { reference: (text) => swap(text, 'PrefixList="xs"', 'PrefixList="saml saml2 samlp saml2p xsi"') }),
    // Where the prefix is declared on the assertion itself, listing it changes nothing.
    { applies: (good) => good.xml.includes('xmlns:xsi=') },
  ],
]);

function listed(prefixes: string): string {
  return `<ec:InclusiveNamespaces xmlns:ec="${EXC_C14N}" PrefixList="${prefixes}"></ec:InclusiveNamespaces>`;
}

function doubled(text: string, change: (reference: string) => string, name = 'Reference'): string {
  return replace(text, name, change);
}
