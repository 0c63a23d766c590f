import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayConfig } from '../config/index.js';
import {
  createEmbeddedTraceStore,
  createRedisTraceStore,
  type TraceBounds,
  type TraceStore,
} from '../observe/index.js';
import { createEmbeddedBackend, createSpool, loadRedisQueue, type Backend, type Spool } from '../provisioning/index.js';
import { GatewayError, type Clock } from '../shared/index.js';
import {
  createEmbeddedStore,
  loadRedis,
  withLocalFallback,
  type RemoteStoreAddress,
  type StateStore,
} from '../state/index.js';

/** Everything that outlives a request, opened as `store:` says. */
export interface Stores {
  readonly state: StateStore;
  readonly backend: Backend;
  /** `null` where the queue itself is on this machine. */
  readonly spool: Spool | null;
  readonly traces: TraceStore;
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly clock: Clock;
  /** Told of each connection error; the connection mends itself. */
  readonly onError: (error: Error) => void;
  /** The local store answered in the shared one's place. */
  readonly onFallback: () => void;
}

type StoreConfig = Pick<GatewayConfig, 'store' | 'onStoreFailure' | 'dataDirectory' | 'traces'>;

/**
 * Opens the stores. Redis is connected in the background, so one that is away is no reason not to start.
 *
 * @throws GatewayError STORE_UNAVAILABLE where a directory of the embedded store cannot be used
 */
export async function openStores(config: StoreConfig, options: StoreOptions): Promise<Stores> {
  const { store } = config;
  return store.kind === 'embedded'
    ? openEmbedded(store.path, config.traces, options)
    : await openRedis(store, config, options);
}

function openEmbedded(path: string, bounds: TraceBounds, { clock }: StoreOptions): Stores {
  const state = createEmbeddedStore({ path: join(path, 'state'), clock });
  const backend = createEmbeddedBackend({ path: join(path, 'provisioning'), clock });
  const traces = createEmbeddedTraceStore({ path: join(path, 'traces'), clock, bounds });
  return { state, backend, spool: null, traces, close: () => closeAll([traces, backend, state]) };
}

async function openRedis(address: RemoteStoreAddress, config: StoreConfig, options: StoreOptions): Promise<Stores> {
  const [{ connectRedis, createRedisStore }, { createRedisBackend }] = await Promise.all([
    loadRedis(),
    loadRedisQueue(),
  ]);
  const { clock, onError, onFallback } = options;
  const connection = connectRedis(address, 'commands', { onError });
  const shared = createRedisStore({ connection, clock });
  const local = (name: string) => join(config.dataDirectory, name);
  const state =
    config.onStoreFailure === 'local'
      ? withLocalFallback(shared, createEmbeddedStore({ path: local('local-state'), clock }), { onFallback })
      : shared;
  const backend = createRedisBackend({
    connection,
    openBlocking: () => connectRedis(address, 'blocking', { onError }),
    onError,
  });
  const spool = createSpool({ path: local('spool'), clock });
  const traces = createRedisTraceStore({ connection, clock, bounds: config.traces });
  const hangUp = {
    close: () => {
      connection.disconnect();
      return Promise.resolve();
    },
  };
  return { state, backend, spool, traces, close: () => closeAll([traces, backend, state, spool, hangUp]) };
}

/**
 * Only the login traces, for reading them from another process. Null where there is no store yet: making one would leave
 * files of another user in the gateway's place.
 *
 * @throws GatewayError FILE_UNREADABLE
 */
export async function openTraces(
  { store, traces: bounds }: Pick<GatewayConfig, 'store' | 'traces'>,
  { clock }: Pick<StoreOptions, 'clock'>,
): Promise<TraceStore | null> {
  if (store.kind === 'embedded') {
    const path = join(store.path, 'traces');
    try {
      statSync(path);
      return createEmbeddedTraceStore({ path, clock, bounds });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      const reason = error instanceof Error ? error.message : String(error);
      throw new GatewayError('FILE_UNREADABLE', `cannot open ${path}: ${reason}`, { cause: error });
    }
  }
  const { connectRedis } = await loadRedis();
  // Waits for the connection, which a gateway that runs need not.
  const connection = connectRedis(store, 'blocking');
  const traces = createRedisTraceStore({ connection, clock, bounds });
  return {
    add: (reference, entry) => traces.add(reference, entry),
    find: (reference) => traces.find(reference),
    recent: (limit) => traces.recent(limit),
    close: () => {
      connection.disconnect();
      return Promise.resolve();
    },
  };
}

/** One that fails to close must not keep the others open. */
async function closeAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  for (const part of parts) await part.close().catch(() => undefined);
}
