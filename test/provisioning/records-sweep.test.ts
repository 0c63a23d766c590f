import t from 'tap';
import { createEmbeddedBackend } from '../../src/provisioning/index.js';
import { EmbeddedDatabase } from '../../src/provisioning/embedded/database.js';
import { EmbeddedRecords } from '../../src/provisioning/embedded/records.js';
import { manualClock } from '../support/clock.js';
import { temporaryDirectory } from '../support/temporary.js';

t.test('however many records have expired, one round of the sweep takes them all', async (t) => {
  const path = await temporaryDirectory(t);
  const clock = manualClock();
  const before = new EmbeddedDatabase(path);
  const records = new EmbeddedRecords(before, clock);
  await Promise.all(Array.from({ length: 1_600 }, (_, at) => records.set('t', `outcome:${at}`, '{}', 1)));
  await records.set('t', 'lasting', '{}', 60_000);
  await before.close();
  clock.advance(1);
  const backend = createEmbeddedBackend({ path, clock, sweepEvery: 5_000 });
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  await backend.close();
  const after = new EmbeddedDatabase(path);
  t.teardown(() => after.close());
  t.equal(
    after.read((tables) => tables.records.getKeysCount()),
    1,
  );
});
