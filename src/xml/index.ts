export { decodeBase64 } from './base64.js';
export { attribute, element, type ElementDescription } from './build.js';
export { canonicalize, canonicalOctets } from './canonicalize.js';
export { isIdAttribute } from './characters.js';
export type { ContentAlgorithm } from './content-cipher.js';
export { decryptElement, type DecryptionPolicy } from './decrypt.js';
export { encryptElement, type EncryptionAlgorithms, type EncryptionRecipient } from './encrypt.js';
export { verificationKeyOf, type SignatureAlgorithm, type SigningKey, type VerificationKey } from './keys.js';
export { defaultXmlLimits, type XmlLimits } from './limits.js';
export { XMLDSIG_NAMESPACE } from './namespaces.js';
export {
  attributeValue,
  childElements,
  childrenNamed,
  isNamed,
  textContent,
  verifiedChildren,
  verifiedChildrenNamed,
} from './navigate.js';
export { isSignedBy, signOctets } from './octets.js';
export { parseXml, parseXmlWithRemarks } from './parse.js';
export { assertSignaturePlacement } from './placement.js';
export { bindingsInScope, lookupNamespace } from './scope.js';
export { signEnveloped, type SigningOptions } from './sign.js';
export { identifiersOf, signatureMethodOf, type DigestName } from './signature-algorithms.js';
export type { NamespaceScope, VerifiedElement, XmlAttribute, XmlElement, XmlNode } from './tree.js';
export { beginVerification, verifySignature, type SignaturePolicy, type Verification } from './verify.js';
