import { AttributeScanner } from './attribute-scanner.js';
import { Cursor, NextOccurrence } from './cursor.js';
import type { DocumentText } from './decode.js';
import { declarationLength, isDeclarationAt } from './declaration.js';
import { forbidden, malformed, tooMuch } from './faults.js';
import type { XmlLimits } from './limits.js';
import { ParsedElement } from './parsed-element.js';
import { PrefixTable } from './prefix-table.js';
import { expandReferences } from './references.js';
import { COMMENT, endOfComment, endOfRemark } from './remarks.js';
import type { NamespaceScope, XmlElement } from './tree.js';

const EXCLAMATION = 0x21;
const SLASH = 0x2f;
const LESS = 0x3c;
const GREATER = 0x3e;
const QUESTION = 0x3f;
const CDATA = '<![CDATA[';
const CDATA_END = ']]>';

/**
 * Reads a document from its first character to its last, once, and stops at the first fault. What it takes is less than
 * XML 1.0 with namespaces: no DOCTYPE, no comments, no processing instructions, no entities but the five. Where asked it
 * passes over comments and over processing instructions outside the root element, which are in no canonical form of that.
 */
export class Scanner {
  readonly #cursor: Cursor;
  readonly #limits: XmlLimits;
  readonly #outer: NamespaceScope | null;
  readonly #skipsRemarks: boolean;
  readonly #prefixes: PrefixTable;
  readonly #attributes: AttributeScanner;
  readonly #ampersand: NextOccurrence;
  readonly #sectionEnd: NextOccurrence;
  /** The elements whose end-tag has not come yet, outermost first. */
  readonly #open: ParsedElement[] = [];
  /** For each of them what the prefix table is put back to at its end. */
  readonly #marks: number[] = [];
  #elements = 0;

  constructor(document: DocumentText, limits: XmlLimits, outer: NamespaceScope | null, skipsRemarks: boolean) {
    const { text } = document;
    this.#cursor = new Cursor(document, declarationLength(text));
    this.#limits = limits;
    this.#outer = outer;
    this.#skipsRemarks = skipsRemarks;
    this.#prefixes = new PrefixTable(outer);
    this.#attributes = new AttributeScanner(this.#cursor, limits, this.#prefixes);
    this.#ampersand = new NextOccurrence(text, '&');
    this.#sectionEnd = new NextOccurrence(text, CDATA_END);
  }

  document(): XmlElement {
    this.#misc();
    const root = this.#startTag(undefined);
    for (let open = this.#open.at(-1); open !== undefined; open = this.#open.at(-1)) this.#content(open);
    this.#misc();
    if (this.#cursor.at < this.#cursor.text.length) this.#refuseMarkup('There is more than one root element.');
    return root;
  }

  /** What may stand before and behind the root element (XML 1.0 §2.8, Misc). */
  #misc(): void {
    const cursor = this.#cursor;
    cursor.skipSpace();
    if (!this.#skipsRemarks) return;
    for (let end = endOfRemark(cursor.text, cursor.at); end > cursor.at; end = endOfRemark(cursor.text, cursor.at)) {
      cursor.at = end;
      cursor.skipSpace();
    }
  }

  /** The text up to the next markup, and that markup. */
  #content(open: ParsedElement): void {
    const cursor = this.#cursor;
    const { text, at } = cursor;
    const markup = text.indexOf('<', at);
    if (markup === -1) malformed('An element does not end.');
    if (markup > at) this.#text(open, at, markup);
    cursor.at = markup;
    const unit = cursor.unit(1);
    if (unit === SLASH) this.#endTag(open);
    else if (unit === EXCLAMATION && text.startsWith(CDATA, markup)) this.#section(open);
    else if (this.#skipsRemarks && text.startsWith(COMMENT, markup)) this.#comment(open);
    else this.#startTag(open);
  }

  #text(element: ParsedElement, from: number, end: number): void {
    // XML 1.0 §2.4: not in character data, although nothing could be mistaken for it there.
    if (this.#sectionEnd.after(from) < end) malformed('Text holds ]]>.');
    const { text } = this.#cursor;
    const raw = text.slice(from, end);
    if (this.#ampersand.after(from) < end) element.addText(expandReferences(raw), false);
    // The next `>` is nearly always that of the tag behind the text.
    else element.addText(raw, text.indexOf('>', from) > end);
  }

  #section(element: ParsedElement): void {
    const cursor = this.#cursor;
    const from = cursor.at + CDATA.length;
    const end = this.#sectionEnd.after(from);
    if (end === cursor.text.length) malformed('A CDATA section does not end.');
    element.addSection(cursor.text.slice(from, end));
    cursor.at = end + CDATA_END.length;
  }

  #comment(element: ParsedElement): void {
    const cursor = this.#cursor;
    cursor.at = endOfComment(cursor.text, cursor.at);
    element.addComment();
  }

  #startTag(parent: ParsedElement | undefined): XmlElement {
    const cursor = this.#cursor;
    const { text, at: from } = cursor;
    const next = cursor.unit(1);
    if (cursor.unit() !== LESS || next === EXCLAMATION || next === QUESTION) {
      this.#refuseMarkup('There is no root element.');
    }
    if (++this.#elements > this.#limits.maxElements) tooMuch('elements', this.#limits.maxElements);
    if (this.#open.length >= this.#limits.maxDepth) tooMuch('levels of elements', this.#limits.maxDepth);
    cursor.at++;
    const name = cursor.name();
    const { mark } = this.#prefixes;
    const tag = this.#attributes;
    const attributes = tag.read(parent === undefined ? this.#outer : parent.scope);
    const namespace = this.#namespaceOf(name.prefix, parent, this.#prefixes.mark > mark);
    const { canonicalEnd } = tag;
    const source = { text, from, canonicalEnd, tight: canonicalEnd === cursor.at };
    const element = new ParsedElement(name, namespace, attributes, tag.scope, source);
    parent?.addElement(element);
    if (cursor.unit() === SLASH) {
      cursor.at++;
      this.#prefixes.restore(mark);
      parent?.childEnded(element);
    } else {
      this.#open.push(element);
      this.#marks.push(mark);
    }
    cursor.expect(GREATER, 'A start-tag is malformed.');
    return element;
  }

  #namespaceOf(prefix: string, parent: ParsedElement | undefined, declares: boolean): string {
    // Most elements have their parent's prefix, and it means the same.
    if (!declares && parent?.prefix === prefix) return parent.namespace;
    return this.#prefixes.lookup(prefix) ?? (prefix === '' ? '' : malformed('A prefix is not bound.'));
  }

  #endTag(open: ParsedElement): void {
    const cursor = this.#cursor;
    cursor.at += 2;
    if (!cursor.skipName(open.name, open.nameAt)) malformed('An end-tag does not fit its start-tag.');
    const tight = !cursor.skipSpace();
    cursor.expect(GREATER, 'An end-tag does not fit its start-tag.');
    open.end(cursor.at, tight);
    this.#open.pop();
    this.#open.at(-1)?.childEnded(open);
    this.#prefixes.restore(this.#marks.pop() ?? 0);
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
