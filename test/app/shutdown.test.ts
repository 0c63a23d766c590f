import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { startZivverStandIn, type ZivverStandIn } from '../../src/sandbox/index.js';
import { idpContent, writeConfiguration } from '../support/configuration.js';
import { logIn } from '../support/logins.js';
import { startProgram, type RunningProgram } from '../support/program.js';
import { startRedis, type RunningRedis } from '../support/redis.js';
import { until } from '../support/running.js';
import { mainFile, startServe, type RunningServe } from '../support/serve.js';
import { temporaryDirectory } from '../support/temporary.js';

const TOKEN = 'scim-token-of-example-org';
const HELD = 'held jobs were left';
const NOTHING = { connections: 0, jobs: 0, spooled: 0, auditEvents: 0 };
/** Far more than what `stop` of a program grants before it kills: who waits it out does not end with 0. */
const LONG = '5m';

interface Place {
  readonly redis: RunningRedis;
  readonly zivver: ZivverStandIn;
}

async function openPlace(t: Test): Promise<Place> {
  const redis = await startRedis(t);
  const zivver = await startZivverStandIn({
    domain: 'example.org',
    domainKey: { attribute: 'https://zivver.com/SAML/Attributes/DomainKey', value: 'the-domain-key-of-example-org' },
    scimToken: TOKEN,
  });
  t.teardown(() => zivver.close());
  return { redis, zivver };
}

const okta = idpContent({ unsolicited: 'allow' });

function gateway({ redis, zivver }: Place, shutdownTimeout: string): Record<string, unknown> {
  return {
    store: redis.url,
    audit: { directory: 'audit' },
    shutdownTimeout,
    provisioning: {
      mode: 'scim',
      scim: { baseUrl: zivver.scimUrl, token: { file: 'certs/scim-token' }, timeout: '20s' },
      waitForAccount: '0s',
    },
  };
}

async function startWorker(t: Test, place: Place, shutdownTimeout = LONG): Promise<RunningProgram> {
  const configuration = writeConfiguration(await temporaryDirectory(t));
  configuration.gateway(gateway(place, shutdownTimeout));
  configuration.write('certs/scim-token', TOKEN);
  configuration.idp('okta', okta);
  const program = await startProgram(t, [process.execPath, mainFile, 'worker', '--config', configuration.directory]);
  await until(
    () => program.stderr(),
    (log) => log.includes('working on the provisioning queue'),
    60_000,
  );
  return program;
}

function startGateway(
  t: Test,
  place: Place,
  shutdownTimeout = LONG,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<RunningServe> {
  return startServe(t, {
    gateway: { ...gateway(place, shutdownTimeout), ...changes },
    idps: { okta },
    files: { 'certs/scim-token': TOKEN },
    args: ['--with-worker'],
  });
}

interface LogLine {
  readonly msg: string;
  readonly reason?: string;
  readonly duration?: number;
  readonly left?: Readonly<Record<string, number>>;
}

/** The lines of the log that tell of the shutdown. */
function shutdownLines(program: RunningProgram): readonly LogLine[] {
  return program
    .stderr()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ msg }) => msg.startsWith('shut'));
}

const complaints = (program: RunningProgram) =>
  until(
    () => program.stderr(),
    (log) => log.includes('the store does not answer'),
  );

t.test('a worker that holds no job ends at once, though Redis is away', async (t) => {
  const place = await openPlace(t);
  const program = await startWorker(t, place);
  await place.redis.kill();
  await complaints(program);
  t.equal(await program.stop(), 0);
  t.notMatch(program.stderr(), HELD, 'there was none to be left');
});

t.test('a worker that never met its Redis ends at once', async (t) => {
  const place = await openPlace(t);
  await place.redis.kill();
  const program = await startWorker(t, place);
  await complaints(program);
  t.equal(await program.stop(), 0);
  t.notMatch(program.stderr(), HELD);
});

t.test('a worker whose Redis hangs ends without waiting for it', async (t) => {
  const place = await openPlace(t);
  const program = await startWorker(t, place);
  place.redis.pause();
  t.equal(await program.stop(), 0);
  t.notMatch(program.stderr(), HELD);
});

t.test('the worker inside the gateway holds up the shutdown no longer', async (t) => {
  const place = await openPlace(t);
  const { program } = await startGateway(t, place);
  await place.redis.kill();
  await complaints(program);
  t.equal(await program.stop(), 0);
  t.notMatch(program.stderr(), HELD);
});

t.test('a job that is held when Redis goes is waited for, and its being left is said', async (t) => {
  const place = await openPlace(t);
  const { program, publicUrl } = await startGateway(t, place, '2s');
  place.zivver.misbehave({ rules: [{ fault: { kind: 'hang' } }] });
  t.equal((await logIn({ publicUrl })).status, 200);
  await until(
    () => place.zivver.requests().total,
    (total) => total > 0,
  );
  await place.redis.kill();
  t.equal(await program.stop(), 0);
  t.match(program.stderr(), HELD);
  t.match(shutdownLines(program), [{}, { left: { ...NOTHING, jobs: 1 } }]);
});

t.test('the log says why a program ends, how long that took and what was left', async (t) => {
  await t.test('nothing, at SIGTERM', async (t) => {
    const { program } = await startServe(t, { gateway: { shutdownDelay: '1ms' }, idps: { okta } });
    t.equal(await program.stop(), 0);
    const lines = shutdownLines(program);
    t.match(lines, [
      { msg: 'shutting down', reason: 'SIGTERM', delay: 1, limit: 20_000 },
      { msg: 'shut down', reason: 'SIGTERM', left: NOTHING },
    ]);
    t.type(lines[1]?.duration, 'number');
  });
  await t.test('a worker, at SIGINT', async (t) => {
    const program = await startWorker(t, await openPlace(t));
    program.signal('SIGINT');
    t.equal(await program.exited, 0);
    t.match(shutdownLines(program), [
      { msg: 'shutting down', reason: 'SIGINT' },
      { msg: 'shut down', reason: 'SIGINT', left: NOTHING },
    ]);
  });
  await t.test('a job that waits in the spool, and a request that was cut off', async (t) => {
    const place = await openPlace(t);
    const { program, publicUrl } = await startGateway(t, place, '1s', { onStoreFailure: 'local' });
    await place.redis.kill();
    await complaints(program);
    t.equal((await logIn({ publicUrl })).status, 200);
    const { hostname, port } = new URL(publicUrl);
    const slow = connect(Number(port), hostname);
    slow.on('error', () => undefined);
    await once(slow, 'connect');
    slow.write('POST /saml/okta/acs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\na');
    t.match(String(await once(slow, 'data')), /^HTTP\/1\.1 100 /, 'the request has begun');
    t.equal(await program.stop(), 0);
    t.match(shutdownLines(program).at(-1), { left: { ...NOTHING, connections: 1, spooled: 1 } });
    slow.destroy();
  });
});
