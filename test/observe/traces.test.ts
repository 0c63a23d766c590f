import { Redis } from 'ioredis';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import {
  createEmbeddedTraceStore,
  createRedisTraceStore,
  type LoginEntry,
  type ProvisioningEntry,
  type TraceBounds,
  type TraceStore,
} from '../../src/observe/index.js';
import { systemClock, type Clock } from '../../src/shared/index.js';
import { startRedis } from '../support/redis.js';
import { smallDisk } from '../support/small-disk.js';

type Open = (clock: Clock, bounds: TraceBounds) => TraceStore;

function login(at: number): LoginEntry {
  return { kind: 'login', at, idp: 'okta', account: 'acct-1', code: 'OK', duration: 3.25, steps: [], attributes: [] };
}

function provisioning(at: number, event: ProvisioningEntry['event']): ProvisioningEntry {
  return { kind: 'provisioning', at, event, detail: '201 Created' };
}

/** What every trace store promises. `open` twice on one place is two processes. */
function contract(name: string, setUp: (t: Test) => Promise<Open>): void {
  t.test(name, async (t) => {
    const open = await setUp(t);
    const clock = { time: 1_000_000, now: () => clock.time };

    await t.test('joins what two processes write under one reference, in the order of writing', async (t) => {
      const [gateway, worker] = [open(clock, { count: 100, age: 60_000 }), open(clock, { count: 100, age: 60_000 })];
      await gateway.add('AAAA-0000-0001', login(clock.time));
      await worker.add('AAAA-0000-0001', provisioning(clock.time + 5, 'created'));
      t.same(await gateway.find('AAAA-0000-0001'), {
        reference: 'AAAA-0000-0001',
        entries: [login(clock.time), provisioning(clock.time + 5, 'created')],
      });
      t.equal(await worker.find('AAAA-0000-0002'), null);
      await gateway.close();
      await worker.close();
    });

    await t.test('keeps an outcome that comes before the login entry, and loses none of many at once', async (t) => {
      const [gateway, worker] = [open(clock, { count: 100, age: 60_000 }), open(clock, { count: 100, age: 60_000 })];
      await worker.add('BBBB-0000-0001', provisioning(clock.time, 'created'));
      await gateway.add('BBBB-0000-0001', login(clock.time));
      const found = await gateway.find('BBBB-0000-0001');
      t.same(
        found?.entries.map(({ kind }) => kind),
        ['provisioning', 'login'],
      );
      await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          (index % 2 === 0 ? gateway : worker).add('BBBB-0000-0002', provisioning(clock.time + index, 'attempt')),
        ),
      );
      t.equal((await worker.find('BBBB-0000-0002'))?.entries.length, 40);
      await gateway.close();
      await worker.close();
    });

    await t.test('one login cannot grow without bound, and its newest entry is always there', async (t) => {
      const store = open(clock, { count: 100, age: 60_000 });
      await store.add('CCCC-0000-0001', login(clock.time));
      for (let index = 0; index < 80; index += 1) {
        await store.add('CCCC-0000-0001', provisioning(clock.time + index, 'attempt'));
      }
      await store.add('CCCC-0000-0001', provisioning(clock.time + 99, 'failed'));
      const entries = (await store.find('CCCC-0000-0001'))?.entries ?? [];
      t.equal(entries.length, 64);
      t.match(entries[0], { kind: 'login' });
      t.match(entries.at(-1), { event: 'failed' });
      await store.close();
    });

    await t.test('the count is kept: the oldest go', async (t) => {
      const store = open(clock, { count: 5, age: 60_000 });
      for (let index = 10; index < 30; index += 1) {
        clock.time += 1;
        await store.add(`DDDD-0000-00${index}`, login(clock.time));
      }
      const recent = await store.recent(100);
      t.same(
        recent.map(({ reference }) => reference),
        ['29', '28', '27', '26', '25'].map((end) => `DDDD-0000-00${end}`),
        'the newest first',
      );
      t.equal((await store.recent(2)).length, 2);
      t.equal(await store.find('DDDD-0000-0024'), null);
      t.ok(await store.find('DDDD-0000-0025'));
      await store.close();
    });

    await t.test('the age is kept, to the millisecond', async (t) => {
      const store = open(clock, { count: 100, age: 60_000 });
      clock.time += 1_000_000;
      await store.add('EEEE-0000-0001', login(clock.time));
      clock.time += 59_999;
      t.ok(await store.find('EEEE-0000-0001'));
      t.equal((await store.recent(10)).length, 1);
      clock.time += 1;
      t.equal(await store.find('EEEE-0000-0001'), null);
      t.same(await store.recent(10), []);
      await store.add('EEEE-0000-0002', login(clock.time));
      clock.time -= 1;
      t.equal(await store.find('EEEE-0000-0001'), null, 'and it was taken away by the next write');
      await store.close();
    });
  });
}

