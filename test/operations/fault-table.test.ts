import t from 'tap';
import { faultTable } from './fault.js';
import { keyScenarios } from './key-scenarios.js';
import { partyScenarios } from './party-scenarios.js';
import { provisioningScenarios } from './provisioning-scenarios.js';
import { storeScenarios } from './store-scenarios.js';

t.test('every row of the fault table is brought about by a test, and every test has its row', (t) => {
  const proved = [keyScenarios, partyScenarios, provisioningScenarios, storeScenarios].flatMap((each) =>
    Object.keys(each),
  );
  t.same(
    faultTable()
      .map(({ fault }) => fault)
      .toSorted(),
    proved.toSorted(),
  );
  t.end();
});
