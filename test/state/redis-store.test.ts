import t, { type Test } from 'tap';
import { connectRedis, createRedisStore, type StateStore } from '../../src/state/index.js';
import { startRedis, type RunningRedis } from '../support/redis.js';
import { storeContract } from './store-contract.js';

function open(t: Test, redis: RunningRedis, prefix: string): StateStore {
  const address = { kind: 'redis', host: '127.0.0.1', port: redis.port, tls: false, db: 0 } as const;
  const connection = connectRedis(address, 'commands', { commandTimeout: 400 });
  t.teardown(() => {
    connection.disconnect();
  });
  return createRedisStore({ connection, prefix });
}

async function ready(store: StateStore): Promise<void> {
  for (;;) {
    try {
      await store.ping();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

t.test('contract', async (t) => {
  const redis = await startRedis(t);
  let prefix = 0;
  storeContract(t, async (t) => {
    prefix += 1;
    const stores = [open(t, redis, `p${prefix}`), open(t, redis, `p${prefix}`)] as const;
    await Promise.all(stores.map(ready));
    return {
      stores,
      now: () => Date.now(),
      pass: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    };
  });
});

t.test('prefixes keep two installations on one Redis apart', async (t) => {
  const redis = await startRedis(t);
  const [one, other] = [open(t, redis, 'one'), open(t, redis, 'other')];
  await Promise.all([ready(one), ready(other)]);
  await one.claimOnce('a', Date.now() + 60_000);
  t.equal(await other.claimOnce('a', Date.now() + 60_000), true);
});

t.test(
  'a Redis that is stopped, hangs or never was there fails quickly, and is used again when it is back',
  async (t) => {
    const redis = await startRedis(t);
    const store = open(t, redis, 'p');
    await ready(store);
    const failsQuickly = async (): Promise<void> => {
      const began = performance.now();
      await t.rejects(store.claimOnce('a', Date.now() + 60_000), { code: 'STORE_UNAVAILABLE' });
      await t.rejects(store.takeRequest('r'), { code: 'STORE_UNAVAILABLE' });
      t.ok(performance.now() - began < 2_000, 'within the time limit');
    };
    redis.pause();
    await failsQuickly();
    redis.resume();
    await ready(store);
    await redis.kill();
    await failsQuickly();
    await redis.restart();
    await ready(store);
    t.equal(await store.claimOnce('b', Date.now() + 60_000), true);
  },
);

t.test('a Redis that may not write refuses claims', async (t) => {
  const redis = await startRedis(t, { args: ['--maxmemory', '1mb', '--maxmemory-policy', 'noeviction'] });
  const store = open(t, redis, 'p');
  await ready(store);
  await t.rejects(
    store
      .putRequest('r', 'x'.repeat(2_000_000), Date.now() + 60_000)
      .then(() => store.claimOnce('a', Date.now() + 60_000)),
    {
      code: 'STORE_UNAVAILABLE',
    },
  );
});
