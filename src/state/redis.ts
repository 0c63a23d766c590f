export { connectRedis } from './redis-connection.js';
export { createRedisStore } from './redis-store.js';
