import t from 'tap';
import { idpContent } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { until, type HealthAnswer } from '../support/running.js';
import { listeningOf, servePlace, startServe } from '../support/serve.js';

const okta = idpContent({ unsolicited: 'allow' });
const COUNT = 2;
const args = ['--processes', String(COUNT)];

/** Several programs start, one after the other, on a machine that may be busy. Milliseconds. */
const PATIENCE = 60_000;

/** What the process with this operations port says of the configuration; `away` where there is none. */
async function configurationState(port: number): Promise<string> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
    return ((await answer.json()) as HealthAnswer).checks['configuration']?.state ?? 'unknown';
  } catch {
    return 'away';
  }
}

t.test('operations.port 0 takes a free port for every process', async (t) => {
  const gateway = { operations: { host: '127.0.0.1', port: 0 } };
  const serve = await startServe(t, { gateway, idps: { okta }, args, until: 'none' });
  const listening = await until(
    () => listeningOf(serve),
    (found) => found.length === COUNT,
    PATIENCE,
  );
  const ports = listening.map(({ operations }) => Number(new URL(operations).port));
  t.equal(new Set(ports).size, COUNT, 'each has one of its own');
  t.notOk(ports.includes(1), 'which the system chose');
  for (const port of ports) t.equal(await configurationState(port), 'pass');
  t.equal(await serve.program.stop(), 0);
});

t.test('a process that dies while the configuration is faulty is started again once it is mended', async (t) => {
  const place = await servePlace(t, COUNT);
  const port = Number(new URL(place.operationsUrl).port);
  const serve = await startServe(t, { idps: { okta }, args, until: 'none' }, place);
  const { program, configuration, publicUrl } = serve;
  const states = () => Promise.all([configurationState(port), configurationState(port + 1)]);
  const untilStates = (...wanted: string[]) =>
    until(states, (found) => found.toSorted().join() === wanted.toSorted().join(), PATIENCE);
  const failures = () => program.stderr().split('could not start').length - 1;
  const untilFailures = (wanted: number) => until(failures, (count) => count >= wanted, PATIENCE);
  const breakAndKill = async () => {
    configuration.gateway({ ...serve.base, bogus: 1 });
    await untilStates('fail', 'fail');
    for (const { pid } of listeningOf(serve).slice(-1)) process.kill(pid, 'SIGKILL');
  };

  await untilStates('pass', 'pass');
  await breakAndKill();
  await untilFailures(2);
  t.match(
    program.stderr(),
    /could not start \(2\); it is tried again in 2 s[^]*tried again in 4 s/,
    'ever more slowly',
  );
  t.same((await states()).toSorted(), ['away', 'fail'], 'the other one goes on');
  t.equal((await logIn({ publicUrl })).status, 200);

  configuration.gateway(serve.base);
  await untilStates('pass', 'pass');
  t.equal((await logIn({ publicUrl })).status, 200);

  const before = failures();
  await breakAndKill();
  await untilFailures(before + 1);
  t.equal(await program.stop(), 0, 'in the pause before the next try');
});
