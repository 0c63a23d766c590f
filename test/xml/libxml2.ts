import { ParseOption, XmlCData, XmlDocument, XmlElement, XmlParseError, XmlText } from 'libxml2-wasm';
import type { XmlElement as OurElement, XmlNode as OurNode } from '../../src/xml/index.js';

/** A tree as plain data, the same from both parsers where they read the same. */
export interface PlainElement {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: readonly string[];
  readonly children: readonly (string | PlainElement)[];
}

const OPTIONS = (ParseOption.XML_PARSE_NOENT |
  ParseOption.XML_PARSE_NO_XXE |
  ParseOption.XML_PARSE_NONET) as ParseOption;
const QUIET = (OPTIONS | ParseOption.XML_PARSE_NOERROR) as ParseOption;

function joined(nodes: readonly (string | PlainElement)[]): (string | PlainElement)[] {
  const children: (string | PlainElement)[] = [];
  for (const node of nodes) {
    const last = children.at(-1);
    if (typeof node === 'string' && typeof last === 'string') children[children.length - 1] = last + node;
    else if (node !== '') children.push(node);
  }
  return children;
}

function named(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}:${name}`;
}

function plainChildren(element: XmlElement): (string | PlainElement)[] {
  const nodes: (string | PlainElement)[] = [];
  for (let node = element.firstChild; node !== null; node = node.next) {
    if (node instanceof XmlElement) nodes.push(plain(node));
    else if (node instanceof XmlText || node instanceof XmlCData) nodes.push(node.content);
    else throw new TypeError('A node that our parser does not let pass.');
  }
  return joined(nodes);
}

function plain(element: XmlElement): PlainElement {
  return {
    name: named(element.prefix, element.name),
    namespace: element.namespaceUri,
    attributes: element.attrs
      .map((each) => `${named(each.prefix, each.name)} {${each.namespaceUri}} ${each.content}`)
      .sort(),
    children: plainChildren(element),
  };
}

function isOnlyAboutUris(fault: unknown): boolean {
  return fault instanceof XmlParseError && fault.details.every(({ message }) => message.includes('not a valid URI'));
}

/**
 * What libxml2 reads; throws where it refuses.
 *
 * @param lenientUris what it says of the insides of a namespace name (a port that is no number, say) does not count:
 *   for libxml2 itself that is a warning.
 */
export function libxml2Tree(source: Uint8Array, { lenientUris = false } = {}): PlainElement {
  const document = open(source, lenientUris);
  try {
    return plain(document.root);
  } finally {
    document.dispose();
  }
}

function open(source: Uint8Array, lenientUris: boolean): XmlDocument {
  try {
    return XmlDocument.fromBuffer(source, { option: OPTIONS });
  } catch (fault) {
    if (!lenientUris || !isOnlyAboutUris(fault)) throw fault;
    return XmlDocument.fromBuffer(source, { option: QUIET });
  }
}

/** Our tree as the same plain data. */
export function plainTree(element: OurElement): PlainElement {
  const children: readonly OurNode[] = element.children;
  return {
    name: named(element.prefix, element.localName),
    namespace: element.namespace,
    attributes: element.attributes
      .map((each) => `${named(each.prefix, each.localName)} {${each.namespace}} ${each.value}`)
      .sort(),
    children: children.map((child) => (typeof child === 'string' ? child : plainTree(child))),
  };
}

/** libxml2's exclusive canonicalization of the element that the path of child indexes leads to. */
export function libxml2Canonical(source: Uint8Array, path: readonly number[], prefixes: readonly string[]): string {
  const document = XmlDocument.fromBuffer(source, { option: OPTIONS });
  try {
    let element = document.root;
    for (const at of path) {
      const inside: XmlElement[] = [];
      for (let node = element.firstChild; node !== null; node = node.next)
        if (node instanceof XmlElement) inside.push(node);
      const next = inside[at];
      if (next === undefined) throw new RangeError('No such child.');
      element = next;
    }
    return element.canonicalizeToString({ mode: 1, withComments: false, inclusiveNamespacePrefixes: [...prefixes] });
  } finally {
    document.dispose();
  }
}
