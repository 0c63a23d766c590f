import t from 'tap';
import { signatureOver, type Tricks } from '../../src/sandbox/attacks/signature.js';
import { parseXml, verifySignature, type SignaturePolicy } from '../../src/xml/index.js';
import { rsaKeyPair } from '../support/pki.js';

const policy: SignaturePolicy = { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false, now: 0 };
const CONTENT = '<r ID="_1"><b></b></r>';

/** Verifies what another writer spells otherwise than we do, and signs so. */
async function verified(tricks: Tricks): Promise<string> {
  const pair = rsaKeyPair();
  const signer = { key: pair.privateKey, certificate: pair.certificateBase64 };
  const signature = signatureOver(CONTENT, '_1', signer, tricks);
  const document = parseXml(Buffer.from(CONTENT.replace('<b>', `${signature}<b>`)));
  const { element } = await verifySignature(document, [pair.verificationKey()], policy);
  return element.children.map((child) => (typeof child === 'string' ? child : child.localName)).join();
}

const between = (text: string): string => text.replace(/></g, '>\n\t <');
const prefixes = (list: string) => (text: string) => text.replace(/PrefixList="[^"]*"/, list);

const spellings: readonly (readonly [name: string, tricks: Tricks])[] = [
  ['as we write it', {}],
  ['with white space between all elements', { signedInfo: between }],
  [
    'with white space in elements that are empty',
    { signedInfo: (text) => text.replace(/(<ds:\w+Method [^>]*>)/g, '$1\n ') },
  ],
  ['with white space in the transform', { reference: (text) => text.replace(/(<ds:Transform [^>]*>)/g, '$1\n ') }],
  [
    'with white space behind the signature value',
    { signature: (text) => text.replace('<ds:KeyInfo>', '\n<ds:KeyInfo>') },
  ],
  [
    'with an Id on each element that may have one',
    {
      reference: (text) => text.replace('<ds:Reference ', '<ds:Reference Id="r" Type="urn:t" '),
      signedInfo: (text) => text.replace('<ds:SignedInfo', '<ds:SignedInfo Id="i"'),
      signature: (text) =>
        text
          .replace('<ds:SignatureValue', '<ds:SignatureValue Id="v"')
          .replace('<ds:Signature ', '<ds:Signature Id="s" '),
    },
  ],
  ['with blanks in the PrefixList', { reference: prefixes('PrefixList="  xs   #default "') }],
  ['with an empty PrefixList', { reference: prefixes('PrefixList=""') }],
  ['without a PrefixList', { reference: (text) => text.replace(/ PrefixList="[^"]*"/, '') }],
  ['with white space in InclusiveNamespaces', { reference: (text) => text.replace('</ec:', '\n</ec:') }],
];
for (const [name, tricks] of spellings) {
  t.test(`a signature ${name} verifies`, async (t) => {
    t.equal(await verified(tricks), 'b');
  });
}

const strangers: readonly (readonly [name: string, tricks: Tricks])[] = [
  [
    'text in the place of InclusiveNamespaces',
    { reference: (text) => text.replace(/<ec:.*<\/ec:InclusiveNamespaces>/, 'xs') },
  ],
  ['text beside InclusiveNamespaces', { reference: (text) => text.replace('<ec:', 'xs<ec:') }],
  ['an element in InclusiveNamespaces', { reference: (text) => text.replace('</ec:', '<x></x></ec:') }],
  [
    'text in SignatureMethod',
    { signedInfo: (text) => text.replace('</ds:SignatureMethod>', 'x</ds:SignatureMethod>') },
  ],
  ['an unknown attribute of the PrefixList', { reference: prefixes('PrefixList="" a=""') }],
];
for (const [name, tricks] of strangers) {
  t.test(`a signature with ${name} is refused, though it is signed so`, async (t) => {
    await t.rejects(verified(tricks), { code: 'SIGNATURE_FORM' });
  });
}
