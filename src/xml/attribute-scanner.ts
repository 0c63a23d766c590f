import { GatewayError } from '../shared/index.js';
import { compareCodePoints, isIdAttribute } from './characters.js';
import { NextOccurrence, type Cursor } from './cursor.js';
import { malformed, tooMuch } from './faults.js';
import type { XmlLimits } from './limits.js';
import { fitNamespaceName, keptNamespaceName } from './namespace-names.js';
import { XML_NAMESPACE, XMLNS_NAMESPACE } from './namespaces.js';
import { NOT_CANONICAL } from './parsed-element.js';
import type { PrefixTable } from './prefix-table.js';
import { expandReferences } from './references.js';
import type { NamespaceScope, XmlAttribute } from './tree.js';

const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const SPACE = 0x20;
const SLASH = 0x2f;
const EQUALS = 0x3d;
const GREATER = 0x3e;

/** From this number on, names are sought in a set; before, comparing each with each is quicker. */
const FEW = 8;

/** How many new namespace names of one document are kept for the next ones. */
const MOST_NEW = 64;

/** Its namespace is known only when the whole tag was read. */
interface GrowingAttribute extends XmlAttribute {
  namespace: string;
}

const NONE: readonly XmlAttribute[] = [];

/** Reads the attributes and namespace declarations of start-tags. */
export class AttributeScanner {
  readonly #cursor: Cursor;
  readonly #limits: XmlLimits;
  readonly #prefixes: PrefixTable;
  readonly #ids = new Set<string>();
  /** How many more namespace names of this document may be kept. */
  #room = MOST_NEW;
  readonly #markup: NextOccurrence;
  readonly #ampersand: NextOccurrence;
  readonly #tab: NextOccurrence;
  readonly #lineFeed: NextOccurrence;
  /** Of the tag that is being read. */
  #scope: NamespaceScope | null = null;
  readonly #declared: string[] = [];
  #canonicalEnd = NOT_CANONICAL;

  constructor(cursor: Cursor, limits: XmlLimits, prefixes: PrefixTable) {
    this.#cursor = cursor;
    this.#limits = limits;
    this.#prefixes = prefixes;
    this.#markup = new NextOccurrence(cursor.text, '<');
    this.#ampersand = new NextOccurrence(cursor.text, '&');
    this.#tab = new NextOccurrence(cursor.text, '\t');
    this.#lineFeed = new NextOccurrence(cursor.text, '\n');
  }

  /** The scope inside the tag that was read last. */
  get scope(): NamespaceScope | null {
    return this.#scope;
  }

  /** Where the last attribute of the tag that was read last ends, or its name; or `NOT_CANONICAL`. */
  get canonicalEnd(): number {
    return this.#canonicalEnd;
  }

