import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { createEmbeddedBackend, createSpool } from '../../src/provisioning/index.js';
import { systemClock } from '../../src/shared/index.js';
import { createEmbeddedStore } from '../../src/state/index.js';

// Writes to each embedded store in turn, and says so as soon as it is told that it is written; durability.test.ts
// starts it, and looks at what was flushed in between.
const [directory = ''] = process.argv.slice(2);
const state = createEmbeddedStore({ path: join(directory, 'state'), clock: systemClock });
const backend = createEmbeddedBackend({ path: join(directory, 'queue') });
const spool = createSpool({ path: join(directory, 'spool'), clock: systemClock });
const job = { id: 'a', tenant: 'example', payload: 'sealed', since: 1 };
const writes: Readonly<Record<string, () => Promise<unknown>>> = {
  claim: () => state.claimOnce('a', Date.now() + 60_000),
  job: () => backend.queue.add(job),
  outcome: () => backend.records.set('example', 'a', 'created', null),
  spool: () => spool.add(job, 0),
};
for (const [name, write] of Object.entries(writes)) {
  writeSync(1, `begin ${name}\n`);
  await write();
  writeSync(1, `written ${name}\n`);
}
await state.close();
await backend.close();
await spool.close();
