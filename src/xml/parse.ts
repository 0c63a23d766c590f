import { SaxesParser, type SaxesTagNS, type XMLDecl } from 'saxes';
import { GatewayError } from '../shared/index.js';
import { isAbsoluteUri, startsAsNcName } from './characters.js';
import { defaultXmlLimits, type XmlLimits } from './limits.js';
import { XML_NAMESPACE } from './namespaces.js';
import { bindingsInScope } from './scope.js';
import type { NamespaceScope, XmlAttribute, XmlElement, XmlNode } from './tree.js';

/** An element that still grows; outside this file it is only seen as an XmlElement, once it is complete. */
interface GrowingElement extends XmlElement {
  readonly attributes: XmlAttribute[];
  readonly children: XmlNode[];
}

function malformed(detail: string): never {
  throw new GatewayError('XML_MALFORMED', detail);
}

function forbidden(what: string): never {
  throw new GatewayError('XML_FORBIDDEN', `The document holds ${what}.`);
}

function tooMuch(what: string, limit: number): never {
  throw new GatewayError('XML_LIMIT', `More than ${limit} ${what}.`);
}

class TreeBuilder {
  root: XmlElement | null = null;
  readonly #limits: XmlLimits;
  readonly #outerScope: NamespaceScope | null;
  readonly #open: GrowingElement[] = [];
  readonly #ids = new Set<string>();
  #elements = 0;
  #attributes = 0;

  constructor(limits: XmlLimits, outerScope: NamespaceScope | null) {
    this.#limits = limits;
    this.#outerScope = outerScope;
  }

