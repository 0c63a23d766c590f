import type { Test } from 'tap';
import type { Failure, JobQueue, Lease, QueuedJob } from '../../src/provisioning/index.js';
import { LEASE_TIME, type BackendSource } from './backends.js';

let tenants = 0;
function newTenant(): string {
  tenants += 1;
  // A name with everything that could break a key.
  return `tenant {${tenants}}: ü/`;
}

function job(tenant: string, id: string, since = 1_000): QueuedJob {
  return { id, tenant, payload: `sealed ${id}`, since };
}

const failure: Failure = { class: 'permanent', status: 400, detail: 'no', remedy: 'mend it', at: 5_000 };

async function takeOne(queue: JobQueue, tenant: string, patience = 30_000): Promise<Lease> {
  const deadline = performance.now() + patience;
  for (;;) {
    const lease = await queue.take(tenant);
    if (lease !== null) return lease;
    if (performance.now() > deadline) throw new Error('no job came');
  }
}

async function takesNothing(t: Test, queue: JobQueue, tenant: string): Promise<void> {
  t.equal(await queue.take(tenant), null, 'there is nothing to take');
}

/** What every queue and record store promises where no worker dies; the same tests run over all of them. */
export function queueContract(t: Test, source: () => BackendSource): void {
  t.test('jobs are taken in the order in which they were added, with what was put in', async (t) => {
    const { queue } = await source().open(t);
    const tenant = newTenant();
    for (const id of ['c', 'a', 'b']) await queue.add(job(tenant, id));
    for (const id of ['c', 'a', 'b']) {
      const lease = await takeOne(queue, tenant);
      t.strictSame(lease.job, job(tenant, id));
      t.equal(lease.attempts, 0);
      await lease.complete();
    }
    await takesNothing(t, queue, tenant);
  });

  t.test('an account has one job at a time, in whichever state; a new one only after completion', async (t) => {
    const { queue } = await source().open(t);
    const tenant = newTenant();
    await Promise.all(Array.from({ length: 20 }, () => queue.add(job(tenant, 'a'))));
    t.equal((await queue.depth(tenant)).waiting, 1);
    const lease = await takeOne(queue, tenant);
    await queue.add(job(tenant, 'a'));
    t.equal((await queue.depth(tenant)).waiting, 0, 'nothing is added while it is worked on');
    await lease.retry(60_000);
    await queue.add(job(tenant, 'a'));
    t.strictSame(
      { ...(await queue.depth(tenant)), oldestSince: 0 },
      { waiting: 0, delayed: 1, active: 0, dead: 0, oldestSince: 0 },
    );
    const other = newTenant();
    await queue.add(job(other, 'a'));
    const second = await takeOne(queue, other);
    await second.complete();
    await queue.add(job(other, 'a'));
    t.equal((await queue.depth(other)).waiting, 1, 'done, so it may come again');
  });

  t.test('two workers never hold the same job', async (t) => {
    const [one, two] = [await source().open(t), await source().open(t)];
    const tenant = newTenant();
    await Promise.all(Array.from({ length: 40 }, (_, at) => one.queue.add(job(tenant, `j${at}`))));
    const taken: string[] = [];
    const work = async (queue: JobQueue): Promise<void> => {
      for (let lease = await queue.take(tenant); lease !== null; lease = await queue.take(tenant)) {
        taken.push(lease.job.id);
        await lease.complete();
      }
    };
    await Promise.all([work(one.queue), work(two.queue)]);
    t.equal(taken.length, 40);
    t.equal(new Set(taken).size, 40);
  });

  t.test('a worker waiting for work gets a job that comes', async (t) => {
    const [producer, consumer] = [await source().open(t), await source().open(t)];
    const tenant = newTenant();
    const waiting = takeOne(consumer.queue, tenant);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await producer.queue.add(job(tenant, 'a'));
    const lease = await waiting;
    t.equal(lease.job.id, 'a');
    await lease.complete();
  });

  t.test('a delayed job is not taken before its time', async (t) => {
    const { queue } = await source().open(t);
    const tenant = newTenant();
    const began = Date.now();
    await queue.add(job(tenant, 'later'), 2_500);
    t.equal((await queue.depth(tenant)).delayed, 1);
    await queue.add(job(tenant, 'now'));
    const first = await takeOne(queue, tenant);
    t.equal(first.job.id, 'now');
    await first.complete();
    const second = await takeOne(queue, tenant);
    t.equal(second.job.id, 'later');
    t.ok(Date.now() - began >= 2_490, 'not early');
    await second.complete();
  });

  t.test('retries come in the order of their due times and carry the count of attempts', async (t) => {
    const { queue } = await source().open(t);
    const tenant = newTenant();
    await queue.add(job(tenant, 'a'));
    await queue.add(job(tenant, 'b'));
    await (await takeOne(queue, tenant)).retry(2_500);
    await (await takeOne(queue, tenant)).retry(300);
    const seen: [string, number][] = [];
    for (let taken = 0; taken < 2; taken++) {
      const lease = await takeOne(queue, tenant);
      seen.push([lease.job.id, lease.attempts]);
      await lease.complete();
    }
    t.strictSame(seen, [
      ['b', 1],
      ['a', 1],
    ]);
  });

  t.test('a released job is next, and its attempts are not counted', async (t) => {
    const { queue } = await source().open(t);
    const tenant = newTenant();
    await queue.add(job(tenant, 'a'));
    await queue.add(job(tenant, 'b'));
    await (await takeOne(queue, tenant)).release();
    const lease = await takeOne(queue, tenant);
    t.equal(lease.job.id, 'a');
    t.equal(lease.attempts, 0);
    await lease.complete();
  });

  t.test('a paused tenant gives no job until it is resumed; others do', async (t) => {
    const [one, two] = [await source().open(t), await source().open(t)];
    const [paused, running] = [newTenant(), newTenant()];
    await one.queue.add(job(paused, 'a'));
    await one.queue.add(job(running, 'b'));
    await one.queue.pause(paused);
    t.equal(await two.queue.isPaused(paused), true);
    t.equal(await two.queue.isPaused(running), false);
    await takesNothing(t, two.queue, paused);
    await one.queue.add(job(paused, 'c'));
    t.equal((await one.queue.depth(paused)).waiting, 2, 'jobs are still taken in');
    await (await takeOne(two.queue, running)).complete();
    await one.queue.resume(paused);
    const lease = await takeOne(two.queue, paused);
    t.equal(lease.job.id, 'a');
    await lease.complete();
  });

  t.test('dead letters are kept, listed oldest first, put back or discarded', async (t) => {
    const { queue } = await source().open(t);
    const tenant = newTenant();
    for (const [at, id] of ['a', 'b', 'c'].entries()) {
      await queue.add(job(tenant, id));
      const lease = await takeOne(queue, tenant);
      await lease.bury({ ...failure, at: failure.at + at });
      // BullMQ orders by the millisecond.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    t.equal((await queue.depth(tenant)).dead, 3);
    t.strictSame(
      (await queue.deadLetters(tenant, 0, 10)).map((letter) => letter.job.id),
      ['a', 'b', 'c'],
    );
    t.strictSame(
      (await queue.deadLetters(tenant, 1, 1)).map((letter) => letter.job.id),
      ['b'],
    );
    t.strictSame(await queue.deadLetters(tenant, 0, 0), []);
    t.strictSame(await queue.deadLetter(tenant, 'a'), { job: job(tenant, 'a'), failure, attempts: 1 });
    t.equal(await queue.deadLetter(tenant, 'none'), null);

    await queue.add(job(tenant, 'a'));
    await takesNothing(t, queue, tenant);

    t.equal(await queue.revive(tenant, 'a', 9_000), true);
    t.equal(await queue.revive(tenant, 'a', 9_000), false, 'it is no dead letter any more');
    const again = await takeOne(queue, tenant);
    t.strictSame([again.job.id, again.job.since, again.attempts], ['a', 9_000, 0]);
    t.equal(await queue.discard(tenant, 'a'), false, 'a job in hand is no dead letter');
    await again.complete();

    t.equal(await queue.discard(tenant, 'b'), true);
    t.equal(await queue.discard(tenant, 'b'), false);
    await queue.add(job(tenant, 'b'));
    t.equal((await queue.depth(tenant)).waiting, 1, 'after that the account may be queued again');
  });

  t.test('the depth tells how many there are and since when the oldest waits', async (t) => {
    const { queue } = await source().open(t);
    const tenant = newTenant();
    t.strictSame(await queue.depth(tenant), { waiting: 0, delayed: 0, active: 0, dead: 0, oldestSince: null });
    await queue.add(job(tenant, 'a', 1_000));
    await queue.add(job(tenant, 'b', 2_000));
    await queue.add(job(tenant, 'c', 3_000), 60_000);
    await queue.add(job(tenant, 'd', 4_000));
    t.strictSame(await queue.depth(tenant), { waiting: 3, delayed: 1, active: 0, dead: 0, oldestSince: 1_000 });
    const lease = await takeOne(queue, tenant);
    t.strictSame(await queue.depth(tenant), { waiting: 2, delayed: 1, active: 1, dead: 0, oldestSince: 2_000 });
    await lease.complete();
  });

  t.test('records are shared, expire, and are claimed once', async (t) => {
    const [one, two] = [(await source().open(t)).records, (await source().open(t)).records];
    const tenant = newTenant();
    await one.set(tenant, 'lasting', 'x', null);
    await one.set(tenant, 'short', 'y', 2_000);
    t.strictSame(await two.get(tenant, ['lasting', 'short', 'none']), ['x', 'y', null]);
    t.strictSame(await two.get(newTenant(), ['lasting']), [null], 'of this tenant only');
    t.strictSame(await two.get(tenant, []), []);
    const claims = await Promise.all(
      [1, 2, 3, 4].map((at) => (at % 2 === 0 ? one : two).claim(tenant, 'probe', 'mine', 2_000)),
    );
    t.equal(claims.filter(Boolean).length, 1);
    await new Promise((resolve) => setTimeout(resolve, 2_050));
    t.strictSame(await two.get(tenant, ['lasting', 'short']), ['x', null]);
    t.equal(await two.claim(tenant, 'probe', 'mine', 2_000), true);
    t.equal(await two.remove(tenant, 'lasting'), true);
    t.equal(await two.remove(tenant, 'lasting'), false);
    t.equal(await one.claim(tenant, 'lasting', 'z', null), true);
    t.equal(await two.claim(tenant, 'lasting', 'late', null), false);
    t.strictSame(await two.get(tenant, ['lasting']), ['z']);
  });

  t.test('lists hold one value per id', async (t) => {
    const { records } = await source().open(t);
    const tenant = newTenant();
    for (let at = 0; at < 150; at++) await records.listPut(tenant, 'l', `id${at}`, `v${at}`);
    await records.listPut(tenant, 'l', 'id7', 'other');
    await records.listPut(tenant, 'another', 'id7', 'x');
    t.equal(await records.listCount(tenant, 'l'), 150);
    t.equal(await records.listCount(newTenant(), 'l'), 0);
    t.equal((await records.listEntries(tenant, 'l', 10)).length, 10);
    const entries = new Map((await records.listEntries(tenant, 'l', 1_000)).map(({ id, value }) => [id, value]));
    t.equal(entries.size, 150);
    t.equal(entries.get('id7'), 'other');
    t.equal(await records.listRemove(tenant, 'l', 'id7'), true);
    t.equal(await records.listRemove(tenant, 'l', 'id7'), false);
    t.equal(await records.listCount(tenant, 'l'), 149);
  });
}

/** The same of workers that die or hold on; the sources have leases of `LEASE_TIME`. */
export function leaseContract(t: Test, source: () => BackendSource): void {
  t.test(
    'the job of a worker that fell silent is taken over; the silent one can do nothing with it any more',
    async (t) => {
      const [silent, other] = [await source().open(t), await source().open(t)];
      const tenant = newTenant();
      await silent.queue.add(job(tenant, 'a'));
      const lost = await takeOne(silent.queue, tenant);
      const taken = await takeOne(other.queue, tenant, 20 * LEASE_TIME);
      t.equal(taken.job.id, 'a');
      t.equal(taken.attempts, 0, 'a crash is not the job’s fault');
      t.equal(await lost.extend().catch(() => false), false);
      await t.rejects(lost.complete());
      await t.rejects(lost.bury(failure));
      t.equal((await other.queue.depth(tenant)).active, 1);
      await taken.complete();
    },
  );

  t.test('a worker that extends keeps its job', async (t) => {
    const [holder, other] = [await source().open(t), await source().open(t)];
    const tenant = newTenant();
    await holder.queue.add(job(tenant, 'a'));
    const lease = await takeOne(holder.queue, tenant);
    const looking = (async () => {
      for (let look = 0; look < 2; look++) await takesNothing(t, other.queue, tenant);
    })();
    for (let beat = 0; beat < 10; beat++) {
      await new Promise((resolve) => setTimeout(resolve, LEASE_TIME / 4));
      t.equal(await lease.extend(), true);
    }
    await looking;
    await lease.complete();
    await takesNothing(t, other.queue, tenant);
  });
}
