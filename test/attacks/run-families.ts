import t from 'tap';
import { attacks, type Family } from '../../src/sandbox/attacks/index.js';
import type { StateStore } from '../../src/state/index.js';
import { deliver, expected, statement, verdictOn } from './attempt.js';
import { allCases, type Case } from './good-responses.js';

/** Tests every attack of the families on every good response that it applies to. */
export async function runFamilies(families: readonly Family[], store?: StateStore): Promise<void> {
  const cases = await allCases();
  const statements = new Map<Case, string>();
  await t.test('the good responses are accepted', async (t) => {
    for (const each of cases) {
      const delivered = await deliver(each.good.xml, each.keys);
      statements.set(each, statement(delivered));
    }
    t.equal(statements.size, 48);
  });
  for (const attack of attacks.filter(({ family }) => families.includes(family))) {
    await t.test(`${attack.family}: ${attack.name}`, async (t) => {
      const fit = cases.filter(({ good }) => attack.applies?.(good) ?? true);
      const wrong: string[] = [];
      for (const each of fit) {
        const verdict = await verdictOn(attack, each, store);
        const wanted = expected(attack, each);
        const outcome = typeof verdict === 'string' ? verdict : sameness(statement(verdict), statements.get(each));
        if (outcome !== wanted) wrong.push(`${each.name}: ${outcome} instead of ${wanted}`);
      }
      t.ok(fit.length > 0, 'there is a response that it applies to');
      t.same(wrong, []);
    });
  }
}

function sameness(said: string, good: string | undefined): string {
  return said === good ? 'same' : `ACCEPTED AND DIFFERENT: ${said}`;
}
