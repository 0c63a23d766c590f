import type { Test } from 'tap';
import { createEmbeddedBackend, type Backend } from '../../src/provisioning/index.js';
import type { RemoteStoreAddress } from '../../src/state/index.js';
import { startRedis, type RunningRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { openBackend, type OpenOptions } from './open-backend.js';

/** Opens backends over one and the same store, as the processes of an installation do. */
export interface BackendSource {
  open(t: Test): Promise<Backend>;
}

/** Short, so that a taken-over job is soon seen, and long enough for a holder that is kept waiting by others. */
export const LEASE_TIME = 2_000;

/** Where no worker dies: a machine that is busy must not look like one that did. */
const LONG_LEASE = 30_000;

/** Milliseconds that a command may take where Redis does not hang and the machine may be busy. */
export const PATIENCE = 5_000;

async function embeddedSource(t: Test, leaseTime: number): Promise<BackendSource> {
  const path = await temporaryDirectory(t);
  // A directory may be open once in a process; several processes have a test of their own.
  const backend = createEmbeddedBackend({ path, leaseTime });
  t.teardown(() => backend.close());
  return { open: () => Promise.resolve(backend) };
}

export function addressOf({ port }: RunningRedis): RemoteStoreAddress {
  return { kind: 'redis', host: '127.0.0.1', port, tls: false, db: 0 };
}

/** @param commandTimeout to be shorter where Redis hangs */
export function redisSource(redis: RunningRedis, commandTimeout = PATIENCE): BackendSource {
  return sourceAt(addressOf(redis), { leaseTime: LONG_LEASE, commandTimeout });
}

/** Opens a connection of its own to the same store each time, as another process would. */
export function sourceAt(address: RemoteStoreAddress, options: OpenOptions): BackendSource {
  return {
    open: async (t) => {
      const backend = await openBackend(address, options);
      t.teardown(() => backend.close());
      return backend;
    },
  };
}

/** Runs a suite over both backends; the store is shared within one of them, so tests use tenants of their own. */
export function overBothBackends(
  t: Test,
  suite: (t: Test, source: () => BackendSource) => void,
  leaseTime = LONG_LEASE,
): void {
  for (const [name, make] of [
    ['embedded', embeddedSource],
    [
      'redis',
      async (t: Test, leaseTime: number) =>
        sourceAt(addressOf(await startRedis(t)), { leaseTime, commandTimeout: PATIENCE }),
    ],
  ] as const) {
    t.test(name, async (t) => {
      const source = await make(t, leaseTime);
      t.jobs = 6;
      suite(t, () => source);
    });
  }
}
