export { CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.js';
export { systemClock, type Clock } from './clock.js';
export { DiskRoom } from './disk-room.js';
export type { ErrorEntry, PublicMessage } from './errors/entry.js';
export { errorTable, GatewayError, type ErrorCode, type Evidence } from './errors/table.js';
export { reasonOfFailedCommit } from './failed-commit.js';
export { escapeHtml } from './html.js';
export { createIdSource, systemRandom, type IdSource, type RandomBytes } from './ids.js';
export { programVersion } from './version.js';
