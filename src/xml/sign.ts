import { hash } from 'node:crypto';
import { GatewayError } from '../shared/index.js';
import { attribute, element } from './build.js';
import { canonicalize } from './canonicalize.js';
import type { SignatureAlgorithm, SigningKey } from './keys.js';
import { ENVELOPED_SIGNATURE, EXC_C14N, XMLDSIG_NAMESPACE } from './namespaces.js';
import { attributeValue } from './navigate.js';
import { signOctets } from './octets.js';
import { identifiersOf, signatureAlgorithms } from './signature-algorithms.js';
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

// What is the same in every signature is built once: the tree is immutable, so it can stand in all of them.
const CANONICALIZATION_METHOD = ds('CanonicalizationMethod', [], EXC_C14N);
const ENVELOPED_TRANSFORM = ds('Transform', [], ENVELOPED_SIGNATURE);
const PLAIN_TRANSFORMS = ds('Transforms', [ENVELOPED_TRANSFORM, ds('Transform', [], EXC_C14N)]);

interface Methods {
  readonly signatureMethod: XmlElement;
  readonly digestMethod: XmlElement;
}

const METHODS: ReadonlyMap<SignatureAlgorithm, Methods> = new Map(
  signatureAlgorithms.map((algorithm) => {
    const { signature, digest } = identifiersOf(algorithm);
    const methods = {
      signatureMethod: ds('SignatureMethod', [], signature),
      digestMethod: ds('DigestMethod', [], digest),
    };
    return [algorithm, methods];
  }),
);

function methodsOf({ algorithm, privateKey }: SigningKey): Methods {
  const methods = METHODS.get(algorithm);
  if (methods === undefined || privateKey.asymmetricKeyType !== identifiersOf(algorithm).method.keyType) {
    throw new GatewayError('SIGNATURE_ALGORITHM', `The signing key is not fit for ${algorithm}.`);
  }
  return methods;
}

function transforms(prefixes: readonly string[]): XmlElement {
  if (prefixes.length === 0) return PLAIN_TRANSFORMS;
  const parameter = element({
    prefix: 'ec',
    localName: 'InclusiveNamespaces',
    namespace: EXC_C14N,
    attributes: [attribute('PrefixList', prefixes.join(' '))],
  });
  return ds('Transforms', [ENVELOPED_TRANSFORM, ds('Transform', [parameter], EXC_C14N)]);
}

function signedInfoOf(content: XmlElement, key: SigningKey, inclusivePrefixes: readonly string[]): XmlElement {
  const id = attributeValue(content, 'ID') ?? '';
  if (id === '') throw new GatewayError('SIGNATURE_FORM', 'An element without an ID cannot be signed.');
  const { signatureMethod, digestMethod } = methodsOf(key);
  const { digest } = identifiersOf(key.algorithm).method;
  const digestValue = hash(digest, canonicalize(content, inclusivePrefixes), 'base64');
  const reference = element({
    prefix: 'ds',
    localName: 'Reference',
    namespace: XMLDSIG_NAMESPACE,
    attributes: [attribute('URI', `#${id}`)],
    children: [transforms(inclusivePrefixes), digestMethod, ds('DigestValue', [digestValue])],
  });
  return ds('SignedInfo', [CANONICALIZATION_METHOD, signatureMethod, reference]);
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
  const value = await signOctets(Buffer.from(canonicalize(signedInfo), 'utf8'), key);
  const certificate = ds('X509Data', [ds('X509Certificate', [key.certificate])]);
  const signature = ds('Signature', [
    signedInfo,
    ds('SignatureValue', [value.toString('base64')]),
    ds('KeyInfo', [certificate]),
  ]);
  return { ...content, children: content.children.toSpliced(position, 0, signature) };
}
