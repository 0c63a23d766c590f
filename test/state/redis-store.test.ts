import { Redis } from 'ioredis';
import t, { type Test } from 'tap';
import { systemClock, type Clock } from '../../src/shared/index.js';
import { loadRedis, type StateStore } from '../../src/state/index.js';
import { manualClock } from '../support/clock.js';
import { startRedis, type RunningRedis } from '../support/redis.js';
import { until } from '../support/running.js';
import { storeContract } from './store-contract.js';

const { connectRedis, createRedisStore } = await loadRedis();

/** Milliseconds that a command may take where Redis is well and the machine may be busy. */
const PATIENCE = 5_000;
/** Where Redis hangs. */
const HASTE = 400;

interface Opening {
  readonly clock?: Clock;
  readonly commandTimeout?: number;
}

function open(
  t: Test,
  redis: RunningRedis,
  prefix: string,
  { clock = systemClock, commandTimeout = PATIENCE }: Opening = {},
): StateStore {
  const address = { kind: 'redis', host: '127.0.0.1', port: redis.port, tls: false, db: 0 } as const;
  const connection = connectRedis(address, 'commands', { commandTimeout });
  t.teardown(() => {
    connection.disconnect();
  });
  return createRedisStore({ connection, prefix, clock });
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

/** Claims one key after the other until an answer comes within the time limit. */
async function claimed(store: StateStore, attempt = 0): Promise<boolean> {
  return store
    .claimOnce(`b${attempt}`, Date.now() + 60_000)
    .catch(() => ready(store).then(() => claimed(store, attempt + 1)));
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

t.test('a claim holds whatever the clock of Redis says, and some time longer than its assertion', async (t) => {
  const redis = await startRedis(t);
  const admin = new Redis({ port: redis.port, host: '127.0.0.1' });
  t.teardown(() => {
    admin.disconnect();
  });
  for (const [name, difference] of [
    ['ahead', -600_000],
    ['behind', 600_000],
  ] as const) {
    const clock = manualClock(Date.now() + difference);
    const store = open(t, redis, name, { clock });
    await ready(store);
    t.equal(await store.claimOnce('a', clock.now() + 480_000), true, name);
    t.equal(await store.claimOnce('a', clock.now() + 480_000), false);
    const left = await admin.pttl(`${name}:claim:a`);
    t.ok(left > 480_000 && left <= 780_000, `${left} ms`);
    await store.putRequest('r', 'sealed', clock.now() + 60_000);
    t.equal(await store.findRequest('r'), 'sealed');
    const pending = await admin.pttl(`${name}:request:r`);
    t.ok(pending > 0 && pending <= 60_000, `${pending} ms`);
    t.equal(await store.claimOnce('late', clock.now() - 1), true);
    t.equal(await store.claimOnce('late', clock.now() - 1), false, 'also of one that is over already');
    const told = await store.clockDifference();
    t.ok(told !== null && Math.abs(told + difference) < 60_000, `${told} ms`);
  }
});

t.test('a server that denies TIME tells no difference of clocks; one that hangs throws', async (t) => {
  const redis = await startRedis(t);
  const admin = new Redis({ port: redis.port, host: '127.0.0.1' });
  t.teardown(() => {
    admin.disconnect();
  });
  const store = open(t, redis, 'p');
  await ready(store);
  await admin.call('ACL', 'SETUSER', 'default', '-time');
  t.equal(await store.clockDifference(), null);
  const hasty = open(t, redis, 'p', { commandTimeout: HASTE });
  await ready(hasty);
  redis.pause();
  await t.rejects(hasty.clockDifference(), { code: 'STORE_UNAVAILABLE' });
  redis.resume();
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
    const store = open(t, redis, 'p', { commandTimeout: HASTE });
    await ready(store);
    const failsQuickly = async (): Promise<void> => {
      const began = performance.now();
      await t.rejects(store.claimOnce('a', Date.now() + 60_000), { code: 'STORE_UNAVAILABLE' });
      await t.rejects(store.takeRequest('r'), { code: 'STORE_UNAVAILABLE' });
      t.ok(performance.now() - began < 10 * HASTE, 'within the time limit');
    };
    redis.pause();
    await failsQuickly();
    redis.resume();
    await ready(store);
    await redis.kill();
    await failsQuickly();
    await redis.restart();
    await ready(store);
    t.equal(await claimed(store), true);
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
  const store = open(t, replica, 'p');
  // Not for want of a connection, as in the first moments.
  const failure = await until(
    () => store.ping().catch((error: unknown) => error),
    (error) => error instanceof Error && error.message.includes('READONLY'),
  );
  t.match(failure, { code: 'STORE_UNAVAILABLE' });
});
