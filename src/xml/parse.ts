import { decodeDocument } from './decode.js';
import { defaultXmlLimits, type XmlLimits } from './limits.js';
import { Scanner } from './scanner.js';
import type { NamespaceScope, XmlElement } from './tree.js';

/** Parses a document whose root stands where `scope` is in force (xmlenc-core1 §4.5.2 for decrypted octets). */
export function parseXmlInScope(bytes: Uint8Array, limits: XmlLimits, scope: NamespaceScope | null): XmlElement {
  return new Scanner(decodeDocument(bytes), limits, scope).document();
}

/**
 * Parses a whole document in UTF-8 into its tree. Stops at the first fault.
 *
 * @throws GatewayError XML_ENCODING, XML_MALFORMED, XML_FORBIDDEN, XML_DUPLICATE_ID or XML_LIMIT.
 */
export function parseXml(bytes: Uint8Array, limits: XmlLimits = defaultXmlLimits): XmlElement {
  return parseXmlInScope(bytes, limits, null);
}
