import { lookupNamespace, type XmlElement } from '../xml/index.js';
import { XML_SCHEMA_INSTANCE } from './names.js';
import { walk } from './read.js';

const LOCAL_NAME = /^[\p{L}_][\p{L}\p{N}._\-·]*$/u;

/**
 * The prefixes that content names in text, as `xsi:type="xs:string"` does. Exclusive canonicalization does not see
 * them there (xml-exc-c14n §1.3), so they go into the InclusiveNamespaces PrefixList: then their declarations are
 * written out, and covered by the signature.
 */
export function prefixesNamedInContent(elements: readonly XmlElement[]): readonly string[] {
  const found = new Set<string>();
  for (const element of elements) {
    walk(element, (each) => {
      collect(each, found);
    });
  }
  return [...found].sort();
}

function collect(element: XmlElement, found: Set<string>): void {
  for (const { localName, namespace, value } of element.attributes) {
    note(element, value, found);
    const isType = localName === 'type' && namespace === XML_SCHEMA_INSTANCE;
    // An unprefixed QName in xsi:type means the default namespace (xmlschema-1 §3.15.3), if one is declared.
    if (isType && !value.includes(':') && (lookupNamespace(element.scope, '') ?? '') !== '') found.add('#default');
  }
  for (const child of element.children) {
    if (typeof child === 'string') note(element, child, found);
  }
}

function note(element: XmlElement, text: string, found: Set<string>): void {
  const colon = text.indexOf(':');
  if (colon < 0 || text.length > 1000) return;
  const prefix = text.slice(0, colon).trim();
  if (prefix === '' || prefix === 'xml' || found.has(prefix)) return;
  if (lookupNamespace(element.scope, prefix) !== undefined && LOCAL_NAME.test(text.slice(colon + 1).trim())) {
    found.add(prefix);
  }
}
