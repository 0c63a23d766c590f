import { lookupNamespace, type NamespaceScope, type XmlElement } from '../xml/index.js';
import { XML_SCHEMA, XML_SCHEMA_INSTANCE } from './names.js';

const LOCAL_NAME = /^[\p{L}_][\p{L}\p{N}._\-·]*$/u;
const DEFAULT = '#default';

/**
 * The prefixes that content names in text, as `xsi:type="xs:string"` does. Exclusive canonicalization does not see
 * them there (xml-exc-c14n §1.3), so they go into the InclusiveNamespaces PrefixList: then their declarations are
 * written out, and covered by the signature.
 *
 * For the same reason the signature of what we received may not have covered them, and whoever carried the document
 * could have had the prefix mean something else, which our signature would then confirm. So a prefix is left out where
 * its meaning was not signed, unless it is the one that everybody expects: XML Schema's.
 *
 * @param signedPrefixes PrefixList of the signatures that covered the content; `null`: every meaning may be trusted
 */
export function prefixesNamedInContent(
  elements: readonly XmlElement[],
  signedPrefixes: readonly string[] | null,
): readonly string[] {
  const mentions = new Mentions(signedPrefixes);
  for (const element of elements) mentions.collect(element, null);
  return mentions.trusted();
}

class Mentions {
  readonly #signedPrefixes: readonly string[] | null;
  readonly #found = new Set<string>();
  readonly #doubtful = new Set<string>();

  constructor(signedPrefixes: readonly string[] | null) {
    this.#signedPrefixes = signedPrefixes;
  }

  /** @param outer what the names of the elements around it declare, and exclusive canonicalization therefore writes */
  collect(element: XmlElement, outer: NamespaceScope | null): void {
    let written = declaredFor(outer, element.prefix, element.namespace);
    for (const { prefix, namespace } of element.attributes) {
      if (prefix !== '') written = declaredFor(written, prefix, namespace);
    }
    for (const { localName, namespace, value } of element.attributes) {
      const isType = localName === 'type' && namespace === XML_SCHEMA_INSTANCE;
      // An unprefixed QName in xsi:type means the default namespace (xmlschema-1 §3.15.3), if one is declared.
      if (isType && !value.includes(':')) this.#note(element, written, '');
      else this.#noteName(element, written, value);
    }
    for (const child of element.children) {
      if (typeof child === 'string') this.#noteName(element, written, child);
      else this.collect(child, written);
    }
  }

  /** In the form of a PrefixList. */
  trusted(): readonly string[] {
    return [...this.#found].filter((prefix) => !this.#doubtful.has(prefix)).sort();
  }

  #noteName(element: XmlElement, written: NamespaceScope | null, text: string): void {
    const colon = text.indexOf(':');
    if (colon < 0 || text.length > 1000) return;
    const prefix = text.slice(0, colon).trim();
    if (prefix === '' || prefix === 'xml' || !LOCAL_NAME.test(text.slice(colon + 1).trim())) return;
    this.#note(element, written, prefix);
  }

  #note(element: XmlElement, written: NamespaceScope | null, prefix: string): void {
    const meaning = lookupNamespace(element.scope, prefix) ?? '';
    if (meaning === '') return;
    const listed = prefix === '' ? DEFAULT : prefix;
    this.#found.add(listed);
    const signed =
      this.#signedPrefixes === null ||
      this.#signedPrefixes.includes(listed) ||
      meaning === XML_SCHEMA ||
      lookupNamespace(written, prefix) === meaning;
    if (!signed) this.#doubtful.add(listed);
  }
}

function declaredFor(written: NamespaceScope | null, prefix: string, uri: string): NamespaceScope | null {
  return (lookupNamespace(written, prefix) ?? '') === uri ? written : { prefix, uri, outer: written };
}