  startTag(): void {
    this.#attributes = 0;
    if (++this.#elements > this.#limits.maxElements) tooMuch('elements', this.#limits.maxElements);
    if (this.#open.length >= this.#limits.maxDepth) tooMuch('levels of elements', this.#limits.maxDepth);
  }

  /** Called for each attribute before the tag is complete, so that a bomb of attributes ends at the limit. */
  countAttribute(): void {
    if (++this.#attributes > this.#limits.maxAttributes) {
      tooMuch('attributes on one element', this.#limits.maxAttributes);
    }
  }

  openElement(tag: SaxesTagNS): void {
    const parent = this.#open.at(-1);
    const attributes: XmlAttribute[] = [];
    let scope = parent === undefined ? this.#outerScope : parent.scope;
    for (const name in tag.attributes) {
      const source = tag.attributes[name];
      if (source === undefined) continue;
      const { prefix, local, uri, value } = source;
      if (prefix === 'xmlns') scope = declare(scope, local, value);
      else if (name === 'xmlns') scope = declare(scope, '', value);
      else attributes.push(this.#attribute(prefix, local, uri, value));
    }
    checkLocalPart(tag.prefix, tag.local);
    const { prefix, local: localName, uri: namespace } = tag;
    const opened: GrowingElement = { prefix, localName, namespace, attributes, scope, children: [] };
    if (parent === undefined) this.root = opened;
    else parent.children.push(opened);
    this.#open.push(opened);
  }

  #attribute(prefix: string, localName: string, namespace: string, value: string): XmlAttribute {
    checkLocalPart(prefix, localName);
    // xml:id (W3C Recommendation 2005) shares its space of values with every other attribute of type ID.
    if (localName === 'ID' ? prefix === '' : localName === 'id' && namespace === XML_NAMESPACE) {
      if (this.#ids.has(value)) throw new GatewayError('XML_DUPLICATE_ID');
      this.#ids.add(value);
    }
    return { prefix, localName, namespace, value };
  }

  text(text: string): void {
    const children = this.#open.at(-1)?.children;
    // Outside the root saxes only lets white space pass, which is no content.
    if (children === undefined || text === '') return;
    const last = children.at(-1);
    if (typeof last === 'string') children[children.length - 1] = last + text;
    else children.push(text);
  }

  closeElement(): void {
    this.#open.pop();
  }
}

/** saxes checks the first character of a whole name only, so `a:1` passes there. */
function checkLocalPart(prefix: string, localName: string): void {
  if (prefix !== '' && !startsAsNcName(localName)) malformed('A qualified name is malformed.');
}

/** saxes has refused reserved and emptied prefixes by now. */
function declare(scope: NamespaceScope | null, prefix: string, uri: string): NamespaceScope | null {
  // saxes resolves prefixes to trimmed names, which Namespaces in XML does not know; no white space passes here.
  if (uri !== '' && !isAbsoluteUri(uri)) malformed('A namespace name is not an absolute URI.');
  if (prefix === 'xml') return scope;
  if (!startsAsNcName(prefix) && prefix !== '') malformed('A namespace prefix is malformed.');
  return { prefix, uri, outer: scope };
}

function checkDeclaration({ version, encoding }: XMLDecl): void {
  if (version !== '1.0') forbidden('a declaration of another version than XML 1.0');
  if (encoding !== undefined && encoding.toUpperCase() !== 'UTF-8') {
    throw new GatewayError('XML_ENCODING', 'The document declares another encoding than UTF-8.');
  }
}

function saxesFault({ message }: Error): never {
  if (message === 'undefined entity.') forbidden('an entity other than the five that XML predefines');
  // Some messages quote a name out of the document, which may be as long as the document.
  malformed(message.slice(0, 160));
}

/** The BOM is left to the parser, which takes one and refuses a second. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  // UTF-16 of Latin letters is valid UTF-8 in which every second character is NUL.
  if (bytes.includes(0)) throw new GatewayError('XML_ENCODING', 'The document holds a NUL byte.');
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new GatewayError('XML_ENCODING', undefined, { cause });
  }
}

/** saxes reads a DOCTYPE to its end before it says so; no `<!DOCTYPE` is content, unless a CDATA section came before. */
function refuseDoctype(text: string): void {
  const at = text.indexOf('<!DOCTYPE');
  if (at === -1) return;
  const section = text.indexOf('<![CDATA[');
  if (section === -1 || section > at) forbidden('a DOCTYPE');
}

function attach(parser: SaxesParser<{ xmlns: true }>, builder: TreeBuilder): void {
  parser.on('error', saxesFault);
  parser.on('xmldecl', checkDeclaration);
  parser.on('doctype', () => forbidden('a DOCTYPE'));
  parser.on('processinginstruction', () => forbidden('a processing instruction'));
  parser.on('comment', () => forbidden('a comment'));
  parser.on('opentagstart', () => {
    builder.startTag();
  });
  parser.on('attribute', () => {
    builder.countAttribute();
  });
  parser.on('opentag', (tag) => {
    builder.openElement(tag);
  });
  parser.on('closetag', () => {
    builder.closeElement();
  });
  parser.on('text', (text) => {
    builder.text(text);
  });
  parser.on('cdata', (text) => {
    builder.text(text);
  });
}

/** Parses a document whose root stands where `scope` is in force (xmlenc-core1 §4.5.2 for decrypted octets). */
export function parseXmlInScope(bytes: Uint8Array, limits: XmlLimits, scope: NamespaceScope | null): XmlElement {
  const text = decode(bytes);
  refuseDoctype(text);
  const builder = new TreeBuilder(limits, scope);
  const parser = new SaxesParser({
    xmlns: true,
    position: false,
    // Otherwise the document's own declaration would switch to the rules of XML 1.1.
    defaultXMLVersion: '1.0',
    forceXMLVersion: true,
    ...(scope === null ? {} : { additionalNamespaces: namespaceTable(scope) }),
  });
  attach(parser, builder);
  parser.write(text).close();
  return builder.root ?? malformed('The document has no root element.');
}

function namespaceTable(scope: NamespaceScope): Record<string, string> {
  const table = Object.create(null) as Record<string, string>;
  for (const [prefix, uri] of bindingsInScope(scope)) table[prefix] = uri;
  return table;
}

/**
 * Parses a whole document in UTF-8 into its tree. Stops at the first fault.
 *
 * @throws GatewayError XML_ENCODING, XML_MALFORMED, XML_FORBIDDEN, XML_DUPLICATE_ID or XML_LIMIT.
 */
export function parseXml(bytes: Uint8Array, limits: XmlLimits = defaultXmlLimits): XmlElement {
  return parseXmlInScope(bytes, limits, null);
}
