import { parseArgs } from 'node:util';
import { optionsOrUsage } from '../support/usage.js';
import { fuzz } from './watch.js';

const USAGE = `Usage: npm run fuzz -- [options]

  --seconds N     how long (default 60)
  --executions N  ends after as many
  --seed N        repeats a run's choices; keys are new in each`;

/** @throws Error for what is no whole number, 1 or more */
function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} ${text} is no whole number, 1 or more`);
}

const { seconds, executions, seed } = optionsOrUsage(() => {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      executions: { type: 'string', default: '1000000000' },
      seed: { type: 'string', default: String(1 + (Date.now() % (2 ** 31 - 1))) },
    },
  });
  return {
    seconds: positive('seconds', values.seconds),
    executions: positive('executions', values.executions),
    seed: positive('seed', values.seed),
  };
}, USAGE);

const print = (line: string) => {
  process.stdout.write(`${line}\n`);
};

print(`seed ${seed}`);
const { byTarget, crashes, ...tally } = await fuzz({ seconds, executions, seed }, print);
for (const [target, count] of byTarget) print(`  ${target.padEnd(24)} ${count}`);
print(
  `${tally.executions} executions, ${tally.accepted} accepted, ${tally.features} outcomes, ` +
    `slowest ${tally.slowestMs.toFixed(1)} ms, ${crashes.length} crashes`,
);
process.exitCode = crashes.length > 0 ? 1 : 0;
