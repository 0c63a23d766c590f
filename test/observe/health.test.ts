import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { HealthRegistry, type CheckResult, type CheckState } from '../../src/observe/index.js';
import { GatewayError } from '../../src/shared/index.js';

const passing: CheckResult = { state: 'pass', detail: 'fine' };

function setUp(options: { timeLimit?: number; freshFor?: number } = {}) {
  const clock = { time: 1_000_000, now: () => clock.time };
  return { clock, health: new HealthRegistry({ clock, ...options }) };
}

t.test('is ready while no readiness check fails', async (t) => {
  const { health } = setUp();
  health.register({ name: 'store', readiness: true, run: () => passing });
  health.register({ name: 'expiry', readiness: true, run: () => ({ state: 'warn', detail: 'soon', remedy: 'renew' }) });
  health.register({ name: 'audit-log', readiness: false, run: () => ({ state: 'fail', detail: 'full' }) });
  t.match(await health.report(), { ready: true, state: 'fail', failing: [], draining: false });
});

t.test('is not ready when a readiness check fails, and names it', async (t) => {
  const { health } = setUp();
  health.register({ name: 'store', readiness: true, run: () => ({ state: 'fail', detail: 'gone' }) });
  t.match(await health.report(), { ready: false, state: 'fail', failing: ['store'] });
});

t.test('is not ready while draining, though all is well', async (t) => {
  const { health } = setUp();
  health.register({ name: 'store', readiness: true, run: () => passing });
  health.startDraining();
  t.match(await health.report(), { ready: false, draining: true, state: 'pass', failing: [] });
});

t.test('since moves when the state changes, and only then', async (t) => {
  const { clock, health } = setUp();
  let state: CheckState = 'pass';
  health.register({ name: 'store', readiness: true, run: () => ({ state, detail: '' }) });
  const since = async () => (await health.report()).checks.map((check) => check.since);
  t.same(await since(), [1_000_000]);
  clock.time += 5000;
  t.same(await since(), [1_000_000]);
  state = 'fail';
  clock.time += 5000;
  t.same(await since(), [1_010_000]);
  state = 'pass';
  clock.time += 5000;
  t.same(await since(), [1_015_000], 'it clears by itself');
});

t.test('a storm of probes runs a check once', async (t) => {
  const { clock, health } = setUp({ freshFor: 1000 });
  let runs = 0;
  health.register({
    name: 'store',
    readiness: true,
    run: async () => {
      runs += 1;
      await sleep(5);
      return passing;
    },
  });
  await Promise.all(Array.from({ length: 500 }, () => health.report()));
  await Promise.all(Array.from({ length: 500 }, () => health.report()));
  t.equal(runs, 1);
  clock.time += 999;
  await health.report();
  t.equal(runs, 1, 'still fresh one millisecond before the end');
  clock.time += 1;
  await health.report();
  t.equal(runs, 2);
  clock.time -= 60_000;
  await health.report();
  t.equal(runs, 3, 'a clock that was set back makes no result fresh');
});

t.test('a check that hangs fails within the limit, is not piled up, and counts again when it answers', async (t) => {
  const { clock, health } = setUp({ timeLimit: 40, freshFor: 0 });
  let runs = 0;
  let answer: (result: CheckResult) => void = () => undefined;
  health.register({
    name: 'store',
    readiness: true,
    run: () => {
      runs += 1;
      return new Promise<CheckResult>((resolve) => {
        answer = resolve;
      });
    },
  });
  const started = Date.now();
  const [report] = await Promise.all([health.report(), health.report()]);
  t.ok(Date.now() - started < 900);
  t.match(report.checks, [{ state: 'fail', detail: /no answer within 40 ms/, remedy: /hangs/ }]);
  clock.time += 1;
  await health.report();
  t.equal(runs, 1, 'not started again while it hangs');
  const late = health.report();
  answer(passing);
  t.match((await late).checks, [{ state: 'pass' }]);
});

t.test('one hanging check does not hide the others', async (t) => {
  const { health } = setUp({ timeLimit: 30 });
  health.register({ name: 'hangs', readiness: false, run: () => new Promise<CheckResult>(() => undefined) });
  health.register({ name: 'answers', readiness: true, run: () => passing });
  const { checks, ready } = await health.report();
  t.same(
    checks.map(({ name, state }) => [name, state]),
    [
      ['hangs', 'fail'],
      ['answers', 'pass'],
    ],
  );
  t.ok(ready);
});

t.test(
  'a check that throws fails: with the remedy of its code, or without what its message must not tell',
  async (t) => {
    const { health } = setUp();
    health.register({
      name: 'store',
      readiness: true,
      run: () => {
        throw new GatewayError('STORE_UNAVAILABLE', 'no answer to PING');
      },
    });
    health.register({
      name: 'other',
      readiness: false,
      run: () => Promise.reject(new Error('cannot reach redis://me:hunter2@db:6379')),
    });
    const { checks } = await health.report();
    t.match(checks[0], { state: 'fail', detail: 'STORE_UNAVAILABLE: no answer to PING', remedy: /onStoreFailure/ });
    t.match(checks[1], { state: 'fail', detail: 'Error: cannot reach redis://[secret]@db:6379' });
  },
);

t.test('names are unique, and a removed check is gone', async (t) => {
  const { health } = setUp();
  const remove = health.register({ name: 'idp-okta', readiness: true, run: () => passing });
  t.throws(() => health.register({ name: 'idp-okta', readiness: true, run: () => passing }), /registered already/);
  remove();
  t.same((await health.report()).checks, []);
  health.register({ name: 'idp-okta', readiness: true, run: () => passing });
  remove();
  t.equal((await health.report()).checks.length, 1, 'removing twice does not take out the successor');
});
