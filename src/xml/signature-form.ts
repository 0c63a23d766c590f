import { GatewayError } from '../shared/index.js';
import { decodeBase64 } from './base64.js';
import { isNcName, isWhiteSpace } from './characters.js';
import { ENVELOPED_SIGNATURE, EXC_C14N, XMLDSIG_NAMESPACE } from './namespaces.js';
import { attributeValue, isNamed, textContent } from './navigate.js';
import type { XmlElement } from './tree.js';

/** What a Signature of the one allowed form says; nothing of it is trusted yet. */
export interface SignatureForm {
  readonly signedInfo: XmlElement;
  /** InclusiveNamespaces of CanonicalizationMethod. */
  readonly signedInfoPrefixes: readonly string[];
  readonly signatureMethod: string;
  readonly signatureValue: Buffer;
  readonly referenceUri: string;
  /** InclusiveNamespaces of the Reference's canonicalization. */
  readonly contentPrefixes: readonly string[];
  readonly digestMethod: string;
  readonly digestValue: Buffer;
  readonly keyInfo: XmlElement | undefined;
}

function refuse(detail: string): never {
  throw new GatewayError('SIGNATURE_FORM', detail);
}

/**
 * The child elements, which must be exactly those named, in that order (a name with `?` may be absent), with nothing
 * but white space between them. xmldsig-core1's schema has them in these orders.
 */
function exactChildren(parent: XmlElement, expected: readonly string[]): (XmlElement | undefined)[] {
  const elements: XmlElement[] = [];
  for (const child of parent.children) {
    if (typeof child !== 'string') elements.push(child);
    else if (!isWhiteSpace(child)) refuse(`${parent.localName} holds text.`);
  }
  let next = 0;
  const found = expected.map((name) => {
    const candidate = elements[next];
    if (candidate !== undefined && isNamed(candidate, XMLDSIG_NAMESPACE, name.replace('?', ''))) {
      next++;
      return candidate;
    }
    return name.endsWith('?')
      ? undefined
      : refuse(`${parent.localName} does not hold ${expected.join(', ')} in order.`);
  });
  if (next < elements.length) refuse(`${parent.localName} holds more than ${expected.join(', ')}.`);
  return found;
}

function required(elements: readonly (XmlElement | undefined)[], index: number): XmlElement {
  return elements[index] ?? refuse('An element is missing.');
}

function onlyAttributes(element: XmlElement, ...allowed: readonly string[]): void {
  for (const { namespace, localName } of element.attributes) {
    if (namespace !== '' || !allowed.includes(localName)) refuse(`${element.localName} has an unexpected attribute.`);
  }
}

function algorithmOf(element: XmlElement): string {
  onlyAttributes(element, 'Algorithm');
  return attributeValue(element, 'Algorithm') ?? refuse(`${element.localName} names no algorithm.`);
}

function nothingIn(element: XmlElement): void {
  if (!element.children.every((child) => typeof child === 'string' && isWhiteSpace(child))) {
    refuse(`${element.localName} has parameters.`);
  }
}

function bytesIn(element: XmlElement): Buffer {
  if (element.children.some((child) => typeof child !== 'string')) refuse(`${element.localName} holds elements.`);
  const bytes = decodeBase64(textContent(element));
  return bytes === null || bytes.length === 0 ? refuse(`${element.localName} is not base64.`) : bytes;
}

/** The PrefixList of an exclusive canonicalization (exc-c14n §3 and §4), which is its only parameter. */
function prefixList(method: XmlElement): readonly string[] {
  if (algorithmOf(method) !== EXC_C14N) refuse(`${method.localName} is not exclusive canonicalization.`);
  const [parameter, ...more] = method.children.filter((child) => typeof child !== 'string' || !isWhiteSpace(child));
  if (parameter === undefined) return [];
  if (typeof parameter === 'string' || more.length > 0 || !isNamed(parameter, EXC_C14N, 'InclusiveNamespaces')) {
    return refuse(`${method.localName} has an unknown parameter.`);
  }
  onlyAttributes(parameter, 'PrefixList');
  nothingIn(parameter);
  const prefixes = (attributeValue(parameter, 'PrefixList') ?? '').split(/[ \t\r\n]/).filter((each) => each !== '');
  return prefixes.every((each) => each === '#default' || isNcName(each))
    ? prefixes
    : refuse('A PrefixList names no prefix.');
}

interface ReferenceForm {
  readonly referenceUri: string;
  readonly contentPrefixes: readonly string[];
  readonly digestMethod: string;
  readonly digestValue: Buffer;
}

function readReference(reference: XmlElement): ReferenceForm {
  onlyAttributes(reference, 'URI', 'Id', 'Type');
  const parts = exactChildren(reference, ['Transforms', 'DigestMethod', 'DigestValue']);
  const [transforms, digestMethod, digestValue] = [required(parts, 0), required(parts, 1), required(parts, 2)];
  onlyAttributes(transforms);
  const steps = exactChildren(transforms, ['Transform', 'Transform']);
  const [enveloped, exclusive] = [required(steps, 0), required(steps, 1)];
  if (algorithmOf(enveloped) !== ENVELOPED_SIGNATURE) refuse('The first transform is not enveloped-signature.');
  nothingIn(enveloped);
  nothingIn(digestMethod);
  onlyAttributes(digestValue);
  return {
    referenceUri: attributeValue(reference, 'URI') ?? refuse('Reference has no URI.'),
    contentPrefixes: prefixList(exclusive),
    digestMethod: algorithmOf(digestMethod),
    digestValue: bytesIn(digestValue),
  };
}

/**
 * Reads a Signature that has exactly the form that saml-core §5.4 leaves, and no freedom besides.
 *
 * @throws GatewayError SIGNATURE_FORM
 */
export function readSignature(signature: XmlElement): SignatureForm {
  onlyAttributes(signature, 'Id');
  const parts = exactChildren(signature, ['SignedInfo', 'SignatureValue', 'KeyInfo?']);
  const [signedInfo, signatureValue] = [required(parts, 0), required(parts, 1)];
  onlyAttributes(signedInfo, 'Id');
  onlyAttributes(signatureValue, 'Id');
  const steps = exactChildren(signedInfo, ['CanonicalizationMethod', 'SignatureMethod', 'Reference']);
  const signatureMethod = required(steps, 1);
  nothingIn(signatureMethod);
  return {
    signedInfo,
    signedInfoPrefixes: prefixList(required(steps, 0)),
    signatureMethod: algorithmOf(signatureMethod),
    signatureValue: bytesIn(signatureValue),
    ...readReference(required(steps, 2)),
    keyInfo: parts[2],
  };
}
