import { GatewayError } from '../shared/index.js';
import { compareCodePoints } from './characters.js';
import { tooMuch } from './faults.js';
import { ParsedElement } from './parsed-element.js';
import { joined, octetsOf, PartsBuilder, type TextParts } from './text-parts.js';
import { WrittenElement } from './written-element.js';
import type { NamespaceScope, XmlAttribute, XmlElement } from './tree.js';

const TEXT_SPECIAL = /[&<>\r]/;
const ATTRIBUTE_SPECIAL = /[&<"\t\n\r]/;

/** C14N 1.0 §2.3, text nodes. */
function escapeText(text: string): string {
  if (!TEXT_SPECIAL.test(text)) return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;');
}

/** C14N 1.0 §2.3, attribute nodes. */
export function escapeAttribute(value: string): string {
  if (!ATTRIBUTE_SPECIAL.test(value)) return value;
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\t', '&#x9;')
    .replaceAll('\n', '&#xA;')
    .replaceAll('\r', '&#xD;');
}

/**
 * C14N 1.0 §2.2: by namespace name, then local name; no namespace first. Namespace names are ASCII (`isAbsoluteUri`),
 * so JavaScript's own order, which is far quicker, is that of code points.
 */
function compareAttributes(left: XmlAttribute, right: XmlAttribute): number {
  if (left.namespace === right.namespace) return compareCodePoints(left.localName, right.localName);
  return left.namespace < right.namespace ? -1 : 1;
}

/** Most writers have them in that order already. */
function inOrder(attributes: readonly XmlAttribute[]): readonly XmlAttribute[] {
  for (let index = 1; index < attributes.length; index++) {
    const [before, each] = [attributes[index - 1], attributes[index]];
    if (before !== undefined && each !== undefined && compareAttributes(before, each) > 0) {
      return attributes.toSorted(compareAttributes);
    }
  }
  return attributes;
}

function qualified(prefix: string, localName: string): string {
  return prefix === '' ? localName : `${prefix}:${localName}`;
}

function ambiguous(): never {
  throw new GatewayError('XML_MALFORMED', 'A prefix has two meanings on one element.');
}

/** A declaration that was written, with what to put back when its element ends. */
interface Declaration {
  readonly prefix: string;
  readonly uri: string;
  readonly former: string | undefined;
}

/** C14N 1.0 §2.2: by prefix, the default namespace first. */
function compareDeclarations(left: Declaration, right: Declaration): number {
  return compareCodePoints(left.prefix, right.prefix) || ambiguous();
}

function declarationText({ prefix, uri }: Declaration): string {
  return prefix === '' ? ` xmlns="${escapeAttribute(uri)}"` : ` xmlns:${prefix}="${escapeAttribute(uri)}"`;
}

/**
 * Characters of declarations that one form may have in any case. They are the one thing that can make it many times as
 * long as the document: a namespace that is declared once outside is written on each of thousands of siblings.
 */
const FREE_DECLARATIONS = 1024 * 1024;
/** Beyond those, declarations may be as many times as long as what has been written so far besides. */
const MOST_TO_ONE = 8;

/** The canonical form of an element with a place in it left open. */
export interface OpenForm {
  readonly before: TextParts;
  readonly after: TextParts;
  /** The prefixes that the form itself declares, anywhere. */
  readonly declared: ReadonlySet<string>;
  /** The prefixes that are declared at the open place. */
  readonly declaredThere: ReadonlySet<string>;
}

class Writer {
  readonly #out = new PartsBuilder();
  readonly #inclusive: ReadonlySet<string>;
  /** What the output so far binds at this place; absent or undefined is unbound. */
  readonly #rendered = new Map<string, string | undefined>();
  /** How each prefix was declared last: mostly it is so again. */
  readonly #texts = new Map<string, { readonly uri: string; readonly text: string }>();
  /** The declarations of the elements that are open, outermost first. */
  readonly #written: Declaration[] = [];
  /** Length of the declarations so far. */
  #declaring = 0;
  /** Every prefix that was ever declared. */
  readonly #declared = new Set<string>();
  readonly #prefixList: string;

  constructor(inclusivePrefixes: readonly string[]) {
    this.#prefixList = inclusivePrefixes.join(' ');
    this.#inclusive = new Set(inclusivePrefixes.map((prefix) => (prefix === '#default' ? '' : prefix)));
  }

  write(root: XmlElement): TextParts {
    this.#element(root, null);
    return this.#out.take();
  }

  /** The same, but open before the child at that position of the root. */
  writeOpen(root: XmlElement, position: number): OpenForm {
    const mark = this.#startTag(root, null);
    const declaredThere = new Set(this.#rendered.keys());
    this.#children(root, 0, position);
    const before = this.#out.take();
    this.#children(root, position, root.children.length);
    this.#endTag(root, mark);
    return { before, after: this.#out.take(), declared: this.#declared, declaredThere };
  }

  #element(element: XmlElement, parent: XmlElement | null): void {
    if (WrittenElement.isWritten(element)) {
      const parts = element.textWithin(this.#rendered, this.#prefixList);
      if (parts !== null) {
        for (const part of parts) this.#out.put(part);
        return;
      }
    }
    if (ParsedElement.isParsed(element)) {
      const { canonicalTag, name, verbatim } = element;
      if (canonicalTag !== null && this.#declaresNothing(element, parent)) {
        if (verbatim !== null) {
          this.#out.put(verbatim);
          return;
        }
        this.#out.put(canonicalTag);
        this.#out.put('>');
        if (element.hasPlainText) this.#plainContent(element);
        else this.#content(element);
        this.#out.put('</');
        this.#out.put(name.qualified);
        this.#out.put('>');
        return;
      }
    }
    const mark = this.#startTag(element, parent);
    this.#content(element);
    this.#endTag(element, mark);
  }

  /** Writes it with the declarations that it needs. What comes back is for `#endTag`. */
  #startTag(element: XmlElement, parent: XmlElement | null): number {
    const mark = this.#written.length;
    this.#declareAll(element, parent?.scope ?? null);
    let tag = `<${qualified(element.prefix, element.localName)}`;
    if (this.#written.length > mark) tag += this.#declarations(element, mark);
    for (const { prefix, localName, value } of inOrder(element.attributes)) {
      tag += ` ${qualified(prefix, localName)}="${escapeAttribute(value)}"`;
    }
    this.#out.put(`${tag}>`);
    return mark;
  }

  #endTag(element: XmlElement, mark: number): void {
    this.#out.put(`</${qualified(element.prefix, element.localName)}>`);
    while (this.#written.length > mark) this.#restore();
  }

  #content(element: XmlElement): void {
    this.#children(element, 0, element.children.length);
  }

  #children(element: XmlElement, from: number, end: number): void {
    const { children } = element;
    for (let index = from; index < end; index++) {
      const child = children[index];
      if (typeof child === 'string') this.#out.put(escapeText(child));
      else if (child !== undefined) this.#element(child, element);
    }
  }

  #plainContent(element: XmlElement): void {
    for (const child of element.children) {
      if (typeof child === 'string') this.#out.put(child);
      else this.#element(child, element);
    }
  }

  /** Whether the start-tag of an element none of whose attributes has a prefix is written without a declaration. */
  #declaresNothing(element: XmlElement, parent: XmlElement | null): boolean {
    if (parent === null) return false;
    const { prefix, namespace, scope } = element;
    if (scope !== parent.scope && this.#inclusive.size > 0) return false;
    // What the parent's own prefix means is declared, or the parent would not have been written.
    return (prefix === parent.prefix && namespace === parent.namespace) || this.#means(prefix, namespace);
  }

  #restore(): void {
    const last = this.#written.pop();
    if (last === undefined) return;
    this.#rendered.set(last.prefix, last.former);
  }

  /** Declares what the element needs and the output so far does not say. */
  #declareAll(element: XmlElement, outerScope: NamespaceScope | null): void {
    if (this.#inclusive.size > 0 && element.scope !== outerScope) this.#declareInclusive(element.scope, outerScope);
    this.#declare(element.prefix, element.namespace);
    for (const { prefix, namespace } of element.attributes) {
      if (prefix !== '') this.#declare(prefix, namespace);
    }
  }

  /** The text of the element's declarations, which are those after `mark`. */
  #declarations(element: XmlElement, mark: number): string {
    this.#refuseAmbiguity(element);
    let text = '';
    const [only, another] = [this.#written[mark], this.#written[mark + 1]];
    if (only !== undefined && another === undefined) text = this.#declaration(only);
    else for (const each of this.#written.slice(mark).sort(compareDeclarations)) text += this.#declaration(each);
    const besides = this.#out.length - this.#declaring;
    this.#declaring += text.length;
    if (this.#declaring > FREE_DECLARATIONS && this.#declaring > MOST_TO_ONE * besides) {
      tooMuch('characters of namespace declarations in the canonical form', FREE_DECLARATIONS);
    }
    return text;
  }

  #declaration(declaration: Declaration): string {
    const known = this.#texts.get(declaration.prefix);
    if (known?.uri === declaration.uri) return known.text;
    const text = declarationText(declaration);
    this.#texts.set(declaration.prefix, { uri: declaration.uri, text });
    return text;
  }

  /**
   * Exclusive C14N §3: a listed prefix is written wherever it is in scope, used or not. Below the apex only the
   * element's own declarations can change that, so the way up ends at the parent's scope.
   */
  #declareInclusive(scope: NamespaceScope | null, outerScope: NamespaceScope | null): void {
    const seen = new Set<string>();
    for (let binding = scope; binding !== outerScope && binding !== null; binding = binding.outer) {
      if (!this.#inclusive.has(binding.prefix) || seen.has(binding.prefix)) continue;
      seen.add(binding.prefix);
      this.#declare(binding.prefix, binding.uri);
    }
  }

  #declare(prefix: string, uri: string): void {
    if (prefix === 'xml') return;
    const former = this.#rendered.get(prefix);
    if (former === uri || (former === undefined && uri === '')) return;
    this.#rendered.set(prefix, uri);
    this.#declared.add(prefix);
    this.#written.push({ prefix, uri, former });
  }

  /**
   * No parsed element is ambiguous; one that was put together from parts could be. Without a declaration of its own
   * none can: then each of its prefixes means what the output so far says.
   */
  #refuseAmbiguity({ prefix, namespace, attributes }: XmlElement): void {
    if (!this.#means(prefix, namespace)) ambiguous();
    for (const each of attributes) {
      if (each.prefix !== '' && !this.#means(each.prefix, each.namespace)) ambiguous();
    }
  }

  #means(prefix: string, uri: string): boolean {
    return prefix === 'xml' || (this.#rendered.get(prefix) ?? '') === uri;
  }
}

