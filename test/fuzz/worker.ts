import { parentPort, workerData } from 'node:worker_threads';
import { makeCorpus } from './corpus.js';
import { Fuzzer } from './fuzzer.js';
import { Random } from './random.js';
import type { Assignment } from './watch.js';
import { writeVector } from './vectors.js';

const { seconds, executions, seed, shared } = workerData as Assignment;
const beat = new Int32Array(shared, 0, 2);
const current = new Uint8Array(shared, 8);

/** Leaves the input where the watching thread finds it, should this one hang. */
function note(_target: string, input: Buffer): void {
  const kept = input.subarray(0, current.length);
  current.set(kept);
  Atomics.store(beat, 1, kept.length);
  Atomics.add(beat, 0, 1);
}

const fuzzer = new Fuzzer(await makeCorpus(), new Random(seed));
await fuzzer.seeds();
const end = Date.now() + seconds * 1000;
let reported = Date.now();
let written = 0;
while (Date.now() < end && fuzzer.tally.executions < executions) {
  await fuzzer.step(note);
  const { crashes } = fuzzer.tally;
  for (; written < crashes.length && written < 20; written++) {
    const crash = crashes[written];
    if (crash !== undefined) parentPort?.postMessage(`${crash.reason} in ${crash.target}: ${await writeVector(crash)}`);
  }
  if (Date.now() - reported > 30_000) {
    reported = Date.now();
    parentPort?.postMessage(
      `${fuzzer.tally.executions} executions, ${fuzzer.tally.features} outcomes, ${crashes.length} crashes`,
    );
  }
}
parentPort?.postMessage(fuzzer.tally);
