/** The only place where configuration becomes concrete objects. */
export { Application } from './application.js';
export { readConfiguration, requireConfiguration, type ConfigurationRequest } from './configuration.js';
export { openDeadLetters, type OpenDeadLetters, type TenantDeadLetters } from './dead-letters.js';
export { approveCertificate, listCandidates } from './metadata/index.js';
export { inspectionFor, type InspectionInput } from './inspection.js';
export { localMetadataFaults } from './local-metadata.js';
export { askOnline, askStore, type OnlineResult } from './online.js';
export { ownMetadata } from './own-metadata.js';
export { Reloader } from './reload.js';
export { startGateway, type RunningGateway, type ServeOptions } from './serve.js';
export { systemServices } from './system-services.js';
export { openTraces } from './stores.js';
export type { ApplicationServices } from './services.js';
export { readPublishedKeys } from './published-keys.js';
