import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Tally } from './fuzzer.js';
import { VECTORS } from './vectors.js';

export interface Assignment {
  readonly seconds: number;
  /** Ends there, if that is sooner. */
  readonly executions: number;
  readonly seed: number;
  /** A counter of executions, the length of the input, the input. */
  readonly shared: SharedArrayBuffer;
}

const HANG_MS = 15_000;

/**
 * Fuzzes in a thread of its own and watches it: a synchronous loop without end cannot time itself.
 *
 * @throws Error where one execution does not end; its input is then in test/vectors
 */
export function fuzz(options: Omit<Assignment, 'shared'>, report: (line: string) => void): Promise<Tally> {
  const shared = new SharedArrayBuffer(8 + 256 * 1024);
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { ...options, shared } });
  const beat = new Int32Array(shared, 0, 2);
  return new Promise<Tally>((resolve, reject) => {
    let last = -1;
    const watch = setInterval(() => {
      const now = Atomics.load(beat, 0);
      if (now > 0 && now === last) {
        clearInterval(watch);
        keepHang(Buffer.from(new Uint8Array(shared, 8, Atomics.load(beat, 1)))).then((file) => {
          reject(new Error(`An execution does not end; its input is in ${file}.`));
        }, reject);
        void worker.terminate();
      }
      last = now;
    }, HANG_MS);
    worker.on('message', (message: string | Tally) => {
      if (typeof message === 'string') {
        report(message);
        return;
      }
      clearInterval(watch);
      resolve(message);
    });
    worker.on('error', (error) => {
      clearInterval(watch);
      reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
}

async function keepHang(input: Buffer): Promise<string> {
  await mkdir(VECTORS, { recursive: true });
  const file = join(VECTORS, `hang-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`);
  await writeFile(file, input);
  return file;
}
