import { GatewayError } from '../shared/index.js';
import { attribute, element } from './build.js';
import { canonicalize, canonicalizeOpen, escapeAttribute } from './canonicalize.js';
import type { SignatureAlgorithm, SigningKey } from './keys.js';
import { ENVELOPED_SIGNATURE, EXC_C14N, XMLDSIG_NAMESPACE } from './namespaces.js';
import { attributeValue, withChildren } from './navigate.js';
import { signOctets } from './octets.js';
import { identifiersOf, signatureAlgorithms } from './signature-algorithms.js';
import { digestOfText } from './text-parts.js';
import type { NamespaceScope, XmlAttribute, XmlElement, XmlNode } from './tree.js';
import { WrittenElement } from './written-element.js';

export interface SigningOptions {
  /** Which child of the element the Signature becomes, counted from 0; text counts as a child too. */
  readonly position: number;
  /** InclusiveNamespaces of the Reference's canonicalization: the prefixes that content names in text. */
  readonly inclusivePrefixes?: readonly string[];
  /** No other login would be held up by a signature made on this thread; default: false. */
  readonly alone?: boolean;
}

function ds(localName: string, children: readonly XmlNode[], attributes: readonly XmlAttribute[] = []): XmlElement {
  return { prefix: 'ds', localName, namespace: XMLDSIG_NAMESPACE, attributes, scope: DS_SCOPE, children };
}

function algorithm(identifier: string): XmlAttribute[] {
  return [attribute('Algorithm', identifier)];
}

const DS_SCOPE: NamespaceScope = { prefix: 'ds', uri: XMLDSIG_NAMESPACE, outer: null };
/** Those that a Signature of ours declares. */
const OWN_PREFIXES = ['ds', 'ec'];
const DECLARATION = ` xmlns:ds="${XMLDSIG_NAMESPACE}"`;

/** An element inside a Signature, where `ds` is declared, and its canonical form. */
interface Part {
  readonly element: XmlElement;
  readonly text: string;
}

function part(element: XmlElement): Part {
  return { element, text: canonicalize(element).replace(DECLARATION, '') };
}

// What is the same in every signature is built once: the tree is immutable, so it can stand in all of them.
const CANONICALIZATION_METHOD = part(ds('CanonicalizationMethod', [], algorithm(EXC_C14N)));
const ENVELOPED_TRANSFORM = ds('Transform', [], algorithm(ENVELOPED_SIGNATURE));
const PLAIN_TRANSFORMS = part(ds('Transforms', [ENVELOPED_TRANSFORM, ds('Transform', [], algorithm(EXC_C14N))]));
/** What of it stands after the InclusiveNamespaces, if there is one. */
const TRANSFORMS_END = '</ds:Transform></ds:Transforms>';
const BEFORE_PARAMETER = PLAIN_TRANSFORMS.text.slice(0, -TRANSFORMS_END.length);

interface Methods {
  readonly signatureMethod: Part;
  readonly digestMethod: Part;
}

const METHODS: ReadonlyMap<SignatureAlgorithm, Methods> = new Map(
  signatureAlgorithms.map((name) => {
    const { signature, digest } = identifiersOf(name);
    const methods = {
      signatureMethod: part(ds('SignatureMethod', [], algorithm(signature))),
      digestMethod: part(ds('DigestMethod', [], algorithm(digest))),
    };
    return [name, methods];
  }),
);

function methodsOf({ algorithm: name, privateKey }: SigningKey): Methods {
  const methods = METHODS.get(name);
  if (methods === undefined || privateKey.asymmetricKeyType !== identifiersOf(name).method.keyType) {
    throw new GatewayError('SIGNATURE_ALGORITHM', `The signing key is not fit for ${name}.`);
  }
  return methods;
}

function transforms(prefixes: readonly string[]): Part {
  if (prefixes.length === 0) return PLAIN_TRANSFORMS;
  const list = prefixes.join(' ');
  const parameter = element({
    prefix: 'ec',
    localName: 'InclusiveNamespaces',
    namespace: EXC_C14N,
    attributes: [attribute('PrefixList', list)],
  });
  return {
    element: ds('Transforms', [ENVELOPED_TRANSFORM, ds('Transform', [parameter], algorithm(EXC_C14N))]),
    text:
      `${BEFORE_PARAMETER}<ec:InclusiveNamespaces xmlns:ec="${EXC_C14N}" PrefixList="${escapeAttribute(list)}">` +
      `</ec:InclusiveNamespaces>${TRANSFORMS_END}`,
  };
}

function signedInfoOf(id: string, digestValue: string, key: SigningKey, prefixes: readonly string[]): Part {
  const { signatureMethod, digestMethod } = methodsOf(key);
  const transformed = transforms(prefixes);
  const digest = ds('DigestValue', [digestValue]);
  const uri = `#${id}`;
  const reference = ds('Reference', [transformed.element, digestMethod.element, digest], [attribute('URI', uri)]);
  return {
    element: ds('SignedInfo', [CANONICALIZATION_METHOD.element, signatureMethod.element, reference]),
    text:
      `${CANONICALIZATION_METHOD.text}${signatureMethod.text}<ds:Reference URI="${escapeAttribute(uri)}">` +
      `${transformed.text}${digestMethod.text}<ds:DigestValue>${digestValue}</ds:DigestValue></ds:Reference></ds:SignedInfo>`,
  };
}

function signatureOf(signedInfo: Part, value: string, { certificate }: SigningKey): Part {
  const data = ds('X509Data', [ds('X509Certificate', [certificate])]);
  return {
    element: ds('Signature', [signedInfo.element, ds('SignatureValue', [value]), ds('KeyInfo', [data])]),
    text:
      `<ds:Signature${DECLARATION}><ds:SignedInfo>${signedInfo.text}<ds:SignatureValue>${value}</ds:SignatureValue>` +
      `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>` +
      '</ds:Signature>',
  };
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
  { position, inclusivePrefixes = [], alone = false }: SigningOptions,
): Promise<XmlElement> {
  const id = attributeValue(content, 'ID') ?? '';
  if (id === '') throw new GatewayError('SIGNATURE_FORM', 'An element without an ID cannot be signed.');
  const { before, after, declared, declaredThere } = canonicalizeOpen(content, position, inclusivePrefixes);
  const { digest } = identifiersOf(key.algorithm).method;
  const digestValue = digestOfText(digest, [...before, ...after]).toString('base64');
  const signedInfo = signedInfoOf(id, digestValue, key, inclusivePrefixes);
  const octets = Buffer.from(`<ds:SignedInfo${DECLARATION}>${signedInfo.text}`, 'utf8');
  const value = await signOctets(octets, key, alone);
  const signature = signatureOf(signedInfo, value.toString('base64'), key);
  const signed = withChildren(content, content.children.toSpliced(position, 0, signature.element));
  // Only where the Signature's own prefixes are not declared around it does it stand there as it was put together.
  if (OWN_PREFIXES.some((prefix) => declaredThere.has(prefix) || inclusivePrefixes.includes(prefix))) return signed;
  return new WrittenElement(signed, {
    text: [...before, signature.text, ...after],
    declared: new Set([...declared, ...OWN_PREFIXES]),
    inclusivePrefixes,
  });
}
