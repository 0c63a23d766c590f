import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { startZivverStandIn, type ZivverStandIn } from '../../src/sandbox/index.js';
import { eventually } from '../provisioning/rig.js';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { startProgram, type RunningProgram } from '../support/program.js';
import { startRedis } from '../support/redis.js';
import { mainFile, servePlace, startServe, type RunningServe } from '../support/serve.js';
import { temporaryDirectory } from '../support/temporary.js';

const TOKEN = 'the-scim-token';
// Small, so that the workers have to share it.
const BUDGET = { requests: 40, windowMs: 1_000 };

interface Place {
  readonly zivver: ZivverStandIn;
  readonly store: string;
  readonly dataKey: string;
}

async function openPlace(t: Test, store: string): Promise<Place> {
  const zivver = await startZivverStandIn({
    host: '127.0.0.1',
    port: 0,
    domain: 'example.org',
    domainKey: { attribute: 'DomainKey', value: 'unused' },
    scimToken: TOKEN,
    budget: BUDGET,
  });
  t.teardown(() => zivver.close());
  return { zivver, store, dataKey: randomBytes(32).toString('base64') };
}

/** One machine with two processes and no worker in them. */
async function startMachine(t: Test, { zivver, store, dataKey }: Place): Promise<RunningServe> {
  const options = {
    gateway: {
      store,
      limits: { rate: { requests: 10_000, per: '1s' } },
      provisioning: {
        mode: 'scim',
        scim: { baseUrl: zivver.scimUrl, token: { file: 'certs/scim-token' }, timeout: '5s' },
        budget: { requests: BUDGET.requests, per: `${BUDGET.windowMs}ms` },
        waitForAccount: '0s',
      },
    },
    idps: { okta: idpContent({ unsolicited: 'allow' }) },
    files: { 'certs/scim-token': TOKEN, 'certs/data-key': dataKey },
    args: ['--processes', '2', '--no-with-worker'],
  };
  return startServe(t, options, await servePlace(t, 2));
}

async function startWorkers(t: Test, { configuration }: RunningServe, count: number): Promise<RunningProgram[]> {
  const args = [process.execPath, mainFile, 'worker', '--config', configuration.directory];
  const workers = await Promise.all(Array.from({ length: count }, () => startProgram(t, args)));
  const working = (): boolean =>
    workers.every((worker) => worker.stderr().includes('working on the provisioning queue'));
  await eventually(working, 'workers that work', 60_000);
  return workers;
}

/** A person tries again where a machine that is busy could not take the login. */
async function signIn({ publicUrl }: RunningServe, address: string): Promise<void> {
  await eventually(async () => (await logIn({ publicUrl, address })).status === 200, 'a login', 60_000);
}

async function scaledOut(t: Test, place: Place, machines: readonly RunningServe[]): Promise<void> {
  const { zivver } = place;
  const addresses = (): string[] => zivver.accounts().map(({ userName }) => userName);
  const people = Array.from({ length: 100 }, (_, at) => `person${at}@example.org`);
  // Each logs in at each machine at the same time: whichever process takes it, there is one job.
  for (let from = 0; from < people.length; from += 5) {
    const some = people.slice(from, from + 5);
    await Promise.all(some.flatMap((address) => machines.map((machine) => signIn(machine, address))));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.equal(zivver.requests().total, 0, 'the gateways themselves ask nothing');

  const [first] = machines;
  if (first === undefined) throw new Error('no machine');
  const workers = await startWorkers(t, first, 2);
  await eventually(() => addresses().length >= 20, 'some accounts', 30_000);
  const others = await startWorkers(t, machines.at(-1) ?? first, 1);
  for (const worker of workers.slice(0, 1)) t.equal(await worker.stop(), 0, 'a worker ends in good order');
  await eventually(() => addresses().length >= people.length, 'every account', 60_000);
  t.strictSame(addresses().sort(), [...people].sort(), 'each once');
  t.equal(zivver.requests().overBudget, 0, 'three workers kept one budget');
  t.equal(zivver.requests().byOperation.create, people.length, 'nothing was even tried twice');
  const asked = zivver.requests().total;
  for (const machine of machines) await signIn(machine, people[0] ?? '');
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(zivver.requests().total, asked, 'who is known is asked for no more');
  for (const worker of [...workers.slice(1), ...others]) t.equal(await worker.stop(), 0);
  for (const { program } of machines) t.equal(await program.stop(), 0);
}

t.test('gateways of several processes without a worker, and workers on their own, share jobs and budget', async (t) => {
  await t.test('two machines on one Redis', async (t) => {
    const place = await openPlace(t, (await startRedis(t)).url);
    await scaledOut(t, place, [await startMachine(t, place), await startMachine(t, place)]);
  });
  await t.test('one machine on the embedded store', async (t) => {
    const place = await openPlace(t, `embedded:${await temporaryDirectory(t)}`);
    await scaledOut(t, place, [await startMachine(t, place)]);
  });
});
