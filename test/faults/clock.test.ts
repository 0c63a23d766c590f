import { existsSync } from 'node:fs';
import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { StoreAddress } from '../../src/config/index.js';
import { createEmbeddedBackend, createSpool, type Backend } from '../../src/provisioning/index.js';
import { addressOf, PATIENCE, redisSource } from '../provisioning/backends.js';
import { openBackend } from '../provisioning/open-backend.js';
import { eventually, makeRig } from '../provisioning/rig.js';
import { startWorkerChild } from '../provisioning/worker-child.js';
import type { Clock } from '../../src/shared/index.js';
import { startRedis } from '../support/redis.js';
import { temporaryDirectory } from '../support/temporary.js';
import { accountedFor, BUDGET, namesFrom, STAND_IN, steadyLogins, untilIdle } from './accounting.js';

const HOUR = 3_600_000;

/** The machine's clock, which somebody sets. */
function steppedClock(): Clock & { step(by: number): void } {
  let offset = 0;
  return {
    now: () => Date.now() + offset,
    step: (by) => {
      offset += by;
    },
  };
}

async function steps(t: Test, clock: ReturnType<typeof steppedClock>, backend: Backend): Promise<void> {
  const spool = createSpool({ path: await temporaryDirectory(t), clock });
  t.teardown(() => spool.close());
  const rig = await makeRig(t, backend, { clock, spool, settings: { budget: BUDGET }, zivver: STAND_IN });
  rig.zivver.misbehave({ rules: [{ fault: { kind: 'latency', ms: 80, applied: true } }] });
  rig.work();
  rig.work();
  for (const [at, by] of [HOUR, -HOUR, -HOUR, HOUR].entries()) {
    await steadyLogins(rig, namesFrom(at * 40, 40), 5);
    clock.step(by);
  }
  await untilIdle(rig);
  // A retry that was due before the clock was set back comes when the clock gets there again.
  rig.zivver.misbehave({ rules: [{ fault: { kind: 'status', status: 503 }, times: 10 }] });
  await steadyLogins(rig, namesFrom(160, 20), 5);
  await eventually(() => rig.seen.notes.includes('retry transient'), 'a retry');
  clock.step(-HOUR);
  clock.step(HOUR);
  await accountedFor(t, rig, namesFrom(0, 180));
}

t.test('the clock steps an hour forth and back under load: nothing is lost, nothing made twice', async (t) => {
  await t.test('embedded', async (t) => {
    const clock = steppedClock();
    const backend = createEmbeddedBackend({ path: await temporaryDirectory(t), clock });
    t.teardown(() => backend.close());
    await steps(t, clock, backend);
  });
  await t.test('redis', async (t) => {
    const redis = await startRedis(t);
    await steps(t, steppedClock(), await redisSource(redis).open(t));
  });
});

/** Debian's libfaketime, which gives a process a clock that can be set; null where it is not there. */
async function settableClock(): Promise<string | null> {
  const places = (await readdir('/usr/lib')).map((name) => `/usr/lib/${name}/faketime/libfaketimeMT.so.1`);
  return places.find((place) => existsSync(place)) ?? null;
}

const library = await settableClock();

async function processesOn(t: Test, address: StoreAddress): Promise<void> {
  const clock = steppedClock();
  const file = join(await temporaryDirectory(t), 'clock');
  const step = async (by: number): Promise<void> => {
    clock.step(by);
    // In one go, since the processes read it at every look at their clock.
    const seconds = Math.round((clock.now() - Date.now()) / 1_000);
    await writeFile(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}`);
    await rename(`${file}.new`, file);
  };
  await step(0);
  const backend =
    address.kind === 'embedded'
      ? createEmbeddedBackend({ path: address.path, clock })
      : await openBackend(address, { leaseTime: 2_000, commandTimeout: PATIENCE });
  t.teardown(() => backend.close());
  const rig = await makeRig(t, backend, { clock, settings: { budget: BUDGET }, zivver: STAND_IN });
  rig.zivver.misbehave({ rules: [{ fault: { kind: 'latency', ms: 80, applied: true } }] });
  const env = {
    LD_PRELOAD: library ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  const workers = [1, 2].map(() => startWorkerChild(t, rig, address, { env, leaseTime: 10_000 }));
  await Promise.all(workers.map(({ working }) => working));
  for (const [at, by] of [HOUR, -HOUR, -HOUR, HOUR].entries()) {
    await steadyLogins(rig, namesFrom(at * 40, 40), 5);
    await step(by);
    const seen = async (): Promise<number> => (await rig.status.tenant(rig.tenant)).lastBeat ?? 0;
    await eventually(async () => Math.abs((await seen()) - clock.now()) < HOUR / 4, 'a worker of that time');
  }
  await accountedFor(t, rig, namesFrom(0, 160));
}

const skip = library === null && 'libfaketime is not there';
t.test('the clock of worker processes is set under load', { skip }, async (t) => {
  await t.test('embedded', async (t) => {
    await processesOn(t, { kind: 'embedded', path: await temporaryDirectory(t) });
  });
  await t.test('redis', async (t) => {
    await processesOn(t, addressOf(await startRedis(t)));
  });
});
