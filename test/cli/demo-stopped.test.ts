import t from 'tap';
import { startDemo } from '../support/demo.js';
import { until } from '../support/running.js';

t.test('a demo that is stopped before its end, or afterwards, leaves nothing behind', async (t) => {
  for (const [signal, written, status] of [
    ['SIGINT', 'Starting a test', 1],
    ['SIGHUP', 'Still running', 0],
  ] as const) {
    const { demo, left } = await startDemo(t);
    await until(
      () => demo.stdout(),
      (text) => text.includes(written) || !demo.running(),
      60_000,
    );
    demo.signal(signal);
    t.equal(await demo.exited, status, signal);
    t.same(left(), [], signal);
  }
});
