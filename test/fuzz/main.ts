import { parseArgs } from 'node:util';
import { fuzz } from './watch.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    executions: { type: 'string', default: '1000000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});

const print = (line: string) => {
  process.stdout.write(`${line}\n`);
};

print(`seed ${values.seed}`);
const { byTarget, crashes, ...tally } = await fuzz(
  { seconds: Number(values.seconds), executions: Number(values.executions), seed: Number(values.seed) },
  print,
);
for (const [target, executions] of byTarget) print(`  ${target.padEnd(24)} ${executions}`);
print(
  `${tally.executions} executions, ${tally.accepted} accepted, ${tally.features} outcomes, ` +
    `slowest ${tally.slowestMs.toFixed(1)} ms, ${crashes.length} crashes`,
);
process.exitCode = crashes.length > 0 ? 1 : 0;
