import type { StoreAddress } from '../../src/config/index.js';
import { createEmbeddedBackend, loadRedisQueue, type Backend } from '../../src/provisioning/index.js';
import { loadRedis } from '../../src/state/index.js';

const { connectRedis } = await loadRedis();
const { createRedisBackend } = await loadRedisQueue();

export interface OpenOptions {
  /** Milliseconds after which a silent worker loses its job. */
  readonly leaseTime: number;
  /** Milliseconds that a command may take. Default 500. */
  readonly commandTimeout?: number;
}

/** A backend on the store of an address, as the program opens it; a Redis is connected when this resolves. */
export async function openBackend(address: StoreAddress, options: OpenOptions): Promise<Backend> {
  const { leaseTime, commandTimeout } = options;
  if (address.kind === 'embedded') return createEmbeddedBackend({ path: address.path, leaseTime });
  const connection = connectRedis(address, 'commands', { commandTimeout: commandTimeout ?? 500 });
  const backend = createRedisBackend({
    connection,
    openBlocking: () => connectRedis(address, 'blocking'),
    leaseTime,
  });
  while (connection.status !== 'ready') await new Promise((resolve) => setTimeout(resolve, 10));
  return {
    ...backend,
    close: async () => {
      await backend.close();
      connection.disconnect();
    },
  };
}
