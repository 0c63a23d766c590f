import type { Test } from 'tap';
import { createEmbeddedBackend, createRedisBackend, type Backend } from '../../src/provisioning/index.js';
import { connectRedis, type RemoteStoreAddress } from '../../src/state/index.js';
import { startRedis, type RunningRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';

/** Opens backends over one and the same store, as the processes of an installation do. */
export interface BackendSource {
  open(t: Test): Promise<Backend>;
}

/** Short, so that a taken-over job is soon seen. */
export const LEASE_TIME = 600;

export async function embeddedSource(t: Test): Promise<BackendSource> {
  const path = await temporaryDirectory(t);
  // A directory may be open once in a process; several processes have a test of their own.
  const backend = createEmbeddedBackend({ path, leaseTime: LEASE_TIME });
  t.teardown(() => backend.close());
  return { open: () => Promise.resolve(backend) };
}

export async function redisSource(t: Test, redis?: RunningRedis): Promise<BackendSource> {
  const { port } = redis ?? (await startRedis(t));
  const address: RemoteStoreAddress = { kind: 'redis', host: '127.0.0.1', port, tls: false, db: 0 };
  return {
    open: async (t) => {
      const connection = connectRedis(address, 'commands', { commandTimeout: 500 });
      const openBlocking = () => connectRedis(address, 'blocking');
      const backend = createRedisBackend({ connection, openBlocking, leaseTime: LEASE_TIME });
      t.teardown(async () => {
        await backend.close();
        connection.disconnect();
      });
      while (connection.status !== 'ready') await new Promise((resolve) => setTimeout(resolve, 10));
      return backend;
    },
  };
}

/** Runs a suite over both backends; the store is shared within one of them, so tests use tenants of their own. */
export function overBothBackends(t: Test, suite: (t: Test, source: () => BackendSource) => void): void {
  for (const [name, make] of [
    ['embedded', embeddedSource],
    ['redis', redisSource],
  ] as const) {
    t.test(name, async (t) => {
      const source = await make(t);
      t.jobs = 6;
      suite(t, () => source);
    });
  }
}
