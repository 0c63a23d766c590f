import { Redis } from 'ioredis';
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

t.test('a Redis that is full refuses claims, and its ping says so, until there is room', async (t) => {
  const redis = await startRedis(t, { args: ['--maxmemory-policy', 'noeviction'] });
  const store = open(t, redis, 'p');
  await ready(store);
  const admin = new Redis({ port: redis.port, host: '127.0.0.1' });
  t.teardown(() => {
    admin.disconnect();
  });
  await admin.config('SET', 'maxmemory', '1');
  await t.rejects(store.claimOnce('a', Date.now() + 60_000), { code: 'STORE_UNAVAILABLE' });
  await t.rejects(store.ping(), { code: 'STORE_UNAVAILABLE', message: /OOM/ });
  await admin.config('SET', 'maxmemory', '0');
  await t.resolves(store.ping());
  t.equal(await store.claimOnce('a', Date.now() + 60_000), true);
});

t.test('the ping of a replica, which answers and takes no claim, fails', async (t) => {
  const master = await startRedis(t);
  const replica = await startRedis(t, { args: ['--replicaof', '127.0.0.1', String(master.port)] });
  await t.rejects(open(t, replica, 'p').ping(), { code: 'STORE_UNAVAILABLE' });
});
