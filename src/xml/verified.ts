import type { VerifiedElement, XmlElement } from './tree.js';

/**
 * The one place where the brand is given, after the element's own canonical bytes were hashed and the hash was found
 * under a valid signature, or after it was decrypted out of such an element. Not part of the room's front door.
 */
export function brandVerified(element: XmlElement): VerifiedElement {
  return element as VerifiedElement;
}
