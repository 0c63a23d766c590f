import { Cluster, type Redis } from 'ioredis';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection broke',
  EHOSTUNREACH: 'no way to that host',
  ENETUNREACH: 'no way to that network',
  ENOTFOUND: 'no such host',
  ETIMEDOUT: 'no answer in time',
};

/** Which server, as the operator wrote it. */
export function redisPlace(connection: Redis | Cluster): string {
  if (connection instanceof Cluster) return 'The Redis cluster';
  const { sentinels, name, host, port } = connection.options;
  if (sentinels) return `Redis ${name ?? ''} by its Sentinels`;
  return `Redis at ${host ?? 'localhost'}:${port ?? 6379}`;
}

/** In words that an administrator knows. */
export function redisReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}

/** Whether a command failed because there is no connection: it says so in ioredis's own terms, and not why. */
export function isUnconnected(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'MaxRetriesPerRequestError' || error.message.startsWith("Stream isn't writeable");
}
