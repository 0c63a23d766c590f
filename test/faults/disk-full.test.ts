import t, { type Test } from 'tap';
import { startZivverStandIn, type ZivverStandIn } from '../../src/sandbox/index.js';
import { eventually } from '../provisioning/rig.js';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { startRedis } from '../support/redis.js';
import { startServe, type RunningServe } from '../support/serve.js';
import { metricValue, type HealthAnswer } from '../support/running.js';
import { smallDisk, type SmallDisk } from '../support/small-disk.js';
import { STAND_IN } from './accounting.js';

const TOKEN = 'the-scim-token';
const MEGABYTE = 1_048_576;

/** A gateway that keeps all that it keeps on that disk. */
async function start(
  t: Test,
  { path }: SmallDisk,
  store: Readonly<Record<string, string>>,
): Promise<{ serve: RunningServe; zivver: ZivverStandIn }> {
  const zivver = await startZivverStandIn({
    host: '127.0.0.1',
    port: 0,
    domain: 'example.org',
    domainKey: { attribute: 'DomainKey', value: 'unused' },
    scimToken: TOKEN,
    ...STAND_IN,
  });
  t.teardown(() => zivver.close());
  const serve = await startServe(t, {
    gateway: {
      ...store,
      audit: { directory: `${path}/audit` },
      limits: { rate: { requests: 10_000, per: '1s' } },
      provisioning: {
        mode: 'scim',
        scim: { baseUrl: zivver.scimUrl, token: { file: 'certs/scim-token' }, timeout: '5s' },
        budget: { requests: STAND_IN.budget.requests, per: `${STAND_IN.budget.windowMs}ms` },
        waitForAccount: '0s',
      },
    },
    idps: { okta: idpContent({ unsolicited: 'allow' }) },
    files: { 'certs/scim-token': TOKEN },
    args: ['--with-worker'],
  });
  return { serve, zivver };
}

interface Scene {
  readonly store: Readonly<Record<string, string>>;
  /** Between the first logins and the full disk. */
  readonly meanwhile?: () => Promise<void>;
  /** When there is room again. */
  readonly afterwards?: () => Promise<void>;
}

async function fullDisk(t: Test, disk: SmallDisk, { store, meanwhile, afterwards }: Scene): Promise<void> {
  const { serve, zivver } = await start(t, disk, store);
  const { publicUrl, operationsUrl, program } = serve;
  const delivered: string[] = [];
  const signIn = async (name: string): Promise<number> => {
    const address = `${name}@example.org`;
    const { status } = await logIn({ publicUrl, address });
    if (status === 200) delivered.push(address);
    return status;
  };
  const signInTwenty = async (when: string): Promise<number[]> => {
    const statuses: number[] = [];
    for (let at = 0; at < 20; at++) statuses.push(await signIn(`${when}${at}`));
    return [...new Set(statuses)];
  };
  const ready = async (): Promise<number> => (await fetch(`${operationsUrl}/readyz`)).status;

  t.strictSame(await signInTwenty('before'), [200]);
  await meanwhile?.();
  t.strictSame(await signInTwenty('still-room'), [200]);
  // Calls to Zivver are under way when the disk is full, so their outcomes find no room either.
  zivver.misbehave({ rules: [{ fault: { kind: 'latency', ms: 500, applied: true }, forMs: 2_000 }] });
  t.strictSame(await signInTwenty('just-before'), [200]);
  await disk.fill();
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.strictSame(await signInTwenty('during'), [503], 'nobody is handed on who could be forgotten or come twice');
  await eventually(async () => (await ready()) === 503, 'not ready');
  const { checks } = (await (await fetch(`${operationsUrl}/healthz`)).json()) as HealthAnswer;
  t.match(checks['store'], { state: 'fail', remedy: /room/ });
  t.match(checks['audit-log'], { state: 'fail', remedy: /Make room/ });
  const metrics = await (await fetch(`${operationsUrl}/metrics`)).text();
  t.ok((metricValue(metrics, 'store_errors_total{operation="claim_once"}') ?? 0) > 0);
  t.ok((metricValue(metrics, 'audit_waiting_lines') ?? 0) > 0);
  // The worker, the traces, the audit log and the sweeps meet the full disk too.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  t.equal(program.running(), true, 'the process lives');

  await disk.free();
  await eventually(async () => (await ready()) === 200, 'ready by itself');
  // Each store looks at the disk by itself, ten times a second.
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.strictSame(await signInTwenty('after'), [200], 'with room again it takes logins');
  await afterwards?.();
  const addresses = (): string[] => zivver.accounts().map(({ userName }) => userName);
  await eventually(() => addresses().length >= delivered.length, 'the accounts', 60_000);
  t.strictSame(addresses().sort(), [...delivered].sort(), 'an account for each who was handed on, and for nobody else');
  t.equal(zivver.requests().overBudget, 0, 'the budget was never exceeded');
  t.equal(await program.stop(), 0, 'it ends in good order');
}

async function onSmallDisk(t: Test, test: (disk: SmallDisk) => Promise<void>): Promise<void> {
  const disk = await smallDisk(t, 32 * MEGABYTE);
  if (disk === null) t.comment('no file system can be mounted here, so no disk can be filled up');
  else await test(disk);
}

t.test('a disk that is really full under a running gateway', (t) => {
  t.jobs = 2;
  t.test('with the embedded store', (t) =>
    onSmallDisk(t, (disk) => fullDisk(t, disk, { store: { store: `embedded:${disk.path}/store` } })),
  );
  t.test('with Redis away, claims and the spool on this machine', async (t) => {
    const redis = await startRedis(t, { args: ['--appendonly', 'yes'] });
    await onSmallDisk(t, (disk) =>
      fullDisk(t, disk, {
        store: { store: redis.url, onStoreFailure: 'local', dataDirectory: `${disk.path}/data` },
        meanwhile: () => redis.kill(),
        afterwards: () => redis.restart(),
      }),
    );
  });
  t.end();
});
