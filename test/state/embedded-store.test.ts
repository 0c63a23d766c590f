import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { open as lmdb } from 'lmdb';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/shared/index.js';
import { createEmbeddedStore, type EmbeddedStore } from '../../src/state/index.js';
import { manualClock, type ManualClock } from '../support/clock.js';
import { smallDisk } from '../support/small-disk.js';
import { temporaryDirectory } from '../support/temporary.js';
import { storeContract } from './store-contract.js';

async function open(t: Test): Promise<{ path: string; clock: ManualClock; store: EmbeddedStore }> {
  const path = await temporaryDirectory(t);
  const clock = manualClock();
  const store = createEmbeddedStore({ path, clock, sweepEvery: 0 });
  t.teardown(() => store.close());
  return { path, clock, store };
}

t.test('contract', (t) => {
  storeContract(t, async (t) => {
    const { clock, store } = await open(t);
    return {
      // A directory may be open once in a process; several processes are tested below.
      stores: [store, store],
      now: () => clock.now(),
      pass: (milliseconds) => {
        clock.advance(milliseconds);
        return Promise.resolve();
      },
    };
  });
  t.end();
});

t.test('several processes claim one key once', async (t) => {
  const path = await temporaryDirectory(t);
  const processes = Array.from({ length: 3 }, () => fork(join(import.meta.dirname, 'claimant.js'), [path]));
  const replies = processes.map(async (child) => {
    // Both from the beginning: of a process that ends at once the end may be told before the message.
    const [[claimed]] = (await Promise.all([once(child, 'message'), once(child, 'exit')])) as [[number], unknown];
    return claimed;
  });
  const claimed = await Promise.all(replies);
  t.equal(
    claimed.reduce((sum, count) => sum + count, 0),
    50,
    'each of 50 keys by exactly one of them',
  );
});

t.test('what was claimed is still claimed after the process was killed', async (t) => {
  const path = await temporaryDirectory(t);
  const child = fork(join(import.meta.dirname, 'claimant.js'), [path, 'stay']);
  await once(child, 'message');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const store = createEmbeddedStore({ path, clock: systemClock });
  t.teardown(() => store.close());
  t.equal(await store.claimOnce('key 7', Date.now() + 60_000), false);
});

/** One round, pass by pass: how many entries there are after each. */
async function sweepRound(store: EmbeddedStore): Promise<number[]> {
  const sizes: number[] = [];
  let more: boolean;
  do {
    more = await store.sweep();
    sizes.push(store.size());
  } while (more);
  return sizes;
}

t.test('expired entries are swept, a bounded number of all at a time', async (t) => {
  const { clock, store } = await open(t);
  const expiresAt = clock.now() + 1_000;
  const entries = Array.from({ length: 600 }, (_, at) => `k${at}`);
  await Promise.all(entries.flatMap((key) => [store.claimOnce(key, expiresAt), store.putRequest(key, 'r', expiresAt)]));
  await store.claimOnce('lasting', clock.now() + 60_000);
  await store.putRequest('lasting', 'sealed', clock.now() + 60_000);
  t.strictSame(await sweepRound(store), [1202, 1202, 1202, 1202]);
  clock.advance(1_000);
  t.strictSame(await sweepRound(store), [702, 602, 102, 2]);
  t.equal(await store.claimOnce('lasting', clock.now() + 1), false);
  t.equal(await store.findRequest('lasting'), 'sealed');
  clock.advance(60_000);
  t.strictSame(await sweepRound(store), [1, 0], 'a new round begins at the beginning');
});

t.test('what is claimed while a sweep is about to remove its first life stays', async (t) => {
  const { clock, store } = await open(t);
  await store.claimOnce('a', clock.now() + 1_000);
  clock.advance(1_000);
  const anew = store.claimOnce('a', clock.now() + 60_000);
  const swept = store.sweep();
  t.equal(await anew, true);
  await swept;
  t.equal(store.isClaimed('a'), true);
});

t.test('an entry claimed anew survives the sweep of its first life', async (t) => {
  const { clock, store } = await open(t);
  await store.claimOnce('a', clock.now() + 1_000);
  clock.advance(1_000);
  t.equal(await store.claimOnce('a', clock.now() + 60_000), true, 'a claim holds no longer than it must');
  clock.advance(1_000);
  await sweepRound(store);
  t.equal(store.isClaimed('a'), true);
});

