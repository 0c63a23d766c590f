/**
 * The one tree of a document: immutable, and without parent pointers, so that a verified subtree can stand in an
 * outgoing document as it is, without a copy. What a parent would be needed for, the namespaces in scope, each
 * element carries itself.
 */

export interface XmlAttribute {
  /** Empty where the attribute has no prefix. */
  readonly prefix: string;
  readonly localName: string;
  /** Empty where the attribute is in no namespace; an unprefixed attribute always is. */
  readonly namespace: string;
  /** Normalised as XML 1.0 §3.3.3 says, references resolved. */
  readonly value: string;
}

/** The namespace declarations in scope, innermost first; `null` is the empty scope (only `xml` is bound). */
export interface NamespaceScope {
  /** Empty for the default namespace. */
  readonly prefix: string;
  /** Empty where `xmlns=""` undeclares the default namespace. */
  readonly uri: string;
  readonly outer: NamespaceScope | null;
}

export interface XmlElement {
  readonly prefix: string;
  readonly localName: string;
  /** Empty where the element is in no namespace. */
  readonly namespace: string;
  /** In document order, without namespace declarations. */
  readonly attributes: readonly XmlAttribute[];
  /** Declarations in scope here, this element's own included. */
  readonly scope: NamespaceScope | null;
  /** Elements and runs of text; adjacent text (CDATA and references included) is one string. */
  readonly children: readonly XmlNode[];
}

export type XmlNode = XmlElement | string;

declare const verified: unique symbol;

/**
 * An element whose very content was hashed for a signature that verified under a configured key. Only `verify` and
 * `decrypt` make one, so what is read from it cannot be something that was not signed.
 */
export type VerifiedElement = XmlElement & { readonly [verified]: true };