  /** Reads up to the `>` or `/>`; leaves the declarations in the prefix table. */
  read(outer: NamespaceScope | null): readonly XmlAttribute[] {
    const cursor = this.#cursor;
    this.#scope = outer;
    this.#canonicalEnd = cursor.at;
    let attributes: GrowingAttribute[] | null = null;
    let prefixed = false;
    let count = 0;
    for (;;) {
      const from = cursor.at;
      const before = cursor.unit();
      const spaced = cursor.skipSpace();
      const unit = cursor.unit();
      if (unit === GREATER || unit === SLASH) break;
      if (!spaced) malformed('A start-tag is malformed.');
      // Before anything is done for it, so that a bomb of attributes ends at the limit.
      if (++count > this.#limits.maxAttributes) tooMuch('attributes on one element', this.#limits.maxAttributes);
      if (cursor.at !== from + 1 || before !== SPACE) this.#canonicalEnd = NOT_CANONICAL;
      const { prefix, localName } = cursor.name();
      const value = this.#value();
      if (prefix === 'xmlns') this.#declarePrefix(localName, value);
      else if (prefix === '' && localName === 'xmlns') this.#declareDefault(value);
      else {
        this.#noteId(prefix, localName, value);
        if (prefix !== '') prefixed = true;
        const attribute = { prefix, localName, namespace: '', value };
        if (attributes === null) attributes = [attribute];
        else attributes.push(attribute);
      }
    }
    if (this.#declared.length > 0) this.#finishDeclarations();
    if (attributes === null) return NONE;
    if (prefixed) this.#resolve(attributes);
    if (attributes.length > 1) this.#checkTogether(attributes);
    return attributes;
  }

  /** XML 1.0 §3.3.3: white space as such becomes spaces, a reference to it stays what it names. */
  #value(): string {
    const cursor = this.#cursor;
    const { text } = cursor;
    const after = cursor.at;
    cursor.skipSpace();
    cursor.expect(EQUALS, 'An attribute has no value.');
    cursor.skipSpace();
    const unit = cursor.unit();
    if (unit !== DOUBLE_QUOTE && unit !== SINGLE_QUOTE) malformed('The value of an attribute is not quoted.');
    const from = cursor.at + 1;
    const end = text.indexOf(unit === DOUBLE_QUOTE ? '"' : "'", from);
    if (end === -1) malformed('The value of an attribute does not end.');
    if (this.#markup.after(from) < end) malformed('The value of an attribute holds <.');
    cursor.at = end + 1;
    const raw = text.slice(from, end);
    const spaced = this.#tab.after(from) < end || this.#lineFeed.after(from) < end;
    const referring = this.#ampersand.after(from) < end;
    if (spaced || referring || unit === SINGLE_QUOTE || from !== after + 2) this.#canonicalEnd = NOT_CANONICAL;
    else if (this.#canonicalEnd !== NOT_CANONICAL) this.#canonicalEnd = end + 1;
    const value = spaced ? raw.replace(/[\t\n]/g, ' ') : raw;
    return referring ? expandReferences(value) : value;
  }

  #noteId(prefix: string, localName: string, value: string): void {
    if (!isIdAttribute(prefix, localName)) return;
    if (this.#ids.has(value)) throw new GatewayError('XML_DUPLICATE_ID');
    this.#ids.add(value);
  }

  /** Namespaces in XML §3: neither reserved prefix can get another meaning, nor their names another prefix. */
  #declarePrefix(prefix: string, uri: string): void {
    if (prefix === 'xmlns' || uri === '' || uri === XMLNS_NAMESPACE || (prefix === 'xml') !== (uri === XML_NAMESPACE)) {
      malformed('A namespace declaration is not allowed.');
    }
    this.#declare(prefix, uri);
  }

  #declareDefault(uri: string): void {
    if (uri === XML_NAMESPACE || uri === XMLNS_NAMESPACE) malformed('A namespace declaration is not allowed.');
    this.#declare('', uri);
  }

  #declare(prefix: string, uri: string): void {
    this.#canonicalEnd = NOT_CANONICAL;
    if (uri.length > this.#limits.maxNamespaceName) {
      tooMuch('characters in a namespace name', this.#limits.maxNamespaceName);
    }
    const name = uri === '' ? uri : this.#fit(uri);
    this.#declared.push(prefix);
    if (prefix === 'xml') return;
    this.#prefixes.declare(prefix, name);
    this.#scope = { prefix, uri: name, outer: this.#scope };
  }

  #fit(uri: string): string {
    const name = keptNamespaceName(uri) ?? fitNamespaceName(uri, this.#room-- > 0);
    return name ?? malformed('A namespace name is not an absolute URI.');
  }

  #finishDeclarations(): void {
    if (this.#declared.length > 1 && !areDistinct(this.#declared)) malformed('A prefix is declared twice.');
    this.#declared.length = 0;
  }

  #checkTogether(attributes: readonly XmlAttribute[]): void {
    if (this.#canonicalEnd !== NOT_CANONICAL && areAscending(attributes)) return;
    this.#canonicalEnd = NOT_CANONICAL;
    refuseDoubles(attributes);
  }

  #resolve(attributes: readonly GrowingAttribute[]): void {
    this.#canonicalEnd = NOT_CANONICAL;
    for (const each of attributes) {
      if (each.prefix === '') continue;
      each.namespace = this.#prefixes.lookup(each.prefix) ?? malformed('A prefix is not bound.');
    }
  }
}

function areDistinct(names: readonly string[]): boolean {
  if (names.length >= FEW) return new Set(names).size === names.length;
  return names.every((name, index) => names.indexOf(name) === index);
}

/** In the order that canonicalization wants, which shows that none stands twice: without prefixes by name alone. */
function areAscending(attributes: readonly XmlAttribute[]): boolean {
  let before = '';
  for (const { localName } of attributes) {
    if (compareCodePoints(before, localName) >= 0) return false;
    before = localName;
  }
  return true;
}

/** Namespaces in XML §6.3: by expanded name, which two attributes of one qualified name have in common as well. */
function refuseDoubles(attributes: readonly XmlAttribute[]): void {
  const distinct = attributes.length < FEW ? areFewDistinct(attributes) : areManyDistinct(attributes);
  if (!distinct) malformed('An attribute stands twice on one element.');
}

function areFewDistinct(attributes: readonly XmlAttribute[]): boolean {
  for (let index = 1; index < attributes.length; index++) {
    const each = attributes[index];
    for (let before = 0; before < index; before++) {
      const other = attributes[before];
      if (each?.localName === other?.localName && each?.namespace === other?.namespace) return false;
    }
  }
  return true;
}

/** Namespace names are not put together with anything: they are much longer than the prefix that stands for them. */
function areManyDistinct(attributes: readonly XmlAttribute[]): boolean {
  const names = new Map<string, Set<string>>();
  for (const { namespace, localName } of attributes) {
    const inNamespace = names.get(namespace);
    if (inNamespace === undefined) names.set(namespace, new Set([localName]));
    else if (inNamespace.has(localName)) return false;
    else inNamespace.add(localName);
  }
  return true;
}
