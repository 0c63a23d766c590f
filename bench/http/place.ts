import { join } from 'node:path';
import { Secret, type StoreAddress } from '../../src/config/index.js';
import { createSealer } from '../../src/provisioning/index.js';
import { startZivverStandIn } from '../../src/sandbox/index.js';
import { systemRandom } from '../../src/shared/index.js';
import { openBackend } from '../../test/provisioning/open-backend.js';
import { idpContent } from '../../test/support/configuration.js';
import { startRedis } from '../../test/support/redis.js';
import { servePlace, startServe, type RunningServe } from '../../test/support/serve.js';
import { childrenOf } from './process-figures.js';
import { addressOf, idpPair, PUBLIC_URL, type ResponseKind } from './signing.js';

export type StoreKind = 'embedded' | 'redis';

export interface GatewayWish {
  readonly store: StoreKind;
  /** How many of the people, counted from 0, have an account on record. */
  readonly known: number;
  readonly processes?: number;
  readonly responses?: ResponseKind;
  /** What is signed: one signature (default here), or the two that the configuration's default makes. */
  readonly sign?: readonly ('assertion' | 'response')[];
}

export interface BenchGateway {
  /** Where it listens. */
  readonly url: string;
  readonly operationsUrl: string;
  /** The processes that serve. */
  readonly pids: readonly number[];
}

const SIGNING = {
  entityId: `${PUBLIC_URL}/saml`,
  keys: [{ id: 'test', key: 'certs/test.key', cert: 'certs/test.crt', state: 'active' }],
};

const TENANT = 'bench';
const TOKEN = 'the-scim-token';
const CHUNK = 500;
const DATA_KEY = new Uint8Array(32).fill(7);

/** A real `serve` with its defaults, on an empty store of its own and with a stand-in for Zivver, while `use` runs. */
export async function withGateway<T>(wish: GatewayWish, use: (gateway: BenchGateway) => Promise<T>): Promise<T> {
  const undo: (() => unknown)[] = [];
  const teardown = { teardown: (action: () => unknown) => void undo.push(action) };
  try {
    return await use(await start(teardown, wish));
  } finally {
    for (const action of undo.toReversed()) await action();
  }
}

type Teardown = Parameters<typeof servePlace>[0];

async function start(t: Teardown, wish: GatewayWish) {
  const { store, known, processes = 1, responses = 'okta', sign = ['assertion'] } = wish;
  const place = await servePlace(t);
  const address = await storeAddress(t, store, place.root);
  await recordAccounts(address, known);
  const zivver = await startZivverStandIn({
    host: '127.0.0.1',
    port: 0,
    domain: 'example.org',
    domainKey: { attribute: 'DomainKey', value: 'unused' },
    scimToken: TOKEN,
  });
  t.teardown(() => zivver.close());
  const serve = await startServe(
    t,
    {
      gateway: {
        publicUrl: PUBLIC_URL,
        store:
          address.kind === 'embedded' ? `embedded:${join(place.root, 'data')}` : `redis://127.0.0.1:${address.port}`,
        signing: { ...SIGNING, sign },
        // One address sends all of it here.
        limits: { rate: { requests: 1_000_000, per: '1s' } },
        provisioning: {
          mode: 'scim',
          tenant: TENANT,
          scim: { baseUrl: zivver.scimUrl, token: { file: 'certs/scim-token' } },
          waitForAccount: '0s',
        },
      },
      idps: { okta: idpContent({ unsolicited: 'allow', certificates: [idpPair(responses).certificatePem] }) },
      files: { 'certs/scim-token': TOKEN, 'certs/data-key': Buffer.from(DATA_KEY).toString('base64') },
      args: processes > 1 ? ['--processes', String(processes)] : [],
    },
    place,
  );
  return { url: place.publicUrl, operationsUrl: place.operationsUrl, pids: await servingPids(serve, processes) };
}

async function storeAddress(t: Teardown, store: StoreKind, root: string) {
  if (store === 'embedded') return { kind: 'embedded', path: join(root, 'data', 'provisioning') } as const;
  const { port } = await startRedis(t);
  return { kind: 'redis', host: '127.0.0.1', port, tls: false, db: 0 } as const;
}

/** As a worker records it that found or made an account. */
async function recordAccounts(address: StoreAddress, count: number): Promise<void> {
  if (count === 0) return;
  const backend = await openBackend(address, { leaseTime: 30_000 });
  const outcome = JSON.stringify({ kind: 'existed', at: Date.now() });
  const current = { id: 'current', bytes: new Secret<Uint8Array>(DATA_KEY) };
  const sealer = createSealer({ current, previous: [] }, systemRandom);
  const set = (person: number) => {
    const [id] = sealer.accountIds(TENANT, addressOf(person));
    return backend.records.set(TENANT, `outcome:${id}`, outcome, 86_400_000);
  };
  // All at once is more than Redis answers within the time that one command has.
  for (let from = 0; from < count; from += CHUNK) {
    await Promise.all(Array.from({ length: Math.min(CHUNK, count - from) }, (_, at) => set(from + at)));
  }
  await backend.close();
}

/** Ready says only that the first of several is. */
async function servingPids({ program }: RunningServe, processes: number): Promise<readonly number[]> {
  if (processes === 1) return [program.pid];
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const pids = childrenOf(program.pid);
  if (pids.length !== processes) throw new Error(`${pids.length} of ${processes} processes run`);
  return pids;
}
