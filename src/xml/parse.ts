import { decodeDocument } from './decode.js';
import { defaultXmlLimits, type XmlLimits } from './limits.js';
import { Scanner } from './scanner.js';
import type { NamespaceScope, XmlElement } from './tree.js';

/** Parses a document whose root stands where `scope` is in force (xmlenc-core1 §4.5.2 for decrypted octets). */
export function parseXmlInScope(bytes: Uint8Array, limits: XmlLimits, scope: NamespaceScope | null): XmlElement {
  return new Scanner(decodeDocument(bytes), limits, scope, false).document();
}

/**
 * Parses a whole document in UTF-8 into its tree. Stops at the first fault.
 *
 * @throws GatewayError XML_ENCODING, XML_MALFORMED, XML_FORBIDDEN, XML_DUPLICATE_ID or XML_LIMIT.
 */
export function parseXml(bytes: Uint8Array, limits: XmlLimits = defaultXmlLimits): XmlElement {
  return parseXmlInScope(bytes, limits, null);
}

/**
 * The same of a document that people write in, as they do in metadata: comments are passed over, and so are processing
 * instructions outside the root element. Those inside belong to the canonical form (C14N 1.0 §2.3), which is made from
 * a tree without them, so they stay refused. Never for a login, where a comment is an attack.
 */
export function parseXmlWithRemarks(bytes: Uint8Array, limits: XmlLimits): XmlElement {
  return new Scanner(decodeDocument(bytes), limits, null, true).document();
}