t.test('the sweep happens by itself', async (t) => {
  const path = await temporaryDirectory(t);
  const clock = manualClock();
  const store = createEmbeddedStore({ path, clock, sweepEvery: 10 });
  t.teardown(() => store.close());
  await store.claimOnce('a', clock.now() + 1);
  clock.advance(2);
  while (store.size() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  t.pass('gone');
});

/** A store that is closed and holds so many claims that have expired. */
async function piledUp(t: Test, count: number): Promise<{ path: string; clock: ManualClock }> {
  const path = await temporaryDirectory(t);
  const clock = manualClock();
  const store = createEmbeddedStore({ path, clock, sweepEvery: 0 });
  const expiresAt = clock.now() + 1;
  await Promise.all(Array.from({ length: count }, (_, at) => store.claimOnce(`k${at}`, expiresAt)));
  await store.close();
  clock.advance(1);
  return { path, clock };
}

t.test('however much has piled up, one round of the sweep takes it all, a bounded number at a time', async (t) => {
  const { path, clock } = await piledUp(t, 2_100);
  const sweepEvery = 5_000;
  const began = performance.now();
  const store = createEmbeddedStore({ path, clock, sweepEvery });
  while (store.size() > 0 && performance.now() - began < 2 * sweepEvery) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  t.equal(store.size(), 0);
  await store.close();
});

t.test('a store is closed in the middle of a sweep, and what was left is swept by the next one', async (t) => {
  const { path, clock } = await piledUp(t, 1_100);
  const store = createEmbeddedStore({ path, clock, sweepEvery: 50 });
  while (store.size() === 1_100) await new Promise((resolve) => setTimeout(resolve, 1));
  await store.close();
  const after = createEmbeddedStore({ path, clock, sweepEvery: 0 });
  t.teardown(() => after.close());
  t.equal(after.size() % 500, 100, 'whole passes');
  await sweepRound(after);
  t.equal(after.size(), 0);
});

t.test('a pass of the sweep that fails is made again', async (t) => {
  const path = await temporaryDirectory(t);
  const clock = manualClock();
  let failing = false;
  const now = () => {
    if (failing) throw new Error('no clock');
    return clock.now();
  };
  const store = createEmbeddedStore({ path, clock: { now }, sweepEvery: 0 });
  t.teardown(() => store.close());
  const expiresAt = clock.now() + 1;
  await Promise.all(Array.from({ length: 700 }, (_, at) => store.claimOnce(`k${at}`, expiresAt)));
  clock.advance(1);
  const pass = store.sweep();
  // It has looked at the entries, and its transaction is yet to come.
  failing = true;
  await t.rejects(pass, { code: 'STORE_UNAVAILABLE' });
  failing = false;
  t.strictSame(await sweepRound(store), [200, 0, 0]);
});

t.test('what an earlier version claimed, with an index by expiry, stays claimed', async (t) => {
  const path = await temporaryDirectory(t);
  const clock = manualClock();
  const expiresAt = clock.now() + 60_000;
  const former = lmdb({ path, maxDbs: 4 });
  const [entries, expiries] = [former.openDB({ name: 'entries' }), former.openDB({ name: 'expiries' })];
  await entries.put(['claim', 'a'], { expiresAt, record: '' });
  await entries.put(['request', 'r'], { expiresAt, record: 'sealed' });
  await expiries.put([expiresAt, 'claim', 'a'], true);
  await former.close();
  for (let time = 0; time < 2; time++) {
    const store = createEmbeddedStore({ path, clock, sweepEvery: 0 });
    t.equal(await store.claimOnce('a', expiresAt), false);
    t.equal(await store.findRequest('r'), 'sealed');
    t.equal(store.size(), 2);
    await store.close();
  }
  const after = lmdb({ path, maxDbs: 4 });
  t.teardown(() => after.close());
  t.strictSame([...after.getKeys()], ['claims', 'requests']);
});

t.test('a directory that cannot be used is STORE_UNAVAILABLE', async (t) => {
  const path = join(await temporaryDirectory(t), 'file');
  await writeFile(path, 'in the way');
  t.throws(() => createEmbeddedStore({ path, clock: systemClock }), { code: 'STORE_UNAVAILABLE' });
});

t.test('on a full disk claims and the ping fail with the reason, and with room again they do not', async (t) => {
  const disk = await smallDisk(t, 4_194_304);
  if (disk === null) {
    t.comment('no file system can be mounted here');
    return;
  }
  const store = createEmbeddedStore({ path: join(disk.path, 'store'), clock: systemClock });
  t.teardown(() => store.close());
  const soon = Date.now() + 60_000;
  t.equal(await store.claimOnce('before', soon), true);
  await disk.fill();
  await new Promise((resolve) => setTimeout(resolve, 150));
  const full = { code: 'STORE_UNAVAILABLE', message: /no space left/ };
  await t.rejects(store.claimOnce('during', soon), full);
  await t.rejects(store.ping(), full);
  await t.rejects(store.ready(), full);
  t.equal(store.isClaimed('before'), true, 'it can still be read');
  await disk.free();
  await new Promise((resolve) => setTimeout(resolve, 150));
  await t.resolves(store.ping());
  t.equal(await store.claimOnce('during', soon), true);
});

t.test('the ping of an idle store writes: what can only be read takes no claim', async (t) => {
  const { clock, store } = await open(t);
  await store.ping();
  t.equal(store.size(), 1, 'at first');
  clock.advance(29_999);
  await store.sweep();
  t.equal(store.size(), 0);
  clock.advance(29_999);
  await store.ping();
  t.equal(store.size(), 0, 'a write that went through proves it for half a minute');
  clock.advance(1);
  await store.ping();
  t.equal(store.size(), 1);
});
