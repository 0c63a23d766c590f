import type { VerifiedElement, XmlElement, XmlNode } from './tree.js';

/** The child elements, in document order. */
export function childElements(parent: XmlElement): XmlElement[] {
  const elements: XmlElement[] = [];
  for (const child of parent.children) if (typeof child !== 'string') elements.push(child);
  return elements;
}

/** A copy with other children, which takes along nothing that is known of the element (quicker than `{ ...element }`). */
export function withChildren(element: XmlElement, children: readonly XmlNode[]): XmlElement {
  const { prefix, localName, namespace, attributes, scope } = element;
  return { prefix, localName, namespace, attributes, scope, children };
}

/** Whether the element has this expanded name. */
export function isNamed(candidate: XmlElement, namespace: string, localName: string): boolean {
  return candidate.localName === localName && candidate.namespace === namespace;
}

/** The child elements of that expanded name. */
export function childrenNamed(parent: XmlElement, namespace: string, localName: string): XmlElement[] {
  const named: XmlElement[] = [];
  for (const child of parent.children) {
    if (typeof child !== 'string' && isNamed(child, namespace, localName)) named.push(child);
  }
  return named;
}

/** The text directly in the element; text inside child elements is left out. */
export function textContent(parent: XmlElement): string {
  const [only] = parent.children;
  if (parent.children.length === 1 && typeof only === 'string') return only;
  return parent.children.filter((child) => typeof child === 'string').join('');
}

/** The attribute's value, or undefined where there is none. */
export function attributeValue(owner: XmlElement, localName: string, namespace = ''): string | undefined {
  for (const each of owner.attributes) {
    if (each.localName === localName && each.namespace === namespace) return each.value;
  }
  return undefined;
}

/** The child elements of a verified element: what lies inside what was hashed was hashed. */
export function verifiedChildren(parent: VerifiedElement): VerifiedElement[] {
  return childElements(parent) as VerifiedElement[];
}

/** The child elements of that expanded name of a verified element. */
export function verifiedChildrenNamed(
  parent: VerifiedElement,
  namespace: string,
  localName: string,
): VerifiedElement[] {
  return childrenNamed(parent, namespace, localName) as VerifiedElement[];
}
