export { createEmbeddedStore, type EmbeddedStore, type EmbeddedStoreOptions } from './embedded-store.js';
export { withLocalFallback, type FallbackOperation, type LocalFallbackOptions } from './local-fallback.js';
export {
  connectRedis,
  type RedisConnectionOptions,
  type RedisPurpose,
  type RemoteStoreAddress,
} from './redis-connection.js';
export { createRedisStore, type RedisStoreOptions } from './redis-store.js';
export type { StateStore, StoreConcern } from './store.js';
