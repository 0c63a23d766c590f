export type { KeyUse, SigningAlgorithm } from './algorithm.js';
export {
  certificateInfo,
  parseCertificates,
  readCertificate,
  verificationKeys,
  type CertificateInfo,
  type CertificateKey,
} from './certificate.js';
export { expiryOf, type Expiry, type ExpiryLevel } from './expiry.js';
export { keyInspector, type Finding, type KeyFileFinding, type KeyFiles } from './inspect.js';
export {
  loadKeyRing,
  type KeyEntry,
  type KeyRing,
  type KeyState,
  type RingKey,
  type RingSigningKey,
} from './key-ring.js';
export { generateKeyPair, generateSigningKey, type KeyPair, type KeyWish } from './generate.js';
export { readPemBundle, readPkcs12, storeImportedKey, type ImportedKey } from './import.js';
export { removeKeyFiles, type WrittenKey } from './key-files.js';
export { readPrivateKey } from './private-key.js';
export { editFile, readGatewayYaml, withNextKey, withStates } from './ring-file.js';
export { planPromotion, planRetirement, PUBLISHED_FOR, type ServedSince, type StateChange } from './rotation.js';
