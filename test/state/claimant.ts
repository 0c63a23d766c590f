import { createEmbeddedStore } from '../../src/state/index.js';
import { systemClock } from '../../src/shared/index.js';

// A process of its own for embedded-store.test.ts: claims 50 keys, reports how many it got.
const [path = '', stay] = process.argv.slice(2);
const store = createEmbeddedStore({ path, clock: systemClock });
const claims = Array.from({ length: 50 }, (_, at) => store.claimOnce(`key ${at}`, Date.now() + 60_000));
const claimed = (await Promise.all(claims)).filter(Boolean).length;
process.send?.(claimed);
if (stay === undefined) {
  await store.close();
  process.disconnect();
}
