import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { startRunning, until } from '../support/running.js';

const RELOADS = 100;

const entityOf = (name: string) => `https://${name}.example.org/idp`;
const content = (name: string, changes = {}) =>
  idpContent({ entityId: entityOf(name), unsolicited: 'allow', ...changes });

t.test(
  '100 reloads under load, with additions, changes and removals: no login of an untouched IdP fails',
  async (t) => {
    const running = await startRunning(t, {
      gateway: { limits: { rate: { requests: 1_000_000, per: '1m' } } },
      idps: { okta: content('okta'), changing: content('changing') },
    });
    const { publicUrl, configuration, gateway } = running;
    let reloading = true;
    const untouched = new Map<number, number>();
    const others = new Map<number, number>();
    const visit = async (idp: string, statuses: Map<number, number>) => {
      while (reloading) {
        const { status } = await logIn({ publicUrl, idp, entityId: entityOf(idp) });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const visitors = [
      visit('okta', untouched),
      visit('okta', untouched),
      visit('okta', untouched),
      visit('coming', others),
      visit('changing', others),
    ];
    const answered = () => [...untouched.values(), ...others.values()].reduce((sum, count) => sum + count, 0);
    const ready: number[] = [];
    let taken = 0;
    for (let round = 0; round < RELOADS; round += 1) {
      if (round % 2 === 0) configuration.idp('coming', content('coming'));
      else rmSync(join(configuration.directory, 'idps/coming.yaml'));
      configuration.idp('changing', content('changing', { clockSkew: `${60 + round}s` }));
      if (await gateway.reload()) taken += 1;
      // So that logins meet every generation.
      const before = answered();
      await until(answered, (count) => count >= before + 5);
      if (round % 10 === 0) ready.push((await running.ready()).status);
    }
    reloading = false;
    await Promise.all(visitors);
    t.equal(taken, RELOADS);
    t.same([...untouched.keys()], [200]);
    t.ok((untouched.get(200) ?? 0) > RELOADS, 'there was load');
    t.same([...others.keys()].toSorted(), [200, 404], 'one that is not there is not found, and nothing else happens');
    t.same(new Set(ready), new Set([200]), 'ready all the while');
  },
);
