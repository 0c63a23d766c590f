import { createHash, sign, type KeyObject } from 'node:crypto';
import type { GoodResponse, Signer } from './attack.js';
import { after, attributeOf, has, remove, textOf } from './markup.js';

/**
 * Signatures by hand: a document in canonical form whose namespaces are declared where they are used needs no
 * canonicalization, so nothing here shares code with what must refuse the result.
 */
export const DS = 'http://www.w3.org/2000/09/xmldsig#';
export const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const ENVELOPED = `${DS}enveloped-signature`;
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';

/** What may be different from a good signature. Each receives the good text and gives back the evil one. */
export interface Tricks {
  /** Of the Reference, before it is signed. */
  readonly reference?: (text: string) => string;
  /** Of the SignedInfo, before it is signed. */
  readonly signedInfo?: (text: string) => string;
  /** Of the finished Signature. */
  readonly signature?: (text: string) => string;
  /** What is hashed in the place of the element. */
  readonly content?: (text: string) => string;
  /** A short name, or an identifier that is written over a SHA-256 digest. */
  readonly digest?: string;
  readonly signatureMethod?: string;
  /** Makes the signature value out of the octets of SignedInfo. */
  readonly value?: (octets: Buffer) => Buffer;
}

const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['sha1', `${DS}sha1`],
  ['md5', `${MORE}md5`],
  ['sha256', 'http://www.w3.org/2001/04/xmlenc#sha256'],
  ['sha512', 'http://www.w3.org/2001/04/xmlenc#sha512'],
]);

function methodOf(key: KeyObject): string {
  return key.asymmetricKeyType === 'ec' ? `${MORE}ecdsa-sha256` : `${MORE}rsa-sha256`;
}

function signedBy(key: KeyObject, octets: Buffer): Buffer {
  return key.asymmetricKeyType === 'ec'
    ? sign('sha256', octets, { key, dsaEncoding: 'ieee-p1363' })
    : sign('sha256', octets, key);
}

export function transform(algorithm: string, content = ''): string {
  return `<ds:Transform Algorithm="${algorithm}">${content}</ds:Transform>`;
}

/** With the PrefixList that typed attribute values need. */
export const exclusive = transform(
  EXC_C14N,
  `<ec:InclusiveNamespaces xmlns:ec="${EXC_C14N}" PrefixList="xs"></ec:InclusiveNamespaces>`,
);

function reference(id: string, digest: string, digestValue: string): string {
  return (
    `<ds:Reference URI="#${id}"><ds:Transforms>${transform(ENVELOPED)}${exclusive}</ds:Transforms>` +
    `<ds:DigestMethod Algorithm="${DIGESTS.get(digest) ?? digest}"></ds:DigestMethod>` +
    `<ds:DigestValue>${digestValue}</ds:DigestValue></ds:Reference>`
  );
}

/** The Signature over an element's canonical text. */
export function signatureOver(content: string, id: string, signer: Signer, tricks: Tricks = {}): string {
  const same = (text: string) => text;
  const { digest = 'sha256', value = (octets: Buffer) => signedBy(signer.key, octets) } = tricks;
  const digestValue = createHash(DIGESTS.has(digest) ? digest : 'sha256')
    .update((tricks.content ?? same)(content))
    .digest('base64');
  const signedInfo = (tricks.signedInfo ?? same)(
    `<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${EXC_C14N}"></ds:CanonicalizationMethod>` +
      `<ds:SignatureMethod Algorithm="${tricks.signatureMethod ?? methodOf(signer.key)}"></ds:SignatureMethod>` +
      `${(tricks.reference ?? same)(reference(id, digest, digestValue))}</ds:SignedInfo>`,
  );
  const octets = Buffer.from(signedInfo.replace('<ds:SignedInfo', `<ds:SignedInfo xmlns:ds="${DS}"`));
  return (tricks.signature ?? same)(
    `<ds:Signature xmlns:ds="${DS}">${signedInfo}<ds:SignatureValue>${value(octets).toString('base64')}` +
      `</ds:SignatureValue>${keyInfo(signer.certificate)}</ds:Signature>`,
  );
}

export function keyInfo(certificate: string): string {
  return `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
}

export type Target = 'Response' | 'Assertion';

export function unsign(xml: string, target: Target): string {
  const path = `${target}/Signature`;
  return has(xml, path) ? unsign(remove(xml, path), target) : xml;
}

/** Signs the element anew, the signature standing after its Issuer. */
export function seal(xml: string, target: Target, signer: Signer, tricks?: Tricks): string {
  const bare = unsign(xml, target);
  const id = attributeOf(bare, target, 'ID') ?? '';
  return after(bare, `${target}/Issuer`, signatureOver(textOf(bare, target), id, signer, tricks));
}

/** The response after an edit of its content, signed as it was by the same identity provider. */
export function said(good: GoodResponse, edit: (xml: string) => string): string {
  return sealed(good, edit(bare(good)));
}

/** The response without signatures. */
export function bare({ xml }: GoodResponse): string {
  return unsign(unsign(xml, 'Response'), 'Assertion');
}

/** Signs as the good response was signed; the tricks go into the innermost signature. */
export function sealed({ signed, idp }: GoodResponse, xml: string, tricks?: Tricks, signer: Signer = idp): string {
  if (signed === 'response') return seal(xml, 'Response', signer, tricks);
  const inner = seal(xml, 'Assertion', signer, tricks);
  return signed === 'both' ? seal(inner, 'Response', idp) : inner;
}

/** The same content, signed with tricks by the identity provider's own key: only the form of the signature is evil. */
export function tricked(good: GoodResponse, tricks: Tricks): string {
  return sealed(good, bare(good), tricks);
}

/** The element whose signature is the innermost. */
export function covered({ signed }: GoodResponse): Target {
  return signed === 'response' ? 'Response' : 'Assertion';
}
