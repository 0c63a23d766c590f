import { AttributeScanner } from './attribute-scanner.js';
import { Cursor, NextOccurrence } from './cursor.js';
import { declarationLength, isDeclarationAt } from './declaration.js';
import { forbidden, malformed, tooMuch } from './faults.js';
import type { XmlLimits } from './limits.js';
import { PrefixTable } from './prefix-table.js';
import { expandReferences } from './references.js';
import type { NamespaceScope, XmlElement, XmlNode } from './tree.js';

const EXCLAMATION = 0x21;
const SLASH = 0x2f;
const GREATER = 0x3e;
const QUESTION = 0x3f;
const CDATA = '<![CDATA[';
const CDATA_END = ']]>';

/** An element that still grows; outside this file it is only seen as an XmlElement, once it is complete. */
interface GrowingElement extends XmlElement {
  readonly children: XmlNode[];
}

/** An element whose end-tag has not come yet. */
interface OpenElement {
  readonly element: GrowingElement;
  /** As it was written: the end-tag must be the same. */
  readonly qualifiedName: string;
  /** What the prefix table is put back to at its end. */
  readonly mark: number;
  readonly parent: OpenElement | null;
  readonly depth: number;
}

/**
 * Reads a document from its first character to its last, once, and stops at the first fault. What it takes is less than
 * XML 1.0 with namespaces: no DOCTYPE, no comments, no processing instructions, no entities but the five.
 */
export class Scanner {
  readonly #cursor: Cursor;
  readonly #limits: XmlLimits;
  readonly #outer: NamespaceScope | null;
  readonly #prefixes: PrefixTable;
  readonly #attributes: AttributeScanner;
  readonly #ampersand: NextOccurrence;
  readonly #sectionEnd: NextOccurrence;
  #open: OpenElement | null = null;
  #elements = 0;

  constructor(text: string, limits: XmlLimits, outer: NamespaceScope | null) {
    this.#cursor = new Cursor(text, declarationLength(text));
    this.#limits = limits;
    this.#outer = outer;
    this.#prefixes = new PrefixTable(outer);
    this.#attributes = new AttributeScanner(this.#cursor, limits, this.#prefixes);
    this.#ampersand = new NextOccurrence(text, '&');
    this.#sectionEnd = new NextOccurrence(text, CDATA_END);
  }

  document(): XmlElement {
    this.#cursor.skipSpace();
    const root = this.#startTag();
    while (this.#open !== null) this.#content(this.#open);
    this.#cursor.skipSpace();
    if (this.#cursor.at < this.#cursor.text.length) this.#refuseMarkup('There is more than one root element.');
    return root;
  }

  /** The text up to the next markup, and that markup. */
  #content(open: OpenElement): void {
    const cursor = this.#cursor;
    const { text, at } = cursor;
    const markup = text.indexOf('<', at);
    if (markup === -1) malformed('An element does not end.');
    if (markup > at) this.#text(open.element, at, markup);
    cursor.at = markup;
    const unit = text.charCodeAt(markup + 1);
    if (unit === SLASH) this.#endTag(open);
    else if (unit === EXCLAMATION && text.startsWith(CDATA, markup)) this.#section(open.element);
    else this.#startTag();
  }

  #text(element: GrowingElement, from: number, end: number): void {
    // XML 1.0 §2.4: not in character data, although nothing could be mistaken for it there.
    if (this.#sectionEnd.after(from) < end) malformed('Text holds ]]>.');
    const raw = this.#cursor.text.slice(from, end);
    append(element, this.#ampersand.after(from) < end ? expandReferences(raw) : raw);
  }

  #section(element: GrowingElement): void {
    const cursor = this.#cursor;
    const from = cursor.at + CDATA.length;
    const end = this.#sectionEnd.after(from);
    if (end === cursor.text.length) malformed('A CDATA section does not end.');
    if (end > from) append(element, cursor.text.slice(from, end));
    cursor.at = end + CDATA_END.length;
  }

  #startTag(): XmlElement {
    const cursor = this.#cursor;
    const parent = this.#open;
    const next = cursor.text.charCodeAt(cursor.at + 1);
    if (cursor.text[cursor.at] !== '<' || next === EXCLAMATION || next === QUESTION) {
      this.#refuseMarkup('There is no root element.');
    }
    const depth = parent === null ? 1 : parent.depth + 1;
    if (++this.#elements > this.#limits.maxElements) tooMuch('elements', this.#limits.maxElements);
    if (depth > this.#limits.maxDepth) tooMuch('levels of elements', this.#limits.maxDepth);
    const from = ++cursor.at;
    cursor.qualifiedName();
    const { prefix, localName } = cursor;
    const qualifiedName = prefix === '' ? localName : cursor.text.slice(from, cursor.at);
    const { mark } = this.#prefixes;
    const attributes = this.#attributes.read(parent === null ? this.#outer : parent.element.scope);
    const { scope } = this.#attributes;
    const namespace = this.#prefixes.lookup(prefix) ?? (prefix === '' ? '' : malformed('A prefix is not bound.'));
    const element: GrowingElement = { prefix, localName, namespace, attributes, scope, children: [] };
    parent?.element.children.push(element);
    if (cursor.unit === SLASH) {
      cursor.at++;
      this.#prefixes.restore(mark);
    } else this.#open = { element, qualifiedName, mark, parent, depth };
    cursor.expect(GREATER, 'A start-tag is malformed.');
    return element;
  }

  #endTag(open: OpenElement): void {
    const cursor = this.#cursor;
    cursor.at += 2;
    if (!cursor.text.startsWith(open.qualifiedName, cursor.at)) malformed('An end-tag does not fit its start-tag.');
    cursor.at += open.qualifiedName.length;
    cursor.skipSpace();
    cursor.expect(GREATER, 'An end-tag does not fit its start-tag.');
    this.#prefixes.restore(open.mark);
    this.#open = open.parent;
  }

  /** What stands here is no start-tag, or comes after the root element. */
  #refuseMarkup(otherwise: string): never {
    const { text, at } = this.#cursor;
    if (isDeclarationAt(text, at)) return malformed('The XML declaration does not stand first.');
    if (text.startsWith('<?', at)) return forbidden('a processing instruction');
    if (text.startsWith('<!--', at)) return forbidden('a comment');
    if (text.startsWith('<!DOCTYPE', at)) return forbidden('a DOCTYPE');
    return malformed(text.startsWith('<!', at) ? 'The document holds unknown markup.' : otherwise);
  }
}

/** Adjacent text, however it was written, is one run. */
function append(parent: GrowingElement, text: string): void {
  const { children } = parent;
  const last = children.at(-1);
  if (typeof last === 'string') children[children.length - 1] = last + text;
  else children.push(text);
}