/**
 * Exclusive XML Canonicalization 1.0 without comments of the subtree under `root`; its UTF-8 bytes are what is hashed,
 * and it serialises what we write. An element's own names decide which declarations are written, not its scope, so
 * that a subtree can stand in another document.
 *
 * @param inclusivePrefixes InclusiveNamespaces PrefixList, `#default` for the default namespace.
 * @throws GatewayError XML_MALFORMED where one prefix would have to mean two things on one element; XML_LIMIT where
 *   hardly anything but namespace declarations would be written.
 */
export function canonicalize(root: XmlElement, inclusivePrefixes: readonly string[] = []): string {
  return joined(canonicalParts(root, inclusivePrefixes));
}

/** What `canonicalize` gives, in parts. @throws GatewayError as it does */
export function canonicalParts(root: XmlElement, inclusivePrefixes: readonly string[] = []): TextParts {
  return new Writer(inclusivePrefixes).write(root);
}

/** What `canonicalize` gives, in UTF-8. @throws GatewayError as it does */
export function canonicalOctets(root: XmlElement, inclusivePrefixes: readonly string[] = []): Buffer {
  return octetsOf(canonicalParts(root, inclusivePrefixes));
}

/**
 * What `canonicalize` gives, but open before the child at that position, where a signature is to come.
 *
 * @throws GatewayError XML_MALFORMED as `canonicalize` does.
 */
export function canonicalizeOpen(root: XmlElement, position: number, inclusivePrefixes: readonly string[]): OpenForm {
  return new Writer(inclusivePrefixes).writeOpen(root, position);
}
