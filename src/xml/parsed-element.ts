import type { QualifiedName } from './cursor.js';
import type { NamespaceScope, XmlAttribute, XmlElement, XmlNode } from './tree.js';

const NOTHING: readonly XmlNode[] = [];

/** Of a start-tag that canonicalization would write otherwise, or that takes more to find out. */
export const NOT_CANONICAL = -1;

/** Where in its document a start-tag stands. */
export interface SourceOfTag {
  /** The whole document. */
  readonly text: string;
  /** Its `<`. */
  readonly from: number;
  /** Behind its last attribute or its name; or `NOT_CANONICAL`. */
  readonly canonicalEnd: number;
  /** Its `>` stands right there. */
  readonly tight: boolean;
}

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
  readonly #source: SourceOfTag;
  #plainText = true;
  /** Only elements of its own prefix, and of that meaning, inside it, and all written in canonical form. */
  #uniform: boolean;
  /** Where it ends, once that is known and it can stand as it was written. */
  #verbatimEnd = NOT_CANONICAL;

  constructor(
    name: QualifiedName,
    namespace: string,
    attributes: readonly XmlAttribute[],
    scope: NamespaceScope | null,
    source: SourceOfTag,
  ) {
    this.prefix = name.prefix;
    this.localName = name.localName;
    this.namespace = namespace;
    this.attributes = attributes;
    this.scope = scope;
    this.#name = name;
    this.#source = source;
    this.#uniform = source.tight;
  }

  /** Where in the document its name stands. */
  get nameAt(): number {
    return this.#source.from + 1;
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

  /** The content of a CDATA section. An empty one is no node, but canonicalization does not write it. */
  addSection(text: string): void {
    if (text === '') this.#plainText = false;
    else this.addText(text, false);
  }

  /** A comment is no node, but the element cannot stand as it was written. */
  addComment(): void {
    this.#uniform = false;
  }

  /** Called when its end-tag was read, which ends there; `tight` is an end-tag without white space. */
  end(at: number, tight: boolean): void {
    if (this.#uniform && this.#plainText && tight) this.#verbatimEnd = at;
  }

  /** Called when a child of it was read to its end. */
  childEnded(child: ParsedElement): void {
    if (child.#verbatimEnd === NOT_CANONICAL || child.prefix !== this.prefix || child.namespace !== this.namespace) {
      this.#uniform = false;
    }
  }

  static isParsed(element: XmlElement): element is ParsedElement {
    return #source in element;
  }

  /**
   * The start-tag up to its `>`, where it was written in canonical form already (C14N 1.0 §2.3), has no declaration and
   * no attribute with a prefix; otherwise null. What is left to find out is whether its own prefix is declared.
   */
  get canonicalTag(): string | null {
    const { text, from, canonicalEnd } = this.#source;
    return canonicalEnd === NOT_CANONICAL ? null : text.slice(from, canonicalEnd);
  }

  /** From its start-tag to its end-tag, where all of that has the form of `canonicalTag`; otherwise null. */
  get verbatim(): string | null {
    return this.#verbatimEnd === NOT_CANONICAL ? null : this.#source.text.slice(this.#source.from, this.#verbatimEnd);
  }

  /** Whether canonicalization escapes nothing in the text directly in this element. */
  get hasPlainText(): boolean {
    return this.#plainText;
  }
}
