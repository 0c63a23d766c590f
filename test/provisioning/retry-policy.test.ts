import t from 'tap';
import type { FailureClass } from '../../src/provisioning/index.js';
import { nextStep, type RetryContext } from '../../src/provisioning/retry-policy.js';

const HOUR = 3_600_000;
const context: RetryContext = {
  attempts: 0,
  since: 0,
  now: 1_000,
  retryFor: 24 * HOUR,
  observeFor: HOUR / 4,
  chance: 1,
};
const fault = (kind: FailureClass, wait = 0, status: number | null = 500) => ({
  class: kind,
  status,
  detail: '',
  remedy: '',
  wait,
});

t.test('transient failures back off exponentially with jitter up to ten minutes', (t) => {
  const delay = (attempts: number, chance: number): number => {
    const next = nextStep(fault('transient'), { ...context, attempts, chance });
    return next.step === 'retry' ? next.delay : -1;
  };
  t.strictSame(
    [0, 1, 2, 3, 9, 10, 50, 5_000].map((attempts) => delay(attempts, 1)),
    [1_000, 2_000, 4_000, 8_000, 512_000, 600_000, 600_000, 600_000],
  );
  t.equal(delay(3, 0), 4_000, 'jitter takes away at most half');
  t.end();
});

t.test('a wait that the server asks for is kept', (t) => {
  t.strictSame(nextStep(fault('transient', 90_000), context), { step: 'retry', delay: 90_000 });
  t.end();
});

t.test('after the time allowed a transient failure is buried; the last attempt is made at its end', (t) => {
  const end = context.retryFor;
  t.strictSame(nextStep(fault('transient'), { ...context, attempts: 20, now: end - 5_000 }), {
    step: 'retry',
    delay: 5_000,
  });
  t.strictSame(nextStep(fault('transient'), { ...context, attempts: 20, now: end }), { step: 'bury' });
  t.strictSame(nextStep(fault('suspect'), { ...context, attempts: 20, now: end }), { step: 'bury' });
  t.end();
});

t.test('an account that does not appear is buried after its own time', (t) => {
  t.match(nextStep(fault('absent'), context), { step: 'retry' });
  t.strictSame(nextStep(fault('absent'), { ...context, now: context.observeFor }), { step: 'bury' });
  t.end();
});

t.test('throttling waits, a refused credential pauses, a permanent refusal is buried at once', (t) => {
  t.strictSame(nextStep(fault('throttled', 7_000), context), { step: 'wait', delay: 7_000 });
  t.strictSame(nextStep(fault('credential'), context), { step: 'pause' });
  t.strictSame(nextStep(fault('permanent'), context), { step: 'bury' });
  t.end();
});

t.test('a job whose key is unknown is tried again while others may have rotated, and then buried', (t) => {
  t.match(nextStep(fault('unreadable'), context), { step: 'retry' });
  const late = { ...context, now: 600_000 };
  t.match(nextStep(fault('unreadable'), { ...late, attempts: 3 }), { step: 'retry' }, 'another may have the key');
  t.strictSame(nextStep(fault('unreadable'), { ...late, attempts: 4 }), { step: 'bury' });
  t.end();
});

t.test('however long it waited for its first attempt, a passing fault is not the end of it', (t) => {
  const late = { ...context, now: context.retryFor + HOUR };
  for (let attempts = 0; attempts < 4; attempts++) {
    t.match(nextStep(fault('transient'), { ...late, attempts }), { step: 'retry', delay: 1_000 * 2 ** attempts });
  }
  t.strictSame(nextStep(fault('transient'), { ...late, attempts: 4 }), { step: 'bury' });
  t.end();
});

t.test('a taken address that nobody lists is buried at the third attempt', (t) => {
  const conflict = fault('suspect', 0, 409);
  t.match(nextStep(conflict, { ...context, attempts: 1 }), { step: 'retry' });
  t.match(nextStep(conflict, { ...context, attempts: 2 }), { step: 'bury' });
  t.match(nextStep(fault('suspect', 0, 200), { ...context, attempts: 2 }), { step: 'retry' });
  t.end();
});
