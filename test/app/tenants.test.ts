import t from 'tap';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { startProvisioned } from '../support/provisioned.js';
import { metricValue, until, type Running } from '../support/running.js';

const ADDRESS = 'a.jansen@example.org';
const off = { provisioning: { mode: 'off' } };

const idp = (name: string, changes = {}) =>
  idpContent({ entityId: `https://${name}.example.org/idp`, unsolicited: 'allow', ...changes });

function logInAt(running: Running, name: string) {
  return logIn({
    publicUrl: running.publicUrl,
    idp: name,
    entityId: `https://${name}.example.org/idp`,
    address: ADDRESS,
  });
}

t.test('an IdP that is off does not stop the tenant that it shares with others', async (t) => {
  for (const [working, resting] of [
    ['aa', 'zz'],
    ['zz', 'aa'],
  ] as const) {
    const idps = { [working]: idp(working), [resting]: idp(resting, off) };
    const { running, zivver } = await startProvisioned(t, { idps, withWorker: true });
    t.equal((await logInAt(running, resting)).status, 200);
    t.equal((await running.application.status.tenant('default')).waiting, 0, 'off: nothing is queued');
    t.equal((await logInAt(running, working)).status, 200);
    await until(
      () => zivver.accounts().map(({ userName }) => userName),
      (names) => names.includes(ADDRESS),
    );
    t.match((await running.health()).checks['provisioning'], { state: 'pass', data: { tenants: 1 } });
  }
});

for (const [what, changes] of [
  ['off', off],
  ['disabled', { enabled: false }],
] as const) {
  t.test(`a tenant whose only IdP is ${what} is still seen while jobs of it wait`, async (t) => {
    const { running } = await startProvisioned(t, { idps: { aa: idp('aa') } });
    t.equal((await logInAt(running, 'aa')).status, 200);
    running.configuration.idp('aa', idp('aa', changes));
    t.ok(await running.gateway.reload());
    const found = await until(
      async () => (await running.health()).checks['provisioning'],
      (check) => check?.state === 'warn',
    );
    t.match(found, { detail: /Jobs of default wait \(1\)/, remedy: /provisioning\.mode/, data: { tenants: 0 } });
    t.match((await running.health()).queue, { waiting: 1 });
    t.equal(metricValue(await running.metrics(), 'queue_jobs{state="waiting"}'), 1);
  });
}
