import { Redis } from 'ioredis';
import t, { type Test } from 'tap';
import { Secret } from '../../src/config/index.js';
import { systemClock } from '../../src/shared/index.js';
import { loadRedis, type RemoteStoreAddress } from '../../src/state/index.js';
import { startRedis, type RunningRedis } from '../support/redis.js';

const { connectRedis, createRedisStore } = await loadRedis();

/** @param commandTimeout by default more than a busy machine needs */
async function connected(t: Test, address: RemoteStoreAddress, commandTimeout = 5_000) {
  const connection = connectRedis(address, 'commands', { commandTimeout });
  t.teardown(() => {
    connection.disconnect();
  });
  while (connection.status !== 'ready') await new Promise((resolve) => setTimeout(resolve, 10));
  return { connection, store: createRedisStore({ connection, clock: systemClock }) };
}

function addressOf({ port }: RunningRedis): RemoteStoreAddress {
  return { kind: 'redis', host: '127.0.0.1', port, tls: false, db: 0 };
}

function admin(t: Test, { port }: RunningRedis): Redis {
  const client = new Redis({ port, host: '127.0.0.1' });
  t.teardown(() => {
    client.disconnect();
  });
  return client;
}

t.test('a Redis as it should be gives no concern', async (t) => {
  const redis = await startRedis(t, { args: ['--appendonly', 'yes', '--maxmemory', '100mb'] });
  t.strictSame(await (await connected(t, addressOf(redis))).store.concerns(), []);
});

t.test(
  'no append-only file, another policy than noeviction, hardly any room: each is told with its remedy',
  async (t) => {
    const redis = await startRedis(t, { args: ['--maxmemory-policy', 'allkeys-lru'] });
    const { store } = await connected(t, addressOf(redis));
    const client = admin(t, redis);
    t.match(await store.concerns(), [
      { detail: /append-only file/, remedy: /appendonly yes/ },
      { detail: /maxmemory-policy is allkeys-lru/, remedy: /noeviction/ },
    ]);
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    await client.config('SET', 'appendonly', 'yes');
    t.strictSame(await store.concerns(), []);
    const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
    await client.config('SET', 'maxmemory', String(Math.ceil(used * 1.02)));
    t.match(await store.concerns(), [{ detail: /nearly full: 9\d %|nearly full: 1\d\d %/, remedy: /maxmemory/ }]);
  },
);

t.test('a server that denies CONFIG is no concern; one that denies INFO is, since the queue needs it', async (t) => {
  const redis = await startRedis(t, { args: ['--appendonly', 'yes'] });
  const client = admin(t, redis);
  await client.call('ACL', 'SETUSER', 'gateway', 'on', '>secret', '~*', '&*', '+@all', '-config');
  const address = { ...addressOf(redis), username: 'gateway', password: new Secret('secret') };
  const { connection, store } = await connected(t, address);
  await t.rejects(connection.call('config', 'get', 'appendonly'), { message: /NOPERM/ });
  t.strictSame(await store.concerns(), []);
  await client.call('ACL', 'SETUSER', 'gateway', '-info');
  t.match(await store.concerns(), [{ detail: /INFO/, remedy: /\+info/ }]);
});

t.test('a server that does not answer throws', async (t) => {
  const redis = await startRedis(t);
  const { store } = await connected(t, addressOf(redis));
  t.equal((await store.concerns()).length, 1);
  const hasty = await connected(t, addressOf(redis), 400);
  redis.pause();
  await t.rejects(hasty.store.concerns(), { code: 'STORE_UNAVAILABLE' });
  redis.resume();
});
