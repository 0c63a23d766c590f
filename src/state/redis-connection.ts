import { Cluster, Redis } from 'ioredis';
import type { StoreAddress } from '../config/index.js';
import { GatewayError } from '../shared/index.js';
import { redisPlace, redisReason } from './redis-words.js';

export type RemoteStoreAddress = Exclude<StoreAddress, { readonly kind: 'embedded' }>;

/**
 * - `commands`: for the path of a login. A command that gets no answer within a second fails, and so does one that
 *   meets no connection or loses it; the login is then refused or spooled, never held.
 * - `blocking`: for BullMQ's workers, whose commands wait for work and for a lost server to come back.
 */
export type RedisPurpose = 'commands' | 'blocking';

export interface RedisConnectionOptions {
  /** Milliseconds after which a command fails (`commands` only). Default 1000. */
  readonly commandTimeout?: number;
  /** Told of every connection error; ioredis goes on reconnecting by itself. */
  readonly onError?: (error: Error) => void;
}

const CONNECT_TIMEOUT = 2_000;
// A host that vanished without a word leaves its connections open; one that has been silent for so long is dropped and
// made anew, which after a failover leads to the new master. BullMQ asks for work for at most 10 s at a time.
const LONGEST_SILENCE = { commands: 5_000, blocking: 15_000 } as const;
const LONGEST_PAUSE = 1_000;

/** Opens a connection to a single Redis, to the master that Sentinels name, or to a cluster. Connects in the background. */
export function connectRedis(
  address: RemoteStoreAddress,
  purpose: RedisPurpose,
  options: RedisConnectionOptions = {},
): Redis | Cluster {
  const connection = open(address, purpose, options.commandTimeout ?? 1_000);
  // Without a listener Node would end the process; callers see the failure of their own command anyway.
  connection.on('error', (error: Error) => {
    const detail = `${redisPlace(connection)}: ${redisReason(error)}`;
    options.onError?.(new GatewayError('STORE_UNAVAILABLE', detail, { cause: error }));
  });
  return connection;
}

function open(address: RemoteStoreAddress, purpose: RedisPurpose, commandTimeout: number): Redis | Cluster {
  const common = {
    connectTimeout: CONNECT_TIMEOUT,
    socketTimeout: LONGEST_SILENCE[purpose],
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password.reveal() }),
    ...(address.tls ? { tls: {} } : {}),
    // What was under way when a connection broke may have been carried out. Sent again, a claim would meet itself, and
    // a login that nobody copied be refused as a replay.
    ...(purpose === 'commands' ? { commandTimeout, maxRetriesPerRequest: 0 } : { maxRetriesPerRequest: null }),
  };
  const offline = { enableOfflineQueue: purpose === 'blocking' };
  const retryStrategy = (times: number): number => Math.min(50 * times, LONGEST_PAUSE);
  switch (address.kind) {
    case 'redis':
      return new Redis({
        ...common,
        ...offline,
        retryStrategy,
        host: address.host,
        port: address.port,
        db: address.db,
        // After a failover the old master answers READONLY; connecting anew finds the new one.
        reconnectOnError: isReadOnly,
      });
    case 'redis-sentinel':
      return new Redis({
        ...common,
        ...offline,
        retryStrategy,
        sentinels: address.sentinels.map(({ host, port }) => ({ host, port })),
        name: address.name,
        db: address.db,
        ...(address.sentinelUsername === undefined ? {} : { sentinelUsername: address.sentinelUsername }),
        ...(address.sentinelPassword === undefined ? {} : { sentinelPassword: address.sentinelPassword.reveal() }),
        ...(address.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
        sentinelRetryStrategy: retryStrategy,
        // Listens to the Sentinels, so that a master that hangs is left as soon as another is named.
        failoverDetector: true,
        sentinelCommandTimeout: CONNECT_TIMEOUT,
        reconnectOnError: isReadOnly,
      });
    case 'redis-cluster':
      return new Cluster(
        address.nodes.map(({ host, port }) => ({ host, port })),
        { ...offline, redisOptions: common, clusterRetryStrategy: retryStrategy },
      );
  }
}

function isReadOnly(error: Error): boolean {
  return error.message.startsWith('READONLY');
}
