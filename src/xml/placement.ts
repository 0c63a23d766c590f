import { GatewayError } from '../shared/index.js';
import { XMLDSIG_NAMESPACE } from './namespaces.js';
import { isNamed } from './navigate.js';
import type { XmlElement } from './tree.js';

/**
 * Refuses a ds:Signature anywhere but as a direct child of an allowed parent, and there more than once. Looks into
 * everything, the inside of signatures included.
 *
 * @throws GatewayError SIGNATURE_MISPLACED
 */
export function assertSignaturePlacement(root: XmlElement, allowedParents: readonly XmlElement[]): void {
  let signatures = 0;
  for (const child of root.children) {
    if (typeof child === 'string') continue;
    if (isNamed(child, XMLDSIG_NAMESPACE, 'Signature') && (++signatures > 1 || !allowedParents.includes(root))) {
      throw new GatewayError('SIGNATURE_MISPLACED', `A Signature stands in ${root.localName.slice(0, 80)}.`);
    }
    assertSignaturePlacement(child, allowedParents);
  }
}
