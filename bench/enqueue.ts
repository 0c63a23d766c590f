import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Secret } from '../src/config/index.js';
import {
  createEmbeddedBackend,
  createProvisioner,
  createSealer,
  loadRedisQueue,
  type Backend,
  type LoginFacts,
  type Provisioner,
} from '../src/provisioning/index.js';
import { systemClock, systemRandom } from '../src/shared/index.js';
import { loadRedis } from '../src/state/index.js';
import { startRedis } from '../test/support/redis.js';
import { bareRsa } from './rsa.js';

/** Medians of one run, in milliseconds. */
export interface EnqueueReport {
  readonly ping: number;
  readonly signature: number;
  readonly steps: readonly {
    readonly name: string;
    readonly median: number;
    /** To a bare PING round trip on the same connection. */
    readonly perPing: number;
    /** To one RSA-2048 signature. */
    readonly perSignature: number;
  }[];
  /** Redis commands of one login, those inside its one script included. */
  readonly commands: { readonly first: number; readonly known: number };
  /** Bytes of one waiting job, from 5000 of them. */
  readonly bytesPerJob: { readonly redis: number; readonly embedded: number };
}

const TENANT = 'bench';
const ROUNDS = 400;
const WARM = 100;
const JOBS = 5_000;

const sealer = createSealer(
  { current: { id: 'k1', bytes: new Secret<Uint8Array>(new Uint8Array(32).fill(7)) }, previous: [] },
  systemRandom,
);
let logins = 0;

function loginOf(name: string): LoginFacts {
  return {
    mode: 'scim',
    tenant: TENANT,
    domain: 'example.org',
    idp: 'okta',
    address: `${name}@example.org`,
    accountKey: '4a1f0c1e-1a86-4f57-9b4e-0d1f0f6f2a55',
    displayName: 'Somebody With A Name',
    reference: 'ABCD-EFGH-JKMN',
    at: Date.now(),
  };
}

function newcomer(): LoginFacts {
  logins += 1;
  return loginOf(`newcomer${logins}`);
}

async function provisionerOn(backend: Backend): Promise<Provisioner> {
  const [known] = sealer.accountIds(TENANT, loginOf('known').address);
  await backend.records.set(TENANT, `outcome:${known}`, JSON.stringify({ kind: 'created', at: Date.now() }), 600_000);
  return createProvisioner({ backend, spool: null, sealer, clock: systemClock });
}

async function medians(steps: ReadonlyMap<string, () => unknown>): Promise<Map<string, number>> {
  const times = new Map([...steps.keys()].map((name): [string, number[]] => [name, []]));
  for (let round = 0; round < WARM + ROUNDS; round++) {
    // In turns, so that whatever else the machine does falls on all of them.
    for (const [name, run] of steps) {
      const began = performance.now();
      await run();
      if (round >= WARM) times.get(name)?.push(performance.now() - began);
    }
  }
  return new Map([...times].map(([name, samples]) => [name, samples.sort((a, b) => a - b)[ROUNDS / 2] ?? Number.NaN]));
}

async function enqueueMany(provisioner: Provisioner): Promise<void> {
  for (let at = 0; at < JOBS; at += 100) {
    await Promise.all(Array.from({ length: 100 }, () => provisioner.submit(newcomer())));
  }
}

const numberIn = (info: string, name: string): number =>
  Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN);

// The INFO that asks counts itself.
async function commandsOf(admin: Redis, action: () => Promise<unknown>): Promise<number> {
  const before = numberIn(await admin.info('stats'), 'total_commands_processed');
  for (let at = 0; at < 100; at++) await action();
  return (numberIn(await admin.info('stats'), 'total_commands_processed') - before - 1) / 100;
}

/** What provisioning adds to a login, on a loopback Redis and on the embedded store. */
export async function enqueueBench(): Promise<EnqueueReport> {
  const redis = await startRedis();
  const path = await mkdtemp(join(tmpdir(), 'claims-gateway-bench-'));
  const address = { kind: 'redis', host: '127.0.0.1', port: redis.port, tls: false, db: 0 } as const;
  const { connectRedis } = await loadRedis();
  const { createRedisBackend } = await loadRedisQueue();
  const connection = connectRedis(address, 'commands');
  const openBlocking = () => connectRedis(address, 'blocking');
  const shared = createRedisBackend({ connection, openBlocking });
  const embedded = createEmbeddedBackend({ path });
  try {
    while (connection.status !== 'ready') await new Promise((resolve) => setTimeout(resolve, 10));
    const [onRedis, onDisk] = [await provisionerOn(shared), await provisionerOn(embedded)];
    const rsa = bareRsa('signature', 1, 0);
    const steps = new Map<string, () => unknown>([
      ['ping', () => connection.ping()],
      ['signature', () => rsa.run()],
      ['Redis, first login', () => onRedis.submit(newcomer())],
      ['Redis, known account', () => onRedis.submit(loginOf('known'))],
      ['embedded, first login', () => onDisk.submit(newcomer())],
      ['embedded, known account', () => onDisk.submit(loginOf('known'))],
    ]);
    const measured = await medians(steps);
    const ping = measured.get('ping') ?? Number.NaN;
    const signature = measured.get('signature') ?? Number.NaN;
    const admin = new Redis({ port: redis.port, host: '127.0.0.1' });
    const commands = {
      first: await commandsOf(admin, () => onRedis.submit(newcomer())),
      known: await commandsOf(admin, () => onRedis.submit(loginOf('known'))),
    };
    const before = numberIn(await admin.info('memory'), 'used_memory');
    await enqueueMany(onRedis);
    const redisBytes = (numberIn(await admin.info('memory'), 'used_memory') - before) / JOBS;
    admin.disconnect();
    const sizeBefore = (await stat(join(path, 'data.mdb'))).size;
    await enqueueMany(onDisk);
    const embeddedBytes = ((await stat(join(path, 'data.mdb'))).size - sizeBefore) / JOBS;
    await Promise.all([onRedis.close(), onDisk.close()]);
    return {
      ping,
      signature,
      steps: [...measured]
        .filter(([name]) => name !== 'ping' && name !== 'signature')
        .map(([name, median]) => ({ name, median, perPing: median / ping, perSignature: median / signature })),
      commands,
      bytesPerJob: { redis: Math.round(redisBytes), embedded: Math.round(embeddedBytes) },
    };
  } finally {
    await shared.close();
    await embedded.close();
    connection.disconnect();
    await redis.kill();
    await rm(path, { recursive: true, force: true });
  }
}
