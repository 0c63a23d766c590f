import { Redis } from 'ioredis';
import t from 'tap';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createEmbeddedBackend, createProvisioner, createSpool, type QueuedJob } from '../../src/provisioning/index.js';
import { systemClock } from '../../src/shared/index.js';
import { manualClock } from '../support/clock.js';
import { startRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { PATIENCE, redisSource } from './backends.js';
import { ACCOUNT_KEY, eventually, makeRig, sealer, TOKEN } from './rig.js';

const job = (id: string): QueuedJob => ({ id, tenant: 't', payload: `sealed ${id}`, since: 1 });

t.test('the spool keeps jobs in order, each account once, over a restart', async (t) => {
  const path = await temporaryDirectory(t);
  const clock = manualClock();
  const before = createSpool({ path, clock });
  for (const id of ['c', 'a', 'c', 'b']) await before.add(job(id), id === 'b' ? 5_000 : 0);
  await before.close();
  const spool = createSpool({ path, clock });
  t.teardown(() => spool.close());
  t.equal(spool.depth(), 3);
  clock.advance(2_000);
  t.strictSame(
    spool.first(10).map((entry) => [entry.job, entry.delay]),
    [
      [job('c'), 0],
      [job('a'), 0],
      [job('b'), 3_000],
    ],
  );
  t.equal(spool.first(1).length, 1);
  await spool.remove(spool.first(2).map(({ place }) => place));
  t.strictSame(
    spool.first(10).map((entry) => entry.job.id),
    ['b'],
  );
  await spool.add(job('c'), 0);
  t.equal(spool.depth(), 2, 'what has left may come again');
});

t.test('one process at a time flushes; a dead one does not keep the right', async (t) => {
  const clock = manualClock();
  const spool = createSpool({ path: await temporaryDirectory(t), clock });
  t.teardown(() => spool.close());
  t.equal(await spool.claimFlush(1_000), true);
  t.equal(await spool.claimFlush(1_000), false);
  clock.advance(1_000);
  t.equal(await spool.claimFlush(1_000), true);
  clock.advance(-3_600_000);
  t.equal(await spool.claimFlush(1_000), true, 'nor does a clock that was set back');
  await spool.releaseFlush();
  t.equal(await spool.claimFlush(1_000), true);
});

t.test('while Redis is away logins are spooled; afterwards each has its account, none two', async (t) => {
  const redis = await startRedis(t);
  const backend = await redisSource(redis).open(t);
  const spool = createSpool({ path: await temporaryDirectory(t), clock: systemClock });
  t.teardown(() => spool.close());
  const rig = await makeRig(t, backend, { spool });
  await rig.provisioner.submit(rig.login('Before'));
  await redis.stop();
  const began = performance.now();
  for (const name of ['Ada', 'Bob', 'Ada', 'Eve']) {
    t.strictSame(await rig.provisioner.submit(rig.login(name)), { action: 'create', spooled: true });
  }
  t.ok(performance.now() - began < PATIENCE, 'without keeping anyone waiting for a time-out');
  t.equal(rig.provisioner.spoolDepth(), 3);
  await rig.provisioner.flush();
  t.equal(rig.provisioner.spoolDepth(), 3, 'nothing is lost by flushing in vain');
  await redis.restart();
  await eventually(() => rig.provisioner.spoolDepth() === 0, 'an empty spool');
  rig.work({ concurrency: 1 });
  await eventually(() => rig.seen.outcomes.length >= 3, 'the outcomes');
  // Without a file of its own this Redis forgot the job that it alone held; the next login queues it again.
  await rig.provisioner.submit(rig.login('Before'));
  await eventually(() => rig.seen.outcomes.length >= 4, 'the last outcome');
  t.strictSame(
    rig.zivver.accounts().map(({ userName }) => userName),
    ['ada@example.org', 'bob@example.org', 'eve@example.org', 'before@example.org'],
    'in the order of the logins',
  );
});

t.test(
  'a long spool is flushed in the order of the logins, each once, though two processes begin at once',
  async (t) => {
    const redis = await startRedis(t);
    const source = redisSource(redis);
    const spool = createSpool({ path: await temporaryDirectory(t), clock: systemClock });
    t.teardown(() => spool.close());
    const names = Array.from({ length: 170 }, (_, at) => `User${at}`);
    const rig = await makeRig(t, await source.open(t), { spool });
    const other = createProvisioner({
      backend: await source.open(t),
      spool,
      sealer,
      clock: systemClock,
    });
    t.teardown(() => other.close());
    await redis.stop();
    // Some log in twice while it is away.
    for (const name of [...names, ...names.slice(0, 20)]) await rig.provisioner.submit(rig.login(name));
    t.equal(rig.provisioner.spoolDepth(), 170, 'one job per account');
    await redis.restart();
    await eventually(async () => {
      await Promise.all([rig.provisioner.flush(), other.flush()]);
      return rig.provisioner.spoolDepth() === 0;
    }, 'an empty spool');
    t.match(await rig.status.tenant(rig.tenant), { waiting: 170, delayed: 0 });
    rig.work({ concurrency: 1 });
    await eventually(() => rig.seen.outcomes.length === 170, 'the outcomes', 120_000);
    t.strictSame(
      rig.zivver.accounts().map(({ userName }) => userName),
      names.map((name) => `${name.toLowerCase()}@example.org`),
      'in the order of the logins',
    );
    t.equal(rig.zivver.requests().byOperation.create, 170);
  },
);

t.test('jobs that were on the queue when the flush was cut off are not made twice', async (t) => {
  const redis = await startRedis(t);
  const backend = await redisSource(redis).open(t);
  const spool = createSpool({ path: await temporaryDirectory(t), clock: systemClock });
  t.teardown(() => spool.close());
  const rig = await makeRig(t, backend, { spool });
  await redis.stop();
  for (const name of ['Ada', 'Bob', 'Eve']) await rig.provisioner.submit(rig.login(name));
  // As by a process that was killed between the queue and the spool: one job still waits, one is done already.
  const [ada, bob] = spool.first(2).map(({ job }) => job);
  if (ada === undefined || bob === undefined) throw new Error('two jobs are in the spool');
  await redis.restart();
  await eventually(
    () =>
      backend.queue.add(ada).then(
        () => true,
        () => false,
      ),
    'a queue',
  );
  const worker = rig.work();
  await eventually(() => rig.seen.outcomes.length >= 1, 'one account');
  await worker.stop();
  await backend.queue.add(bob);
  await eventually(async () => {
    await rig.provisioner.flush();
    return rig.provisioner.spoolDepth() === 0;
  }, 'an empty spool');
  rig.work();
  await eventually(async () => {
    const { waiting, active } = await rig.status.tenant(rig.tenant);
    return waiting + active === 0 && rig.zivver.accounts().length === 3;
  }, 'three accounts');
  t.equal(rig.zivver.requests().byOperation.create, 3);
});

t.test('a Redis that hangs is a Redis that is away', async (t) => {
  const redis = await startRedis(t);
  // So long that it stands out from what a busy machine adds to a login.
  const backend = await redisSource(redis, 2_000).open(t);
  const spool = createSpool({ path: await temporaryDirectory(t), clock: systemClock });
  t.teardown(() => spool.close());
  const rig = await makeRig(t, backend, { spool });
  redis.pause();
  const began = performance.now();
  t.strictSame(await rig.provisioner.submit(rig.login('Ada')), { action: 'create', spooled: true });
  const first = performance.now() - began;
  t.ok(first < 10_000);
  let longest = 0;
  for (let at = 0; at < 20; at++) {
    const since = performance.now();
    await rig.provisioner.submit(rig.login(`User${at}`));
    longest = Math.max(longest, performance.now() - since);
  }
  // What a slow disk or a busy machine adds, it adds to the first one as well; a time-out stands out.
  t.ok(first - longest > 250, `only the first one waits to find that out: ${first}, then ${longest} at most`);
  redis.resume();
  await eventually(async () => {
    // Spooled until the ping is answered, queued from then on.
    const submission = await rig.provisioner.submit(rig.login('Late'));
    return submission.action === 'create' && submission.spooled === false;
  }, 'a login that goes to the queue again');
  await eventually(() => rig.provisioner.spoolDepth() === 0, 'an empty spool');
  rig.work();
  await eventually(() => rig.seen.outcomes.length === 22, 'the outcomes');
  t.equal(rig.zivver.accounts().length, 22);
});

t.test('with neither queue nor spool the login is not accepted', async (t) => {
  const redis = await startRedis(t);
  const rig = await makeRig(t, await redisSource(redis).open(t));
  await redis.kill();
  await t.rejects(rig.provisioner.submit(rig.login('Ada')), { code: 'STORE_UNAVAILABLE' });
});

t.test('neither Redis’s dump nor the embedded files show a name, an account key or the token', async (t) => {
  const redis = await startRedis(t);
  const queue = await temporaryDirectory(t);
  const embedded = createEmbeddedBackend({ path: queue });
  t.teardown(() => embedded.close());
  const accounts = [{ userName: 'bob@example.org', displayName: 'Somebody Else' }];
  const freeAccounts = ['eve@example.org'];
  for (const backend of [await redisSource(redis).open(t), embedded]) {
    const rig = await makeRig(t, backend, { zivver: { accounts, freeAccounts } });
    const worker = rig.work();
    for (const name of ['Ada', 'Bob', 'Eve']) await rig.provisioner.submit(rig.login(name));
    await eventually(() => rig.seen.outcomes.length === 3, 'the outcomes');
    await worker.stop();
    await rig.provisioner.submit(rig.login('Waiting'));
    t.match(await rig.status.tenant(rig.tenant), { waiting: 1, dead: 1, followUps: 1 });
  }
  await save(redis.port);
  const contents = await Promise.all(
    [redis.dir, queue].map(async (dir) =>
      Promise.all((await readdir(dir)).map((name) => readFile(join(dir, name), 'latin1'))),
    ),
  );
  const all = contents.flat().join('\n');
  t.ok(all.includes('REDIS') && all.includes('outcome:'), 'there is something to look through');
  for (const planted of [ACCOUNT_KEY, 'Surname', 'Somebody Else', TOKEN, '@example.org']) {
    t.notOk(all.includes(planted), planted);
  }
});

async function save(port: number): Promise<void> {
  const client = new Redis({ port, host: '127.0.0.1' });
  await client.save();
  client.disconnect();
}