contract('embedded', (t) => {
  const directory = path.join(t.testdir(), 'traces');
  return Promise.resolve((clock, bounds) => createEmbeddedTraceStore({ path: directory, clock, bounds, gatherFor: 1 }));
});

contract('redis', async (t) => {
  const redis = await startRedis(t);
  const connections: Redis[] = [];
  t.teardown(() => {
    for (const connection of connections) connection.disconnect();
  });
  return (clock, bounds) => {
    const connection = new Redis(redis.port, '127.0.0.1');
    connections.push(connection);
    return createRedisTraceStore({ connection, clock, bounds });
  };
});

t.test('the embedded store writes entries of one moment together, and at closing what still waits', async (t) => {
  const at = path.join(t.testdir(), 'traces');
  const open = () => createEmbeddedTraceStore({ path: at, clock: systemClock, bounds: { count: 3, age: 60_000 } });
  const now = Date.now();
  const store = open();
  const added = [
    store.add('AAAA-0000-0001', login(now)),
    store.add('AAAA-0000-0001', provisioning(now, 'skipped')),
    ...['2', '3', '4', '5'].map((end, index) => store.add(`AAAA-0000-000${end}`, login(now + 1 + index))),
  ];
  await store.close();
  await Promise.all(added);
  const later = open();
  t.teardown(() => later.close());
  const recent = await later.recent(100);
  t.same(
    recent.map(({ reference }) => reference),
    ['AAAA-0000-0005', 'AAAA-0000-0004', 'AAAA-0000-0003'],
    'within the count',
  );
  await later.add('BBBB-0000-0001', login(now));
  await Promise.all([
    later.add('BBBB-0000-0002', login(now + 10)),
    later.add('BBBB-0000-0002', provisioning(now + 10, 'skipped')),
  ]);
  const found = await later.find('BBBB-0000-0002');
  t.same(
    found?.entries.map(({ kind }) => kind),
    ['login', 'provisioning'],
    'in the order of adding',
  );
});

t.test('processes of one machine write to one embedded trace at once, and no entry is lost', async (t) => {
  const directory = path.join(t.testdir(), 'traces');
  const writer = fileURLToPath(new URL('./trace-writer.js', import.meta.url));
  const children = [1, 2].map(() =>
    spawn(process.execPath, [writer, directory, 'AAAA-0000-0001', '25'], { stdio: 'inherit' }),
  );
  const exits = await Promise.all(children.map((child) => once(child, 'exit')));
  t.same(exits, [
    [0, null],
    [0, null],
  ]);
  const store = createEmbeddedTraceStore({ path: directory, clock: systemClock, bounds: { count: 100, age: 60_000 } });
  t.equal((await store.find('AAAA-0000-0001'))?.entries.length, 50);
  await store.close();
});

t.test('redis forgets everything by itself when nobody writes any more', async (t) => {
  const redis = await startRedis(t);
  const connection = new Redis(redis.port, '127.0.0.1');
  t.teardown(() => {
    connection.disconnect();
  });
  const store = createRedisTraceStore({ connection, clock: { now: () => 1000 }, bounds: { count: 10, age: 60_000 } });
  await store.add('AAAA-0000-0001', login(1000));
  const keys = await connection.keys('*');
  t.equal(keys.length, 2);
  for (const key of keys) t.ok((await connection.pttl(key)) > 0, key);
  await store.close();
  t.equal(await connection.ping(), 'PONG', "the connection stays its owner's");
});

t.test('a full disk refuses the entry, and takes it with room again', async (t) => {
  const disk = await smallDisk(t, 4_194_304);
  if (disk === null) {
    t.comment('no file system can be mounted here');
    return;
  }
  const at = path.join(disk.path, 'traces');
  const store = createEmbeddedTraceStore({ path: at, clock: systemClock, bounds: { count: 100, age: 60_000 } });
  t.teardown(() => store.close());
  await store.add('AAAA-0000-0001', login(Date.now()));
  await disk.fill();
  await new Promise((resolve) => setTimeout(resolve, 150));
  for (let tries = 0; tries < 20; tries += 1) {
    await t.rejects(store.add('AAAA-0000-0002', login(Date.now())), { code: 'STORE_UNAVAILABLE' });
  }
  t.ok(await store.find('AAAA-0000-0001'), 'it can still be read');
  await disk.free();
  await new Promise((resolve) => setTimeout(resolve, 150));
  await store.add('AAAA-0000-0002', login(Date.now()));
  t.ok(await store.find('AAAA-0000-0002'));
});

t.test('the embedded traces are for the account of the gateway alone', async (t) => {
  const directory = t.testdir();
  const store = createEmbeddedTraceStore({
    path: path.join(directory, 'traces'),
    clock: systemClock,
    bounds: { count: 10, age: 1000 },
  });
  await store.close();
  t.equal(statSync(path.join(directory, 'traces')).mode & 0o777, 0o700);
});
