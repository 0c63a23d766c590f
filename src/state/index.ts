export { createEmbeddedStore, type EmbeddedStore, type EmbeddedStoreOptions } from './embedded-store.js';
export { withLocalFallback, type FallbackOperation, type LocalFallbackOptions } from './local-fallback.js';
export type { RedisConnectionOptions, RedisPurpose, RemoteStoreAddress } from './redis-connection.js';
export type { RedisStoreOptions } from './redis-store.js';
export type { StateStore, StoreConcern } from './store.js';

/** The store on Redis, loaded when it is asked for: its client takes long to load, and the embedded store needs none. */
export const loadRedis = () => import('./redis.js');
