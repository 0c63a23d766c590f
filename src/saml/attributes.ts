import {
  attribute,
  attributeValue,
  childElements,
  childrenNamed,
  element,
  isNamed,
  type NamespaceScope,
  type XmlElement,
  type XmlNode,
} from '../xml/index.js';
import { ASSERTION, XML_SCHEMA, XML_SCHEMA_INSTANCE } from './names.js';
import type { AttributeFacts, ValueType } from './types.js';

/** All text inside an element, that of its child elements included. */
function deepText(node: XmlNode): string {
  return typeof node === 'string' ? node : node.children.map(deepText).join('');
}

export function attributeName(saml: XmlElement): string {
  return attributeValue(saml, 'Name') ?? '';
}

export function attributeValues(saml: XmlElement): XmlElement[] {
  return childrenNamed(saml, ASSERTION, 'AttributeValue');
}

/** What a saml:Attribute says, for reports, rules and provisioning. */
export function describeAttribute(saml: XmlElement): AttributeFacts {
  return {
    name: attributeName(saml),
    nameFormat: attributeValue(saml, 'NameFormat') ?? null,
    friendlyName: attributeValue(saml, 'FriendlyName') ?? null,
    values: attributeValues(saml).map(deepText),
  };
}

/** A copy under another Name; everything else stays, but FriendlyName, which would go on naming the old one. */
export function renamed(saml: XmlElement, name: string): XmlElement {
  return {
    ...saml,
    attributes: saml.attributes
      .filter((each) => each.namespace !== '' || each.localName !== 'FriendlyName')
      .map((each) => (each.namespace === '' && each.localName === 'Name' ? { ...each, value: name } : each)),
  };
}

/** A copy whose values are in lower case, where they are plain text. */
export function lowercased(saml: XmlElement): XmlElement {
  const lower = (value: XmlElement): XmlElement =>
    childElements(value).length > 0 ? value : { ...value, children: value.children.map(lowercaseText) };
  return { ...saml, children: saml.children.map((child) => (typeof child === 'string' ? child : lower(child))) };
}

function lowercaseText(node: XmlNode): XmlNode {
  return typeof node === 'string' ? lowerCase(node) : node;
}

/**
 * Leaves U+0130 and U+212A (Kelvin) as they are, the only ones whose lower case holds a letter of ASCII: an address with
 * one of them must not become another person's.
 */
export function lowerCase(text: string): string {
  return text.replace(/[^\u0130\u212A]+/g, (part) => part.toLowerCase());
}

export interface NewAttribute {
  readonly name: string;
  readonly nameFormat: string | null;
  readonly values: readonly string[];
  /** The xsi:type of the values; `null` leaves them untyped. */
  readonly type: ValueType | null;
}

const TYPED_SCOPE: NamespaceScope = {
  prefix: 'xsi',
  uri: XML_SCHEMA_INSTANCE,
  outer: { prefix: 'xs', uri: XML_SCHEMA, outer: null },
};

const XSI_TYPE = { prefix: 'xsi', localName: 'type', namespace: XML_SCHEMA_INSTANCE };

/** @throws GatewayError XML_MALFORMED where a name or a value holds a character that XML does not allow */
export function newAttribute({ name, nameFormat, values, type }: NewAttribute): XmlElement {
  const scope = type === null ? null : TYPED_SCOPE;
  const typing = type === null ? [] : [{ ...XSI_TYPE, value: type }];
  return samlElement('Attribute', {
    scope,
    attributes: [attribute('Name', name), ...(nameFormat === null ? [] : [attribute('NameFormat', nameFormat)])],
    children: values.map((value) => samlElement('AttributeValue', { scope, attributes: typing, children: [value] })),
  });
}

/** An element of the assertion namespace under our prefix. */
export function samlElement(
  localName: string,
  {
    attributes = [],
    children = [],
    scope = null,
  }: Omit<Parameters<typeof element>[0], 'prefix' | 'localName' | 'namespace'> = {},
): XmlElement {
  return element({ prefix: 'saml', localName, namespace: ASSERTION, attributes, children, scope });
}

const MASK = '[secret]';

function isSecret(name: string, secretNames: readonly string[]): boolean {
  return secretNames.some((secret) => secret.trim().toLowerCase() === name.trim().toLowerCase());
}

/** Values that nobody may read replaced, for `inspect` and traces. Names are compared without regard to case. */
export function maskAttributes(
  attributes: readonly AttributeFacts[],
  secretNames: readonly string[],
): readonly AttributeFacts[] {
  return attributes.map((each) =>
    isSecret(each.name, secretNames) ? { ...each, values: each.values.map(() => MASK) } : each,
  );
}

/** The same for every saml:Attribute in a tree. */
export function maskedTree(node: XmlElement, secretNames: readonly string[]): XmlElement {
  const secret = isNamed(node, ASSERTION, 'Attribute') && isSecret(attributeName(node), secretNames);
  const mask = (child: XmlNode): XmlNode => {
    if (typeof child === 'string') return child;
    return secret ? { ...child, children: [MASK] } : maskedTree(child, secretNames);
  };
  return { ...node, children: node.children.map(mask) };
}
