import { Redis } from 'ioredis';
import t from 'tap';
import { createEmbeddedBackend, loadRedisQueue, type Budget, type BudgetLimit } from '../../src/provisioning/index.js';
import { loadRedis } from '../../src/state/index.js';
import { manualClock } from '../support/clock.js';
import { startRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { addressOf, overBothBackends, redisSource } from './backends.js';
import { openBackend } from './open-backend.js';
import { eventually } from './rig.js';

const { connectRedis } = await loadRedis();
const { createRedisBackend } = await loadRedisQueue();

const limit = { requests: 5, per: 300 };

overBothBackends(t, (t, source) => {
  t.test(
    'whichever window the server counts by, it never sees more than the limit, however late requests arrive',
    async (t) => {
      const budgets = [(await source().open(t)).budget, (await source().open(t)).budget] as const;
      const arrivals: number[] = [];
      const until = Date.now() + 2_500;
      const work = async (budget: Budget, at: number): Promise<void> => {
        while (Date.now() < until) {
          const grant = await budget.acquire('t', limit, 1_000);
          if (!grant.granted) {
            await new Promise((resolve) => setTimeout(resolve, Math.min(grant.wait, 20)));
            continue;
          }
          // Some requests are slow on the way there, some on the way back: that is what bunches arrivals.
          await new Promise((resolve) => setTimeout(resolve, (at * 37) % 150));
          arrivals.push(performance.now());
          await new Promise((resolve) => setTimeout(resolve, (at * 53) % 40));
          await budget.settle('t', grant.slot, limit);
        }
      };
      await Promise.all(Array.from({ length: 8 }, (_, at) => work(budgets[at % 2 === 0 ? 0 : 1], at)));
      arrivals.sort((a, b) => a - b);
      const most = Math.max(
        ...arrivals.map((from) => arrivals.filter((at) => at >= from && at < from + limit.per - 1).length),
      );
      t.ok(most <= limit.requests, `at most ${limit.requests} in any window, seen ${most}`);
      t.ok(arrivals.length >= 15, `and the budget is used: ${arrivals.length}`);
    },
  );

  t.test('a full budget says when to ask again', async (t) => {
    const { budget } = await source().open(t);
    const slots: string[] = [];
    for (let at = 0; at < limit.requests; at++) {
      const grant = await budget.acquire('full', limit, 5_000);
      if (grant.granted) slots.push(grant.slot);
    }
    t.equal(slots.length, limit.requests);
    const refused = await budget.acquire('full', limit, 5_000);
    t.match(refused, { granted: false });
    t.ok(!refused.granted && refused.wait === limit.per, 'a window from now, if an answer came this moment');
    await budget.settle('full', slots[0] ?? '', limit);
    const soon = await budget.acquire('full', limit, 5_000);
    t.ok(!soon.granted && soon.wait > 0 && soon.wait <= limit.per, 'one window after an answer');
    await new Promise((resolve) => setTimeout(resolve, limit.per + 20));
    t.match(await budget.acquire('full', limit, 5_000), { granted: true });
    t.match(await budget.acquire('full', limit, 5_000), { granted: false }, 'only the settled slot came free');
  });

  t.test('a slot whose worker died comes free by itself', async (t) => {
    const { budget } = await source().open(t);
    const small = { requests: 1, per: 100 };
    t.match(await budget.acquire('died', small, 200), { granted: true });
    t.match(await budget.acquire('died', small, 200), { granted: false });
    await new Promise((resolve) => setTimeout(resolve, 350));
    t.match(await budget.acquire('died', small, 200), { granted: true });
  });

  t.test('a hold stops the whole tenant, for all workers, and no other tenant', async (t) => {
    const [one, two] = [(await source().open(t)).budget, (await source().open(t)).budget];
    await one.hold('held', 4_000);
    await one.hold('held', 10);
    const grant = await two.acquire('held', limit, 1_000);
    t.ok(!grant.granted && grant.wait > 10 && grant.wait <= 4_000, 'the longer hold counts');
    t.match(await two.acquire('free', limit, 1_000), { granted: true });
    await new Promise((resolve) => setTimeout(resolve, 4_020));
    t.match(await two.acquire('held', limit, 1_000), { granted: true });
  });

  t.test('tenants have budgets of their own', async (t) => {
    const { budget } = await source().open(t);
    const one = { requests: 1, per: 1_000 };
    t.match(await budget.acquire('tenant a', one, 1_000), { granted: true });
    t.match(await budget.acquire('tenant b', one, 1_000), { granted: true });
    t.match(await budget.acquire('tenant a', one, 1_000), { granted: false });
  });
});

t.test('after the machine’s restart, slots and holds of the time before do not count', async (t) => {
  let uptime = 5_000_000;
  const path = await temporaryDirectory(t);
  const backend = createEmbeddedBackend({ path, monotonic: { now: () => uptime } });
  t.teardown(() => backend.close());
  const { budget } = backend;
  const one = { requests: 1, per: 10_000 };
  t.match(await budget.acquire('t', one, 15_000), { granted: true });
  await budget.hold('held', 3_600_000);
  uptime = 60_000;
  t.match(await budget.acquire('t', one, 15_000), { granted: true });
  t.match(await budget.acquire('t', one, 15_000), { granted: false }, 'the new ones do');
  t.match(await budget.acquire('held', one, 15_000), { granted: true });
  await budget.hold('held', 5_000);
  t.match(await budget.acquire('held', one, 15_000), { granted: false, wait: 5_000 });
});

t.test('where Redis’s clock was set, nobody sends for a window, since its slots tell nothing', async (t) => {
  const redis = await startRedis(t);
  const admin = new Redis({ port: redis.port, host: '127.0.0.1' });
  t.teardown(() => {
    admin.disconnect();
  });
  const HOUR = 3_600_000;
  const one = { requests: 1, per: 300 };
  for (const by of [HOUR, -HOUR]) {
    let lag = 0;
    const connection = connectRedis(addressOf(redis), 'commands');
    const backend = createRedisBackend({
      connection,
      openBlocking: () => connectRedis(addressOf(redis), 'blocking'),
      monotonic: { now: () => performance.now() + lag },
    });
    t.teardown(async () => {
      await backend.close();
      connection.disconnect();
    });
    await eventually(() => connection.status === 'ready', 'a connection');
    const tenant = `set by ${by}`;
    const grant = await backend.budget.acquire(tenant, one, 300);
    t.match(grant, { granted: true });
    // For a Redis whose clock goes forward by an hour, its slots and our time are an hour behind.
    const [slots = ''] = await admin.keys(`*${encodeURIComponent(tenant)}*slots`);
    const [slot = '', score = '0'] = await admin.zrange(slots, '0', '-1', 'WITHSCORES');
    await admin.zadd(slots, Number(score) - by, slot);
    const another = await openBackend(addressOf(redis), { leaseTime: 1_000 });
    t.teardown(() => another.close());
    lag = -by;
    const refused = await backend.budget.acquire(tenant, one, 300);
    // Redis tells what is left of 600 ms, some of which may have passed.
    t.ok(!refused.granted && refused.wait > 300 && refused.wait <= 600, 'the window and the longest request');
    t.match(await another.budget.acquire(tenant, one, 300), { granted: false }, 'for a worker that is new, too');
    await new Promise((resolve) => setTimeout(resolve, 650));
    t.match(await backend.budget.acquire(tenant, one, 300), { granted: true }, 'and then it goes on');
  }
});

/** How many requests are granted until one is not. */
async function takeAll(budget: Budget, tenant: string, limit: BudgetLimit): Promise<number> {
  for (let granted = 0; ; granted++) {
    if (!(await budget.acquire(tenant, limit, 1_000)).granted) return granted;
  }
}

t.test('a Redis that comes back from an older snapshot grants nothing for a window', async (t) => {
  const redis = await startRedis(t);
  const three = { requests: 3, per: 2_000 };
  const tenants = ['of a worker that lives', 'of a worker that is new'] as const;
  const connection = connectRedis(addressOf(redis), 'commands');
  const alive = createRedisBackend({ connection, openBlocking: () => connectRedis(addressOf(redis), 'blocking') });
  t.teardown(async () => {
    await alive.close();
    connection.disconnect();
  });
  await eventually(() => connection.status === 'ready', 'a connection');
  // A slot that comes free at once, so that the snapshot knows the tenant, and nothing that was granted later.
  const brief = { requests: 1, per: 1 };
  for (const tenant of tenants) t.match(await alive.budget.acquire(tenant, brief, 1), { granted: true });
  await connection.save();
  for (const tenant of tenants) t.equal(await takeAll(alive.budget, tenant, three), 3);
  await redis.restart();
  await eventually(() => connection.status === 'ready', 'the connection again');
  const fresh = await redisSource(redis).open(t);
  for (const [tenant, { budget }] of [
    [tenants[0], alive],
    [tenants[1], fresh],
  ] as const) {
    const refused = await budget.acquire(tenant, three, 1_000);
    t.ok(!refused.granted && refused.wait > 2_000 && refused.wait <= 3_000, `none ${tenant}, for a window`);
  }
  await new Promise((resolve) => setTimeout(resolve, 3_050));
  t.equal(await takeAll(fresh.budget, tenants[1], three), 3, 'and then it goes on');
});

t.test('a replica that takes its master’s place without the newest slots grants nothing for a window', async (t) => {
  const master = await startRedis(t, { args: ['--repl-diskless-sync-delay', '0'] });
  const replica = await startRedis(t, { args: ['--replicaof', '127.0.0.1', String(master.port)] });
  const three = { requests: 3, per: 2_000 };
  const before = await redisSource(master).open(t);
  t.match(await before.budget.acquire('t', { requests: 1, per: 1 }, 1), { granted: true });
  const admin = new Redis({ port: replica.port, host: '127.0.0.1' });
  t.teardown(() => {
    admin.disconnect();
  });
  await eventually(async () => (await admin.dbsize()) === 2, 'the epoch and a slot on the replica');
  await admin.replicaof('NO', 'ONE');
  t.equal(await takeAll(before.budget, 't', three), 3);
  await master.kill();
  const after = await redisSource(replica).open(t);
  t.equal(await takeAll(after.budget, 't', three), 0);
});

t.test('a claim that was made before the clock was set back does not last longer than one made now', async (t) => {
  const clock = manualClock();
  const backend = createEmbeddedBackend({ path: await temporaryDirectory(t), clock });
  t.teardown(() => backend.close());
  t.equal(await backend.records.claim('t', 'probe', '1', 60_000), true);
  t.equal(await backend.records.claim('t', 'probe', '1', 60_000), false);
  clock.advance(-3_600_000);
  t.equal(await backend.records.claim('t', 'probe', '1', 60_000), true);
  t.equal(await backend.records.claim('t', 'probe', '1', 60_000), false);
});
