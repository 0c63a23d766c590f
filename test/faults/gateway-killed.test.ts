import t, { type Test } from 'tap';
import { startZivverStandIn, type ZivverStandIn } from '../../src/sandbox/index.js';
import { eventually } from '../provisioning/rig.js';
import { idpContent } from '../support/configuration.js';
import { rsaKeyPair } from '../support/pki.js';
import { startProgram, untilAnswers } from '../support/program.js';
import { startRedis } from '../support/redis.js';
import { metricValue } from '../support/running.js';
import { signedResponse } from '../support/saml-response.js';
import { mainFile, startServe, type RunningServe } from '../support/serve.js';
import { STAND_IN } from './accounting.js';

const ACCOUNT_KEY = 'https://zivver.com/SAML/Attributes/ZivverAccountKey';
const TOKEN = 'the-scim-token';

/** Posts the response of one person. @returns whether the person got the page that hands on to Zivver */
async function logIn({ publicUrl }: RunningServe, name: string): Promise<boolean> {
  const acs = `${publicUrl}/saml/okta/acs`;
  const response = await signedResponse(
    {
      now: Date.now(),
      issuer: 'https://idp.example.org/idp',
      audience: `${publicUrl}/saml/okta/metadata`,
      destination: acs,
      inResponseTo: null,
      nameId: `${name}@example.org`,
      attributes: [{ name: ACCOUNT_KEY, values: [`key of ${name}`] }],
      responseId: `_r${name}${Math.random().toString(36).slice(2)}`,
      assertionId: `_a${name}${Math.random().toString(36).slice(2)}`,
    },
    { key: rsaKeyPair(2048, 'idp').signingKey() },
  );
  const body = new URLSearchParams({ SAMLResponse: Buffer.from(response).toString('base64') });
  try {
    const answer = await fetch(acs, { method: 'POST', body });
    return answer.status === 200 && (await answer.text()).includes('SAMLResponse');
  } catch {
    return false;
  }
}

async function start(t: Test, zivver: ZivverStandIn, store: string): Promise<RunningServe> {
  return startServe(t, {
    gateway: {
      store,
      limits: { rate: { requests: 10_000, per: '1s' } },
      provisioning: {
        mode: 'scim',
        scim: { baseUrl: zivver.scimUrl, token: { file: 'certs/scim-token' }, timeout: '20s' },
        budget: { requests: STAND_IN.budget.requests, per: `${STAND_IN.budget.windowMs}ms` },
        waitForAccount: '10s',
      },
    },
    idps: { okta: idpContent({ unsolicited: 'allow' }) },
    files: { 'certs/scim-token': TOKEN },
    args: ['--with-worker'],
  });
}

/** How many jobs wait or are in hand. */
async function held({ operationsUrl }: RunningServe): Promise<number> {
  const metrics = await (await fetch(`${operationsUrl}/metrics`)).text();
  const jobs = ['waiting', 'delayed', 'active'].map(
    (state) => metricValue(metrics, `queue_jobs{state="${state}"}`) ?? 0,
  );
  return jobs.reduce((sum, count) => sum + count, 0);
}

async function again(t: Test, serve: RunningServe): Promise<void> {
  const { directory } = serve.configuration;
  const args = [process.execPath, mainFile, 'serve', '--config', directory, '--with-worker'];
  const program = await startProgram(t, args);
  await untilAnswers(program, `${serve.operationsUrl}/readyz`, { fits: (status) => status === 200 });
}

async function killed(t: Test, store: string): Promise<void> {
  const zivver = await startZivverStandIn({
    host: '127.0.0.1',
    port: 0,
    domain: 'example.org',
    domainKey: { attribute: 'DomainKey', value: 'unused' },
    scimToken: TOKEN,
    ...STAND_IN,
  });
  t.teardown(() => zivver.close());
  const serve = await start(t, zivver, store);
  const addresses = (): string[] => zivver.accounts().map(({ userName }) => userName);

  const early = Array.from({ length: 20 }, (_, at) => `early${at}`);
  t.ok((await Promise.all(early.map((name) => logIn(serve, name)))).every(Boolean), 'delivered before the kill');
  // Slow enough that everybody is held between enqueue and delivery when the kill comes.
  zivver.misbehave({ rules: [{ fault: { kind: 'latency', ms: 5_000, applied: true } }] });
  const late = Array.from({ length: 40 }, (_, at) => `late${at}`);
  const logins = Promise.all(late.map((name) => logIn(serve, name)));
  const before = zivver.requests().total;
  await eventually(async () => (await held(serve)) === late.length, 'a job for each');
  await eventually(() => zivver.requests().total >= before + 8, 'jobs in hand');
  serve.program.signal('SIGKILL');
  t.notOk((await logins).some(Boolean), 'nobody was handed on');
  t.ok(
    early.every((name) => addresses().includes(`${name}@example.org`)),
    'whoever was handed on has an account',
  );
  zivver.misbehave({ rules: [] });
  await again(t, serve);
  // The leases of the killed worker are held for 30 s.
  await eventually(() => addresses().length === 60, 'the accounts, without another login', 180_000);
  t.ok((await Promise.all(late.map((name) => logIn(serve, name)))).every(Boolean), 'each logs in again');
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.strictSame(addresses().sort(), [...early, ...late].map((name) => `${name}@example.org`).sort(), 'each once');
  t.equal(zivver.requests().byOperation.create, new Set(addresses()).size, 'nothing was even tried twice');
  t.equal(zivver.requests().overBudget, 0, 'the budget was never exceeded');
}

t.test('kill -9 of the gateway between enqueue and delivery', (t) => {
  // Both mostly wait for a lease to end.
  t.jobs = 2;
  t.test('embedded', (t) => killed(t, 'embedded:./data'));
  t.test('redis', async (t) => killed(t, `redis://127.0.0.1:${(await startRedis(t)).port}/0`));
  t.end();
});
