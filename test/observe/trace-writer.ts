// A process that joins its entries to a trace of the embedded store. Run by traces.test.ts.
import { createEmbeddedTraceStore } from '../../src/observe/index.js';
import { systemClock } from '../../src/shared/index.js';

const [path = '', reference = '', count = '0'] = process.argv.slice(2);
const store = createEmbeddedTraceStore({ path, clock: systemClock, bounds: { count: 100, age: 60_000 }, gatherFor: 1 });
for (let index = 0; index < Number(count); index += 1) {
  await store.add(reference, { kind: 'provisioning', at: Date.now(), event: 'attempt', detail: `from ${process.pid}` });
}
await store.close();
