import type { Test } from 'tap';
import type { StateStore } from '../../src/state/index.js';

export interface StoreUnderTest {
  /** Several connections to one and the same store, as several processes have them. */
  readonly stores: readonly [StateStore, StateStore];
  readonly now: () => number;
  /** Lets time go by for the store. */
  readonly pass: (milliseconds: number) => Promise<void>;
}

/** What every store promises; the same tests run over all of them. */
export function storeContract(t: Test, open: (t: Test) => Promise<StoreUnderTest>): void {
  t.test('a key is claimed once, whoever asks', async (t) => {
    const { stores, now } = await open(t);
    const [here, there] = stores;
    t.equal(await here.claimOnce('a', now() + 60_000), true);
    t.equal(await here.claimOnce('a', now() + 60_000), false);
    t.equal(await there.claimOnce('a', now() + 60_000), false);
    t.equal(await there.claimOnce('b', now() + 60_000), true, 'another key is free');
  });

  t.test('of many simultaneous claims exactly one succeeds', async (t) => {
    const { stores, now } = await open(t);
    const claims = Array.from({ length: 200 }, (_, at) => stores[at % 2 === 0 ? 0 : 1].claimOnce('k', now() + 60_000));
    t.equal((await Promise.all(claims)).filter(Boolean).length, 1);
  });

  t.test('a claim holds at least until it expires', async (t) => {
    const { stores, now, pass } = await open(t);
    await stores[0].claimOnce('a', now() + 600_000);
    await pass(400);
    t.equal(await stores[0].claimOnce('a', now() + 300), false);
  });

  t.test('a request is found by everybody and taken by one', async (t) => {
    const { stores, now } = await open(t);
    const [here, there] = stores;
    await here.putRequest('r', 'sealed', now() + 60_000);
    t.equal(await there.findRequest('r'), 'sealed');
    t.equal(await there.findRequest('r'), 'sealed', 'finding does not use it up');
    const taken = await Promise.all(
      Array.from({ length: 50 }, (_, at) => stores[at % 2 === 0 ? 0 : 1].takeRequest('r')),
    );
    t.strictSame(
      taken.filter((record) => record !== null),
      ['sealed'],
    );
    t.equal(await here.findRequest('r'), null);
  });

  t.test('a request that nobody put, or that has expired, is not there', async (t) => {
    const { stores, now, pass } = await open(t);
    t.equal(await stores[0].findRequest('none'), null);
    t.equal(await stores[0].takeRequest('none'), null);
    await stores[0].putRequest('r', 'sealed', now() + 300);
    await pass(400);
    t.equal(await stores[0].findRequest('r'), null);
    t.equal(await stores[0].takeRequest('r'), null);
  });

  t.test('claims and requests of one name do not meet', async (t) => {
    const { stores, now } = await open(t);
    await stores[0].claimOnce('x', now() + 60_000);
    t.equal(await stores[0].findRequest('x'), null);
  });

  t.test('it answers a ping, whether it was written to or not, and is ready', async (t) => {
    const { stores, now } = await open(t);
    await t.resolves(stores[0].ping());
    await t.resolves(stores[0].ping());
    await t.resolves(stores[0].ready());
    t.equal(await stores[0].findRequest(''), null, 'which leaves nothing behind');
    t.equal(await stores[0].claimOnce('', now() + 60_000), true);
  });
}
