import { parseMetadata, type IdpMetadata } from '../../saml/index.js';

/**
 * Reads an IdP's metadata.
 *
 * @param entityId which entity; null takes the only one that the document describes
 */
export function idpMetadataReader(entityId: string | null): (xml: Uint8Array) => Promise<IdpMetadata> {
  // No moment is before -∞, so validUntil is not judged here: the source does, each time that it is asked.
  return (xml) => parseMetadata(xml, { entityId, now: -Infinity, signature: null });
}
