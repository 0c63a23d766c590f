import type { Test } from 'tap';
import { createEmbeddedBackend, type Backend } from '../../src/provisioning/index.js';
import type { RemoteStoreAddress } from '../../src/state/index.js';
import { startRedis, type RunningRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { openBackend } from './open-backend.js';

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

export function addressOf({ port }: RunningRedis): RemoteStoreAddress {
  return { kind: 'redis', host: '127.0.0.1', port, tls: false, db: 0 };
}

export async function redisSource(t: Test, redis?: RunningRedis): Promise<BackendSource> {
  return sourceAt(addressOf(redis ?? (await startRedis(t))));
}

/** Opens a connection of its own to the same store each time, as another process would. */
export function sourceAt(address: RemoteStoreAddress, commandTimeout = 500): BackendSource {
  return {
    open: async (t) => {
      const backend = await openBackend(address, { leaseTime: LEASE_TIME, commandTimeout });
      t.teardown(() => backend.close());
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
