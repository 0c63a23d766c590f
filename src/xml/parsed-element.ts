import type { QualifiedName } from './cursor.js';
import type { NamespaceScope, XmlAttribute, XmlElement, XmlNode } from './tree.js';

const NOTHING: readonly XmlNode[] = [];

/**
 * An element that was read, with what the reading found out for the writing. That is kept in private fields, because a
 * copy with other children or attributes (`{ ...element }`) must not take it along.
 */
export class ParsedElement implements XmlElement {
  readonly prefix: string;
  readonly localName: string;
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly scope: NamespaceScope | null;
  /** Complete when the element's end-tag was read; from then on it does not change. */
  children: readonly XmlNode[] = NOTHING;
  readonly #name: QualifiedName;
  readonly #canonicalTag: string | null;
  #plainText = true;

  constructor(
    name: QualifiedName,
    namespace: string,
    attributes: readonly XmlAttribute[],
    scope: NamespaceScope | null,
    canonicalTag: string | null,
  ) {
    this.prefix = name.prefix;
    this.localName = name.localName;
    this.namespace = namespace;
    this.attributes = attributes;
    this.scope = scope;
    this.#name = name;
    this.#canonicalTag = canonicalTag;
  }

  get name(): QualifiedName {
    return this.#name;
  }

  addElement(child: ParsedElement): void {
    if (this.children === NOTHING) this.children = [child];
    else (this.children as XmlNode[]).push(child);
  }

  /** Adjacent text, however it was written, is one run. `plain` is text in which canonicalization escapes nothing. */
  addText(text: string, plain: boolean): void {
    if (!plain) this.#plainText = false;
    const children = this.children as XmlNode[];
    const last = children.length - 1;
    const before = children[last];
    if (before === undefined) this.children = [text];
    else if (typeof before === 'string') children[last] = before + text;
    else children.push(text);
  }

  static isParsed(element: XmlElement): element is ParsedElement {
    return #canonicalTag in element;
  }

  /**
   * The start-tag up to its `>`, where it was written in canonical form already (C14N 1.0 §2.3), has no declaration and
   * no attribute with a prefix; otherwise null. What is left to find out is whether its own prefix is declared.
   */
  get canonicalTag(): string | null {
    return this.#canonicalTag;
  }

  /** Whether canonicalization escapes nothing in the text directly in this element. */
  get hasPlainText(): boolean {
    return this.#plainText;
  }
}
