import t, { type Test } from 'tap';
import { createEmbeddedBackend, createSpool, type Backend } from '../../src/provisioning/index.js';
import { redisSource } from '../provisioning/backends.js';
import { eventually, makeRig } from '../provisioning/rig.js';
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
    await steps(t, steppedClock(), await (await redisSource(t, redis)).open(t));
  });
});
