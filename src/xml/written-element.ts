import type { TextParts } from './text-parts.js';
import type { NamespaceScope, XmlAttribute, XmlElement, XmlNode } from './tree.js';

/** The canonical form of an element as the apex, and what it depends on. */
export interface WrittenForm {
  readonly text: TextParts;
  /** The prefixes that the text itself declares, anywhere. */
  readonly declared: ReadonlySet<string>;
  readonly inclusivePrefixes: readonly string[];
}

/**
 * An element whose canonical form is known already. That is kept in a private field, because a copy with other children
 * (`{ ...element }`) must not take it along.
 */
export class WrittenElement implements XmlElement {
  readonly prefix: string;
  readonly localName: string;
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly scope: NamespaceScope | null;
  readonly children: readonly XmlNode[];
  readonly #form: WrittenForm;
  readonly #prefixList: string;

  constructor(element: XmlElement, form: WrittenForm) {
    this.prefix = element.prefix;
    this.localName = element.localName;
    this.namespace = element.namespace;
    this.attributes = element.attributes;
    this.scope = element.scope;
    this.children = element.children;
    this.#form = form;
    this.#prefixList = form.inclusivePrefixes.join(' ');
  }

  static isWritten(element: XmlElement): element is WrittenElement {
    return #form in element;
  }

  /**
   * The canonical form inside another element, where it is the one that the element has as the apex: every prefix that
   * the text uses it declares itself (xml-exc-c14n §3), so only a declaration of one of these further out could change
   * it. Otherwise null.
   *
   * @param rendered what the output around it declares
   */
  textWithin(rendered: ReadonlyMap<string, string | undefined>, prefixList: string): TextParts | null {
    const { text, declared } = this.#form;
    if (prefixList !== this.#prefixList) return null;
    for (const [prefix, uri] of rendered) if (uri !== undefined && (prefix === '' || declared.has(prefix))) return null;
    return text;
  }
}
