import { GatewayError } from '../shared/index.js';
import { isNcName, isXmlText } from './characters.js';
import { fitNamespaceName } from './namespace-names.js';
import { XML_NAMESPACE } from './namespaces.js';
import { lookupNamespace } from './scope.js';
import type { NamespaceScope, XmlAttribute, XmlElement, XmlNode } from './tree.js';

export interface ElementDescription {
  /** Default: none. */
  readonly prefix?: string;
  readonly localName: string;
  /** Empty for no namespace. */
  readonly namespace: string;
  readonly attributes?: readonly XmlAttribute[];
  readonly children?: readonly XmlNode[];
  /** The scope around the element; needed only where content names prefixes in text, as xsi:type does. */
  readonly scope?: NamespaceScope | null;
}

function refuse(detail: string): never {
  throw new GatewayError('XML_MALFORMED', `An element cannot be built: ${detail}.`);
}

function checkName(prefix: string, localName: string, namespace: string): void {
  if (!isNcName(localName) || (prefix !== '' && !isNcName(prefix))) refuse('a name is not an NCName');
  if (prefix === 'xmlns') refuse('the prefix xmlns is reserved');
  if ((prefix === 'xml') !== (namespace === XML_NAMESPACE)) refuse('the prefix xml is reserved');
  if (prefix !== '' && namespace === '') refuse('a prefix without a namespace');
  if (namespace !== '' && fitNamespaceName(namespace) === null) refuse('a namespace name that is no absolute URI');
}

function bind(scope: NamespaceScope | null, prefix: string, uri: string): NamespaceScope | null {
  return (lookupNamespace(scope, prefix) ?? '') === uri ? scope : { prefix, uri, outer: scope };
}

/** An attribute in no namespace. */
export function attribute(name: string, value: string): XmlAttribute {
  return { prefix: '', localName: name, namespace: '', value };
}

/**
 * Makes an element that can be written out: names are NCNames, text holds only characters that XML allows, no
 * attribute stands twice, and no prefix means two things on it.
 *
 * @throws GatewayError XML_MALFORMED where it could not be written.
 */
export function element(description: ElementDescription): XmlElement {
  const { prefix = '', localName, namespace, attributes = [], children = [] } = description;
  checkName(prefix, localName, namespace);
  let scope = bind(description.scope ?? null, prefix, namespace);
  for (const each of attributes) {
    checkAttribute(each);
    if (each.prefix !== '') scope = bind(scope, each.prefix, each.namespace);
  }
  checkTogether({ prefix, namespace }, attributes);
  for (const child of children) {
    if (typeof child === 'string' && !isXmlText(child)) refuse('a character that XML does not allow');
  }
  return { prefix, localName, namespace, attributes, scope, children };
}

function checkAttribute(candidate: XmlAttribute): void {
  const { prefix, localName, namespace, value } = candidate;
  checkName(prefix, localName, namespace);
  if (prefix === '' && (namespace !== '' || localName === 'xmlns')) {
    refuse('an attribute without prefix is in no namespace');
  }
  if (!isXmlText(value)) refuse('a character that XML does not allow');
}

/** Mostly a handful, so comparing each with each is quicker than collecting names. */
function checkTogether(owner: Pick<XmlElement, 'prefix' | 'namespace'>, attributes: readonly XmlAttribute[]): void {
  for (const { prefix, localName, namespace } of attributes) {
    const isSameMeaning = (other: Pick<XmlElement, 'prefix' | 'namespace'>) =>
      prefix === '' || other.prefix !== prefix || other.namespace === namespace;
    if (!isSameMeaning(owner) || !attributes.every(isSameMeaning)) refuse('a prefix with two meanings');
    const named = attributes.filter((other) => other.localName === localName && other.namespace === namespace);
    if (named.length > 1) refuse('an attribute twice');
  }
}
