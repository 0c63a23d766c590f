import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { idpContent } from '../support/configuration.js';
import { forgedGeneration } from '../support/forged-generation.js';
import { rsaKeyPair } from '../support/pki.js';
import { startRunning, until } from '../support/running.js';

t.test(
  'a signing key that does not fit its certificate makes the canary fail, and the gateway not ready',
  async (t) => {
    const running = await startRunning(t, {
      idps: { okta: idpContent() },
      services: { pace: { canary: 100 } },
    });
    const { application, configuration } = running;
    t.equal((await running.health()).checks['canary']?.state, 'pass');
    const sound = application.generation.config;
    await application.adopt(forgedGeneration(application, configuration.directory));
    const { failing } = await until(
      () => running.ready(),
      ({ status }) => status === 503,
    );
    t.same(failing, ['canary']);
    const { canary } = (await running.health()).checks;
    t.match(canary?.detail, /A response of our own failed/);
    t.match(canary?.remedy, /signing key/);
    await application.adopt(application.makeGeneration(sound));
    await until(
      () => running.ready(),
      ({ status }) => status === 200,
    );
  },
);

t.test('a key whose certificate belongs to another key is not taken into force at all', async (t) => {
  const running = await startRunning(t, { idps: { okta: idpContent() } });
  writeFileSync(join(running.root, 'certs/test.crt'), rsaKeyPair(2048, 'another').certificatePem);
  t.notOk(await running.gateway.reload());
  const { configuration, canary } = (await running.health()).checks;
  t.match(configuration, { state: 'fail', detail: /does not belong to the key/ });
  t.equal(canary?.state, 'pass');
  t.equal((await running.ready()).status, 200);
});

t.test('without an enabled identity provider there is nothing to try', async (t) => {
  const running = await startRunning(t, { idps: { okta: idpContent({ enabled: false }) } });
  t.match((await running.health()).checks['canary'], { state: 'pass', detail: /No identity provider is enabled/ });
});
