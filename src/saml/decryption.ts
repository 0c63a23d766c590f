import { GatewayError } from '../shared/index.js';
import {
  assertSignaturePlacement,
  childrenNamed,
  decryptElement,
  isIdAttribute,
  isNamed,
  verifiedChildrenNamed,
  type DecryptionPolicy,
  type VerifiedElement,
  type XmlElement,
  type XmlLimits,
} from '../xml/index.js';
import type { Checker } from './checks.js';
import { ASSERTION } from './names.js';
import { walk } from './read.js';
import { assertionsAnywhere } from './response-structure.js';
import type { IdentityProvider } from './types.js';

export interface DecryptedAssertion {
  readonly assertion: XmlElement;
  /** The same assertion, where a verified signature of the Response covers the ciphertext. */
  readonly vouched: VerifiedElement | undefined;
}

/**
 * The assertion out of the one EncryptedAssertion of a Response.
 *
 * @param response the Response as it was hashed; `null` where it is not signed
 * @throws GatewayError SAML_DECRYPTION_NOT_CONFIGURED, ENCRYPTION_ALGORITHM, DECRYPTION_FAILED, SAML_ASSERTION_COUNT or
 *   SIGNATURE_MISPLACED
 */
export async function decryptAssertion(
  root: XmlElement,
  response: VerifiedElement | null,
  { idp, limits }: { readonly idp: IdentityProvider; readonly limits: XmlLimits },
  checker: Checker,
): Promise<DecryptedAssertion> {
  const { allowCbc, allowUnsignedCbc } = idp.encryption;
  // Unauthenticated ciphertext that anybody may alter is a padding oracle (xmlenc-core1 §6.1).
  const policy: DecryptionPolicy = { allowCbc: allowCbc && (response !== null || allowUnsignedCbc) };
  const decrypted = await checker.step('decryption', (): DecryptedAssertion => {
    if (idp.decryptionKeys.length === 0) throw new GatewayError('SAML_DECRYPTION_NOT_CONFIGURED');
    const vouchedFor = response === null ? undefined : verifiedChildrenNamed(response, ASSERTION, CONTAINER)[0];
    if (vouchedFor !== undefined) {
      const vouched = decryptElement(vouchedFor, idp.decryptionKeys, policy, limits);
      return { assertion: vouched, vouched };
    }
    const [container] = childrenNamed(root, ASSERTION, CONTAINER);
    if (container === undefined) throw new GatewayError('SAML_ASSERTION_COUNT');
    return { assertion: decryptElement(container, idp.decryptionKeys, policy, limits), vouched: undefined };
  });
  const { assertion } = decrypted;
  await checker.step('decrypted-assertion', () => {
    if (!isNamed(assertion, ASSERTION, 'Assertion') || assertionsAnywhere(assertion).length !== 1) {
      throw new GatewayError('SAML_ASSERTION_COUNT', 'What was encrypted is not one Assertion.');
    }
    assertSignaturePlacement(assertion, [assertion]);
  });
  return decrypted;
}

const CONTAINER = 'EncryptedAssertion';

/** The parser saw the two documents one by one. @throws GatewayError XML_DUPLICATE_ID */
export function assertDistinctIds(outer: XmlElement, inner: XmlElement): void {
  const ids = new Set<string>();
  const collect = (element: XmlElement) => {
    for (const { prefix, localName, value } of element.attributes) {
      if (!isIdAttribute(prefix, localName)) continue;
      if (ids.has(value)) throw new GatewayError('XML_DUPLICATE_ID');
      ids.add(value);
    }
  };
  walk(outer, collect);
  walk(inner, collect);
}
