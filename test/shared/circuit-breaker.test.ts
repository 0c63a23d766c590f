import t from 'tap';
import { CircuitBreaker } from '../../src/shared/index.js';
import { until } from '../support/running.js';

const hang = new Error('hang');

function makeBreaker(answer: () => boolean): { breaker: CircuitBreaker; probes: () => number } {
  let probes = 0;
  const breaker = new CircuitBreaker({
    name: 'the server',
    every: 5,
    isHang: (error) => error === hang,
    probe: () => {
      probes += 1;
      return answer() ? Promise.resolve() : Promise.reject(hang);
    },
  });
  return { breaker, probes: () => probes };
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 40));

t.test('after one time-out others fail at once, until a probe is answered', async (t) => {
  let answering = false;
  const { breaker, probes } = makeBreaker(() => answering);
  await t.rejects(
    breaker.run(() => Promise.reject(hang)),
    hang,
  );
  let asked = false;
  const ask = (): Promise<string> => {
    asked = true;
    return Promise.resolve('answer');
  };
  await t.rejects(breaker.run(ask), { code: 'STORE_UNAVAILABLE', message: /the server hangs/ });
  t.equal(asked, false, 'the server is not even asked');
  answering = true;
  const reply = await until(
    () => breaker.run(ask).catch(() => null),
    (given) => given !== null,
  );
  t.equal(reply, 'answer');
  const before = probes();
  await soon();
  t.equal(probes(), before, 'it probes no longer');
});

t.test('an error that came at once is no hang', async (t) => {
  const { breaker, probes } = makeBreaker(() => false);
  await t.rejects(
    breaker.run(() => Promise.reject(new Error('refused'))),
    { message: 'refused' },
  );
  t.equal(await breaker.run(() => Promise.resolve(1)), 1);
  t.equal(probes(), 0);
});

t.test('closed, it stops probing', async (t) => {
  const { breaker, probes } = makeBreaker(() => false);
  await t.rejects(
    breaker.run(() => Promise.reject(hang)),
    hang,
  );
  await until(probes, (count) => count > 1);
  breaker.close();
  await soon();
  const before = probes();
  await soon();
  t.equal(probes(), before);
});
