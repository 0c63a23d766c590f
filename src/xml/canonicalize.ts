import { GatewayError } from '../shared/index.js';
import type { NamespaceScope, XmlAttribute, XmlElement } from './tree.js';

const TEXT_SPECIAL = /[&<>\r]/;
const ATTRIBUTE_SPECIAL = /[&<"\t\n\r]/;

/** C14N 1.0 §2.3, text nodes. */
function escapeText(text: string): string {
  if (!TEXT_SPECIAL.test(text)) return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;');
}

/** C14N 1.0 §2.3, attribute nodes. */
function escapeAttribute(value: string): string {
  if (!ATTRIBUTE_SPECIAL.test(value)) return value;
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\t', '&#x9;')
    .replaceAll('\n', '&#xA;')
    .replaceAll('\r', '&#xD;');
}

/** By code point, as UTF-8 sorts: JavaScript's own order puts astral characters before U+E000. */
function compareCodePoints(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return sortWeight(a) - sortWeight(b);
  }
  return left.length - right.length;
}

function sortWeight(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** C14N 1.0 §2.2: by namespace name, then local name; no namespace first. */
function compareAttributes(left: XmlAttribute, right: XmlAttribute): number {
  return compareCodePoints(left.namespace, right.namespace) || compareCodePoints(left.localName, right.localName);
}

function inOrder(attributes: readonly XmlAttribute[]): readonly XmlAttribute[] {
  return attributes.length < 2 ? attributes : attributes.toSorted(compareAttributes);
}

function qualified(prefix: string, localName: string): string {
  return prefix === '' ? localName : `${prefix}:${localName}`;
}

interface Declaration {
  readonly prefix: string;
  readonly uri: string;
}

function ambiguous(): never {
  throw new GatewayError('XML_MALFORMED', 'A prefix has two meanings on one element.');
}

/** C14N 1.0 §2.2: by prefix, the default namespace first. */
function sortDeclarations(declarations: Declaration[]): readonly Declaration[] {
  declarations.sort((left, right) => compareCodePoints(left.prefix, right.prefix));
  const twice = declarations.some((each, index) => index > 0 && each.prefix === declarations[index - 1]?.prefix);
  return twice ? ambiguous() : declarations;
}

class Writer {
  #out = '';
  readonly #inclusive: ReadonlySet<string>;
  /** What the output so far binds at this place; absent is unbound. */
  readonly #rendered = new Map<string, string>();
  /** What to put back when an element ends: its declarations' former meanings. */
  readonly #former: { readonly prefix: string; readonly uri: string | undefined }[] = [];

  constructor(inclusivePrefixes: readonly string[]) {
    this.#inclusive = new Set(inclusivePrefixes.map((prefix) => (prefix === '#default' ? '' : prefix)));
  }

  write(root: XmlElement): string {
    this.#element(root, null);
    return this.#out;
  }

  #element(element: XmlElement, outerScope: NamespaceScope | null): void {
    const mark = this.#former.length;
    const name = qualified(element.prefix, element.localName);
    const declarations = this.#declarations(element, outerScope);
    this.#out += `<${name}`;
    for (const { prefix, uri } of declarations) {
      this.#out += prefix === '' ? ` xmlns="${escapeAttribute(uri)}"` : ` xmlns:${prefix}="${escapeAttribute(uri)}"`;
    }
    for (const { prefix, localName, value } of inOrder(element.attributes)) {
      this.#out += ` ${qualified(prefix, localName)}="${escapeAttribute(value)}"`;
    }
    this.#out += '>';
    for (const child of element.children) {
      if (typeof child === 'string') this.#out += escapeText(child);
      else this.#element(child, element.scope);
    }
    this.#out += `</${name}>`;
    while (this.#former.length > mark) this.#restore();
  }

  #restore(): void {
    const last = this.#former.pop();
    if (last === undefined) return;
    if (last.uri === undefined) this.#rendered.delete(last.prefix);
    else this.#rendered.set(last.prefix, last.uri);
  }

  /** The declarations to write on this element, in C14N's order. */
  #declarations(element: XmlElement, outerScope: NamespaceScope | null): readonly Declaration[] {
    const written: Declaration[] = [];
    if (this.#inclusive.size > 0) this.#declareInclusive(element.scope, outerScope, written);
    this.#declare(element.prefix, element.namespace, written);
    let prefixed = false;
    for (const { prefix, namespace } of element.attributes) {
      if (prefix === '') continue;
      prefixed = true;
      this.#declare(prefix, namespace, written);
    }
    if (prefixed || this.#inclusive.size > 0) this.#refuseAmbiguity(element);
    return written.length < 2 ? written : sortDeclarations(written);
  }

  /**
   * Exclusive C14N §3: a listed prefix is written wherever it is in scope, used or not. Below the apex only the
   * element's own declarations can change that, so the way up ends at the parent's scope.
   */
  #declareInclusive(scope: NamespaceScope | null, outerScope: NamespaceScope | null, written: Declaration[]): void {
    const seen = new Set<string>();
    for (let binding = scope; binding !== outerScope && binding !== null; binding = binding.outer) {
      if (!this.#inclusive.has(binding.prefix) || seen.has(binding.prefix)) continue;
      seen.add(binding.prefix);
      this.#declare(binding.prefix, binding.uri, written);
    }
  }

  #declare(prefix: string, uri: string, written: Declaration[]): void {
    if (prefix === 'xml') return;
    const current = this.#rendered.get(prefix);
    if (current === uri || (current === undefined && uri === '')) return;
    this.#former.push({ prefix, uri: current });
    this.#rendered.set(prefix, uri);
    written.push({ prefix, uri });
  }

  /** No parsed element is ambiguous; one that was put together from parts could be. */
  #refuseAmbiguity({ prefix, namespace, attributes }: XmlElement): void {
    const means = (candidate: string, uri: string): boolean =>
      candidate === 'xml' || (this.#rendered.get(candidate) ?? '') === uri;
    const clear =
      means(prefix, namespace) && attributes.every((each) => each.prefix === '' || means(each.prefix, each.namespace));
    if (!clear) ambiguous();
  }
}

/**
 * Exclusive XML Canonicalization 1.0 without comments of the subtree under `root`; its UTF-8 bytes are what is hashed,
 * and it serialises what we write. An element's own names decide which declarations are written, not its scope, so
 * that a subtree can stand in another document.
 *
 * @param inclusivePrefixes InclusiveNamespaces PrefixList, `#default` for the default namespace.
 * @throws GatewayError XML_MALFORMED where one prefix would have to mean two things on one element.
 */
export function canonicalize(root: XmlElement, inclusivePrefixes: readonly string[] = []): string {
  return new Writer(inclusivePrefixes).write(root);
}
