import { createHash, sign as signBytes } from 'node:crypto';
import { GatewayError } from '../shared/index.js';
import { attribute, element } from './build.js';
import { canonicalize } from './canonicalize.js';
import type { SigningKey } from './keys.js';
import { ENVELOPED_SIGNATURE, EXC_C14N, XMLDSIG_NAMESPACE } from './namespaces.js';
import { attributeValue } from './navigate.js';
import { identifiersOf } from './signature-algorithms.js';
import type { XmlElement, XmlNode } from './tree.js';

export interface SigningOptions {
  /** Which child of the element the Signature becomes, counted from 0; text counts as a child too. */
  readonly position: number;
  /** InclusiveNamespaces of the Reference's canonicalization: the prefixes that content names in text. */
  readonly inclusivePrefixes?: readonly string[];
}

function ds(localName: string, children: readonly XmlNode[], algorithm?: string): XmlElement {
  const attributes = algorithm === undefined ? [] : [attribute('Algorithm', algorithm)];
  return element({ prefix: 'ds', localName, namespace: XMLDSIG_NAMESPACE, attributes, children });
}

function exclusiveTransform(prefixes: readonly string[]): XmlElement {
  if (prefixes.length === 0) return ds('Transform', [], EXC_C14N);
  const parameter = element({
    prefix: 'ec',
    localName: 'InclusiveNamespaces',
    namespace: EXC_C14N,
    attributes: [attribute('PrefixList', prefixes.join(' '))],
  });
  return ds('Transform', [parameter], EXC_C14N);
}

function signedInfoOf(content: XmlElement, key: SigningKey, inclusivePrefixes: readonly string[]): XmlElement {
  const id = attributeValue(content, 'ID') ?? '';
  if (id === '') throw new GatewayError('SIGNATURE_FORM', 'An element without an ID cannot be signed.');
  const { signature, digest, method } = identifiersOf(key.algorithm);
  const bytes = canonicalize(content, inclusivePrefixes);
  const digestValue = createHash(method.digest).update(bytes, 'utf8').digest('base64');
  const reference = element({
    prefix: 'ds',
    localName: 'Reference',
    namespace: XMLDSIG_NAMESPACE,
    attributes: [attribute('URI', `#${id}`)],
    children: [
      ds('Transforms', [ds('Transform', [], ENVELOPED_SIGNATURE), exclusiveTransform(inclusivePrefixes)]),
      ds('DigestMethod', [], digest),
      ds('DigestValue', [digestValue]),
    ],
  });
  return ds('SignedInfo', [
    ds('CanonicalizationMethod', [], EXC_C14N),
    ds('SignatureMethod', [], signature),
    reference,
  ]);
}

function signatureValueOf(signedInfo: XmlElement, { privateKey, algorithm }: SigningKey): Promise<string> {
  const { method } = identifiersOf(algorithm);
  if (privateKey.asymmetricKeyType !== method.keyType) {
    throw new GatewayError('SIGNATURE_ALGORITHM', `The signing key is not fit for ${algorithm}.`);
  }
  const data = Buffer.from(canonicalize(signedInfo), 'utf8');
  return new Promise((resolve, reject) => {
    signBytes(method.digest, data, { key: privateKey, dsaEncoding: 'ieee-p1363' }, (fault, value) => {
      if (fault === null) resolve(value.toString('base64'));
      else reject(fault);
    });
  });
}

/**
 * A copy of the element that carries an enveloped signature. It verifies only if it is written out by `canonicalize`
 * with the same inclusive prefixes.
 *
 * @throws GatewayError SIGNATURE_FORM where the element has no ID; SIGNATURE_ALGORITHM where key and algorithm differ.
 */
export async function signEnveloped(
  content: XmlElement,
  key: SigningKey,
  { position, inclusivePrefixes = [] }: SigningOptions,
): Promise<XmlElement> {
  const signedInfo = signedInfoOf(content, key, inclusivePrefixes);
  const signatureValue = await signatureValueOf(signedInfo, key);
  const certificate = ds('X509Data', [ds('X509Certificate', [key.certificate])]);
  const signature = ds('Signature', [signedInfo, ds('SignatureValue', [signatureValue]), ds('KeyInfo', [certificate])]);
  return { ...content, children: content.children.toSpliced(position, 0, signature) };
}
