import t from 'tap';
import { attacks, type Attack } from '../../src/sandbox/attacks/index.js';
import { DOMAIN_KEY } from '../support/saml-parties.js';
import { verdictOn, type Delivered } from './attempt.js';
import { allCases } from './good-responses.js';

const OURS = 'domain-key-of-example-org';

function of(setting: Attack['setting']): readonly Attack[] {
  return attacks.filter((attack) => attack.family === 'domain-key' && attack.setting === setting);
}

/** As a lax receiver would compare names. */
function couldBeDomainKey(name: string): boolean {
  return name.trim().toLowerCase() === DOMAIN_KEY.toLowerCase();
}

function delivered(verdict: string | Delivered): Delivered {
  if (typeof verdict === 'string') throw new Error(`refused with ${verdict}`);
  return verdict;
}

for (const attack of of('domain-key-verified')) {
  t.test(attack.name, async (t) => {
    for (const each of await allCases()) {
      t.equal(await verdictOn(attack, each), attack.outcome, each.name);
    }
  });
}

for (const attack of of('domain-key-injected')) {
  t.test(attack.name, async (t) => {
    for (const each of await allCases()) {
      const { outgoing } = delivered(await verdictOn(attack, each));
      const keys = outgoing.attributesOut.filter(({ name }) => couldBeDomainKey(name));
      t.same(
        keys.map(({ name, values }) => [name, values]),
        [[DOMAIN_KEY, [OURS]]],
        each.name,
      );
    }
  });
}
