import { familyOf, type Attack, type GoodResponse, type Row } from './attack.js';
import { EVIL_NAME_ID } from './evil-parts.js';
import { after, append, before, changeTag, prepend, replace, setContent, swap, textOf } from './markup.js';
import { bare, covered, DS, EXC_C14N, sealed, signatureOver, tricked, type Target } from './signature.js';

const promoted = (xml: string) => setContent(xml, 'Assertion/Subject/NameID', EVIL_NAME_ID);

function tampered(name: string, signature: (text: string) => string): Row {
  return [name, 'SIGNATURE_FORM', (good) => tricked(good, { signature })];
}

/** SignedInfo written otherwise, and signed so. */
function signed(name: string, signedInfo: (text: string) => string): Row {
  return [name, 'SIGNATURE_FORM', (good) => tricked(good, { signedInfo })];
}

/** A good signature over the good content, with the SignedInfo of evil content before or behind its own. */
function twoSignedInfos(good: GoodResponse, place: typeof before): string {
  const target: Target = covered(good);
  const evil = promoted(bare(good));
  const id = / ID="([^"]*)"/.exec(textOf(evil, target))?.[1] ?? '';
  const evilInfo = textOf(signatureOver(textOf(evil, target), id, good.attacker), 'SignedInfo');
  return sealed(good, evil, {
    signature: () => place(textOf(good.xml, `${target}/Signature`), 'SignedInfo', evilInfo),
  });
}

const canonicalization = (identifier: string, content = '') =>
  `<ds:CanonicalizationMethod Algorithm="${identifier}">${content}</ds:CanonicalizationMethod>`;

const method = (name: string, replacement: string): Row =>
  signed(`canonicalization of SignedInfo: ${name}`, (text) =>
    replace(text, 'CanonicalizationMethod', () => replacement),
  );

/** Tricks with what is signed, in the place of the content. */
export const signedInfo: readonly Attack[] = familyOf('signed-info', [
  ['two SignedInfo, the evil one first (CVE-2025-29774)', 'SIGNATURE_FORM', (good) => twoSignedInfos(good, before)],
  ['two SignedInfo, the evil one last (CVE-2025-29774)', 'SIGNATURE_FORM', (good) => twoSignedInfos(good, after)],
  tampered('the good SignedInfo in an Object, another in its place', (text) =>
    append(
      replace(text, 'SignedInfo', (old) => swap(old, /<ds:DigestValue>[^<]*/, '<ds:DigestValue>AAAA')),
      'Signature',
      `<ds:Object>${textOf(text, 'SignedInfo')}</ds:Object>`,
    ),
  ),
  tampered('an empty Object', (text) => append(text, 'Signature', '<ds:Object></ds:Object>')),
  tampered('an Object with a Manifest', (text) =>
    append(text, 'Signature', `<ds:Object><ds:Manifest>${textOf(text, 'Reference')}</ds:Manifest></ds:Object>`),
  ),
  tampered('SignatureProperties', (text) =>
    append(text, 'Signature', '<ds:Object><ds:SignatureProperties></ds:SignatureProperties></ds:Object>'),
  ),
  signed('a Reference to a Manifest, of which nobody checks the digests', (text) =>
    swap(text, '<ds:Reference ', `<ds:Reference Type="${DS}Manifest" `).replace(/ URI="[^"]*"/, ' URI="#_manifest"'),
  ),
  signed('a Reference inside a Manifest inside SignedInfo', (text) =>
    replace(text, 'Reference', (old) => `<ds:Manifest>${old}</ds:Manifest>`),
  ),
  tampered('KeyInfo before SignatureValue', (text) => {
    const info = textOf(text, 'KeyInfo');
    return before(text.replace(info, ''), 'SignatureValue', info);
  }),
  tampered('SignatureValue before SignedInfo', (text) => {
    const value = textOf(text, 'SignatureValue');
    return before(text.replace(value, ''), 'SignedInfo', value);
  }),
  tampered('KeyInfo twice', (text) => after(text, 'KeyInfo', textOf(text, 'KeyInfo'))),
  tampered('text in the Signature', (text) => prepend(text, 'Signature', 'x')),
  tampered('a foreign element in the Signature', (text) => append(text, 'Signature', '<x xmlns="urn:x"></x>')),
  tampered('SignedInfo in another namespace', (text) =>
    swap(text, /<ds:SignedInfo>(.*)<\/ds:SignedInfo>/, '<x:SignedInfo xmlns:x="urn:x">$1</x:SignedInfo>'),
  ),
  tampered('a foreign attribute on the Signature', (text) =>
    changeTag(text, 'Signature', (tag) => swap(tag, '>', ' Evil="1">')),
  ),
  signed('a foreign attribute on SignedInfo', (text) => swap(text, '<ds:SignedInfo>', '<ds:SignedInfo Evil="1">')),
  signed('no CanonicalizationMethod', (text) => replace(text, 'CanonicalizationMethod', () => '')),
  signed('no SignatureMethod', (text) => replace(text, 'SignatureMethod', () => '')),
  signed('the methods in the other order', (text) => {
    const own = textOf(text, 'CanonicalizationMethod');
    return after(text.replace(own, ''), 'SignatureMethod', own);
  }),
  method('with comments', canonicalization(`${EXC_C14N}WithComments`)),
  method('inclusive', canonicalization('http://www.w3.org/TR/2001/REC-xml-c14n-20010315')),
  method('1.1', canonicalization('http://www.w3.org/2006/12/xml-c14n11')),
  method('unknown', canonicalization('urn:evil')),
  method('none', canonicalization('')),
  method('a transform', canonicalization(`${DS}base64`)),
  method('an unknown parameter', canonicalization(EXC_C14N, '<x xmlns="urn:x"></x>')),
  [
    'SignedInfo changed after signing',
    'SIGNATURE_INVALID',
    (good) => tricked(good, { signature: (text) => swap(text, '<ds:Reference ', '<ds:Reference Id="evil" ') }),
  ],
  [
    'the digest of evil content in a SignedInfo that the identity provider signed otherwise',
    'SIGNATURE_INVALID',
    (good) => {
      const evil = sealed(good, promoted(bare(good)), undefined, good.attacker);
      const target = `${covered(good)}/Signature/SignatureValue`;
      const own = textOf(good.xml, target);
      return good.signed === 'both'
        ? sealed(good, promoted(bare(good)), { signature: (text) => replace(text, 'SignatureValue', () => own) })
        : replace(evil, target, () => own);
    },
  ],
]);
