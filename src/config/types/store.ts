import type { Secret } from '../secret.js';

/** A host and TCP port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** What every Redis address may carry. */
interface RedisAccess {
  /** TLS to the servers (`rediss`); the certificate is checked against the system's roots and NODE_EXTRA_CA_CERTS. */
  readonly tls: boolean;
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
}

export interface EmbeddedAddress {
  readonly kind: 'embedded';
  /** Absolute path of the directory. */
  readonly path: string;
}

export interface RedisAddress extends RedisAccess, HostPort {
  readonly kind: 'redis';
  /** Number of the database. */
  readonly db: number;
}

export interface RedisSentinelAddress extends RedisAccess {
  readonly kind: 'redis-sentinel';
  readonly sentinels: readonly HostPort[];
  /** The name under which the Sentinels know the master. */
  readonly name: string;
  readonly db: number;
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: Secret | undefined;
}

export interface RedisClusterAddress extends RedisAccess {
  readonly kind: 'redis-cluster';
  readonly nodes: readonly HostPort[];
}

/** The parsed `store:`. */
export type StoreAddress = EmbeddedAddress | RedisAddress | RedisSentinelAddress | RedisClusterAddress;
