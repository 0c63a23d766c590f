export { formatFault, type ConfigFault } from './fault.js';
export type { KeyFileFinding, KeyFiles, KeyInspector } from './key-inspector.js';
export { Secret } from './secret.js';
export type * from './types/gateway.js';
export type * from './types/idp.js';
export type * from './types/provisioning.js';
export type * from './types/service-provider.js';
export type * from './types/store.js';
