/** Where the metadata of identity providers (and of the service provider) comes from. */
export { approveCertificate, listCandidates } from './approve.js';
export { isFit, type KeyRules, type MetadataFacts } from './certificate-policy.js';
export { createMetadataFetcher, type FetcherOptions, type FetchLimits, type MetadataFetcher } from './fetch.js';
export { metadataCheck } from './health.js';
export { idpMetadataReader } from './idp-reader.js';
export type { Timing as MetadataTiming } from './schedule.js';
export type { CertificateCandidate } from './last-good.js';
export {
  createMetadataSource,
  type CurrentMetadata,
  type LiveMetadata,
  type MetadataFailure,
  type MetadataSourceOptions,
  type MetadataStatus,
} from './source.js';
