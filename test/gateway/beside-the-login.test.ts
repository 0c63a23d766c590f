import t from 'tap';
import type { Provisioner } from '../../src/provisioning/index.js';
import { idpResponse, postForm, startTestGateway, type TestGateway } from '../support/gateway.js';

/** Replaces a part of provisioning, as if it had met what a test cannot bring about. */
function change(gateway: TestGateway, over: Partial<Provisioner>): void {
  const { account } = gateway.route();
  const provisioner = { ...account.provisioner, ...over };
  gateway.change({}, { account: { ...account, waitForAccount: 5_000, provisioner } });
}

async function login({ app }: TestGateway): Promise<number> {
  return (await postForm(app, { SAMLResponse: await idpResponse() })).statusCode;
}

void t.test('a trace store that fails holds up no login, and is counted', async (t) => {
  const gateway = await startTestGateway(t, {
    deps: { traces: { add: () => Promise.reject(new Error('no room')) } },
  });
  t.equal(await login(gateway), 200);
  t.match(await gateway.audit(), [{ code: 'OK', decision: 'deliver' }]);
  t.match(await gateway.metrics(), 'claims_gateway_trace_errors_total 1');
});

void t.test('a trace store that never answers holds up no login', async (t) => {
  const gateway = await startTestGateway(t, {
    deps: { traces: { add: () => new Promise<void>(() => undefined) } },
  });
  t.equal(await login(gateway), 200);
});

void t.test('a wait for the account that fails keeps nobody from going on: the job is safe', async (t) => {
  const gateway = await startTestGateway(t);
  change(gateway, { waitForAccount: () => Promise.reject(new Error('the records are gone')) });
  t.equal(await login(gateway), 200);
  t.match(gateway.log(), /could not wait for the account/);
  t.match(await gateway.audit(), [{ code: 'OK', decision: 'deliver' }]);
  t.equal((await gateway.backend.queue.depth('example')).waiting, 1);
});

void t.test('how a wait ended is told apart in the metrics', async (t) => {
  for (const result of ['exists', 'failed', 'timeout'] as const) {
    const gateway = await startTestGateway(t);
    change(gateway, { waitForAccount: () => Promise.resolve(result) });
    t.equal(await login(gateway), 200, 'a person goes on in any case');
    t.match(await gateway.metrics(), `claims_gateway_provisioning_wait_seconds_count{result="${result}"} 1`);
  }
});

void t.test('an account that Zivver creates by itself is observed: not waited for, and counted as that', async (t) => {
  const gateway = await startTestGateway(t);
  change(gateway, {
    submit: () => Promise.resolve({ action: 'observe' }),
    waitForAccount: () => Promise.reject(new Error('nobody may ask')),
  });
  t.equal(await login(gateway), 200);
  t.notMatch(gateway.log(), /could not wait/);
  const metrics = await gateway.metrics();
  t.match(metrics, 'claims_gateway_provisioning_decisions_total{decision="observe"} 1');
  t.notMatch(metrics, 'decision="create"');
});
