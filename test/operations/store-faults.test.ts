import t from 'tap';
import { faultTable, provesRow } from './fault.js';
import { storeScenarios } from './store-scenarios.js';

const rows = faultTable();

for (const [fault, scenario] of Object.entries(storeScenarios)) {
  t.test(`${fault}: seen in health, readiness and metrics, with a remedy, and clears by itself`, async (t) => {
    const row = rows.find((each) => each.fault === fault);
    if (row === undefined) throw new Error('docs/operations.md has no row for it');
    await provesRow(t, row, scenario);
  });
}
