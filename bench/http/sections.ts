import { availableParallelism } from 'node:os';
import { bareRsa } from '../rsa.js';
import { atRate, Forms, oneByOne, saturate, type Latency, type Saturation } from './load.js';
import { withGateway, type GatewayWish, type StoreKind } from './place.js';
import { memoryOf, type Memory } from './process-figures.js';
import { signedForms } from './signing.js';

export interface HttpEffort {
  /** Logins that the compilers of each process get. */
  readonly warm: number;
  /** Logins that are counted with every connection busy. */
  readonly count: number;
  /** Logins one by one. */
  readonly single: number;
  /** Seconds at each share of the load. */
  readonly seconds: number;
}

export const THOROUGH_HTTP: HttpEffort = { warm: 6_000, count: 4_000, single: 300, seconds: 5 };
export const SHORT_HTTP: HttpEffort = { warm: 1_000, count: 1_000, single: 100, seconds: 1 };

const SHARES = [25, 50, 90] as const;

/** RSA-2048 signatures that one thread makes. */
interface Signatures {
  readonly perSecond: number;
  /** Milliseconds of one. */
  readonly processor: number;
}

export interface LoadRow extends Saturation {
  readonly name: string;
  /** `rate` to the signatures per second of one thread. */
  readonly ofSignatures: number;
  /** Processor time of one login to that of one signature. */
  readonly processorRatio: number;
  /** One login after the other. */
  readonly unloaded: Latency;
  /** At a share of `rate`, in percent. */
  readonly loaded: readonly (Latency & { readonly share: number })[];
}

/** Taken between the gateways' turns, while no gateway has anything to do. */
async function signatures(): Promise<Signatures> {
  const subject = bareRsa('signature', 1, 0);
  const turn = async (ms: number) => {
    const [used, from] = [process.cpuUsage(), performance.now()];
    let calls = 0;
    for (; performance.now() - from < ms; calls++) await subject.run();
    const { user, system } = process.cpuUsage(used);
    return { perSecond: (calls / (performance.now() - from)) * 1000, processor: (user + system) / 1000 / calls };
  };
  await turn(100);
  return turn(500);
}

function formsNeeded({ warm, count, single, seconds }: HttpEffort, rate: number): number {
  return warm + count + single + SHARES.reduce((sum, share) => sum + Math.ceil((rate * seconds * share) / 100), 0);
}

/** More logins a second than any machine of today's makes in one process: so many forms are enough. */
const FASTEST = 3_000;

/** First logins and those of known accounts, on either store: one process each. */
export async function loads(effort: HttpEffort, stores: readonly StoreKind[]): Promise<LoadRow[]> {
  // The same for every gateway: each has an empty store.
  const forms = await signedForms('okta', 0, formsNeeded(effort, FASTEST));
  const rows: LoadRow[] = [];
  for (const store of stores) {
    rows.push(await loadRow(`${store}, first login`, { store, known: 0 }, forms, effort));
    rows.push(await loadRow(`${store}, known account`, { store, known: forms.length }, forms, effort));
  }
  const [store = 'embedded'] = stores;
  const both = { store, known: forms.length, sign: ['assertion', 'response'] } as const;
  rows.push(await loadRow(`${store}, known, two signatures`, both, forms, effort));
  return rows;
}

async function loadRow(name: string, wish: GatewayWish, all: readonly Buffer[], effort: HttpEffort): Promise<LoadRow> {
  return withGateway(wish, async (gateway) => {
    const forms = new Forms(all);
    const before = await signatures();
    const saturation = await saturate(gateway, forms, effort);
    const after = await signatures();
    const unloaded = await oneByOne(gateway, forms, effort.single);
    const loaded: LoadRow['loaded'][number][] = [];
    for (const share of SHARES) {
      const rate = (saturation.rate * share) / 100;
      const count = Math.ceil(Math.min(rate, FASTEST) * effort.seconds);
      loaded.push({ share, ...(await atRate(gateway, forms, rate, count)) });
    }
    return {
      name,
      ...saturation,
      ofSignatures: saturation.rate / ((before.perSecond + after.perSecond) / 2),
      processorRatio: saturation.processor / ((before.processor + after.processor) / 2),
      unloaded,
      loaded,
    };
  });
}

export interface ProcessesReport {
  readonly rows: readonly (Saturation & { readonly name: string; readonly processes: number })[];
  /** Logins per second of two processes to those of one. */
  readonly speedup: number;
  /** Whether two gateways and the load generator have a core each. */
  readonly coresAllow: boolean;
}

/** One process and two, known accounts. */
export async function processes(effort: HttpEffort, store: StoreKind): Promise<ProcessesReport> {
  const forms = await signedForms('okta', 0, 2 * effort.warm + effort.count);
  const run = async (count: number) => ({
    name: `${store}, ${count} process${count > 1 ? 'es' : ''}`,
    processes: count,
    ...(await withGateway({ store, known: forms.length, processes: count }, (gateway) =>
      saturate(gateway, new Forms(forms), { warm: effort.warm * count, count: effort.count, connections: 32 }),
    )),
  });
  const [one, two] = [await run(1), await run(2)];
  return { rows: [one, two], speedup: two.rate / one.rate, coresAllow: availableParallelism() >= 3 };
}

export interface MemoryReport {
  readonly samples: readonly (Memory & { readonly logins: number })[];
  /** From 20 000 logins on, 0.1 being 10 %: the last samples' mean to that of as many first ones. */
  readonly growth: Memory;
}

const CHUNK = 5_000;
const FROM = 20_000;

// Memory goes up and down with the garbage collector, so one sample says little.
const AVERAGED = 5;

/** Resident memory of one process on the embedded store, over so many logins of known accounts. */
export async function memory(logins: number): Promise<MemoryReport> {
  return withGateway({ store: 'embedded', known: CHUNK, responses: 'light' }, async (gateway) => {
    const samples: MemoryReport['samples'][number][] = [];
    for (let done = 0; done < logins; done += CHUNK) {
      const forms = await signedForms('light', 0, CHUNK);
      await saturate(gateway, new Forms(forms), { warm: 1, count: CHUNK - 1 });
      const [pid = 0] = gateway.pids;
      samples.push({ logins: done + CHUNK, ...memoryOf(pid) });
    }
    return { samples, growth: growthOf(samples) };
  });
}

function growthOf(samples: MemoryReport['samples']): Memory {
  const counted = samples.filter(({ logins }) => logins >= FROM);
  const growth = (pick: keyof Memory) => {
    const mean = (some: MemoryReport['samples']) => some.reduce((sum, sample) => sum + sample[pick], 0) / some.length;
    return mean(counted.slice(-AVERAGED)) / mean(counted.slice(0, AVERAGED)) - 1;
  };
  return { resident: growth('resident'), anonymous: growth('anonymous') };
}
