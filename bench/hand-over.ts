import { sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { idpKeys } from '../test/support/saml-parties.js';
import { median } from './measure.js';
import { table } from './table.js';

/** Processor time, to that of the same operation made on the main thread. */
export interface HandOver {
  readonly operation: string;
  /** Of the main thread: for as long it does nothing for others. */
  readonly mainThread: number;
  readonly allThreads: number;
}

const CALLS = 100;
const ROUNDS = 31;

/** Milliseconds of processor time of this thread so far (Linux, /proc/PID/task/TID/schedstat). */
function mainThreadTime(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

async function costOf(operation: () => unknown): Promise<readonly [main: number, all: number]> {
  const [main, used] = [mainThreadTime(), process.cpuUsage()];
  for (let call = 0; call < CALLS; call++) await operation();
  const { user, system } = process.cpuUsage(used);
  return [mainThreadTime() - main, (user + system) / 1000];
}

async function compared(operation: string, here: () => unknown, pooled: () => unknown): Promise<HandOver> {
  const ratios: [main: number, all: number][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [[ownMain, own], [main, all]] = [await costOf(here), await costOf(pooled)];
    ratios.push([main / ownMain, all / own]);
  }
  return {
    operation,
    mainThread: median(ratios.map(([main]) => main)),
    allThreads: median(ratios.map(([, all]) => all)),
  };
}

/** What an RSA-2048 operation costs that goes through the thread pool, one at a time. */
export async function handOvers(): Promise<HandOver[]> {
  const octets = Buffer.alloc(900, 'x');
  const { privateKey, publicKey } = idpKeys();
  const signature = sign('sha256', octets, privateKey);
  const [pooledSign, pooledVerify] = [promisify(sign), promisify(verify)];
  return [
    await compared(
      'verification',
      () => verify('sha256', octets, publicKey, signature),
      () => pooledVerify('sha256', octets, publicKey, signature),
    ),
    await compared(
      'signature',
      () => sign('sha256', octets, privateKey),
      () => pooledSign('sha256', octets, privateKey),
    ),
  ];
}

export function handOverTable(rows: readonly HandOver[]): string {
  const lines = rows.map(({ operation, mainThread, allThreads }) => [operation, mainThread, allThreads]);
  return table('RSA-2048 through the thread pool, to the same on the main thread', ['', 'main thread', 'all'], lines);
}
