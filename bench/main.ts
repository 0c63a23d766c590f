import { parseArgs } from 'node:util';
import { optionsOrUsage } from '../test/support/usage.js';
import { enqueueBench } from './enqueue.js';
import { handOvers, handOverTable } from './hand-over.js';
import { httpReport, httpTables, memoryReport, memoryTable, shortHttpReport } from './http/report.js';
import { ATTRIBUTES_OF_8_KB, prepareLogin } from './logins.js';
import { MANY, SHORT, THOROUGH } from './measure.js';
import { onOneProcessor } from './one-processor.js';
import { REFUSAL_BOUND, refusalBench } from './refusal.js';
import { asTable, enqueueTables, refusalTable, type Report } from './report.js';
import { growth, headline, peers, shapes } from './sections.js';
import { stagesOf } from './stages.js';

/** The aim, 1.6, and a quarter for the machine. */
const GUARD = 2;
const GUARD_TRIES = 5;

const USAGE = `Usage: npm run bench -- [options]

Without options: everything but the long HTTP and memory runs; some minutes. docs/performance.md says what is measured.

  --short      a login against bare RSA, alone
  --guard      the same, at most ${GUARD_TRIES} times, and exit status 1 where the ratio was above ${GUARD} each time
  --transform  the tables that need a processor only
  --refusal    what refusing bombs costs
  --enqueue    what queueing adds to a login
  --hand-over  what the thread pool adds to an RSA operation
  --http       logins over HTTP
  --memory     resident size over many logins
  --json       the figures as JSON; goes with the others`;

const { values: options } = optionsOrUsage(
  () =>
    parseArgs({
      options: {
        json: { type: 'boolean' },
        short: { type: 'boolean' },
        transform: { type: 'boolean' },
        guard: { type: 'boolean' },
        http: { type: 'boolean' },
        memory: { type: 'boolean' },
        refusal: { type: 'boolean' },
        enqueue: { type: 'boolean' },
        'hand-over': { type: 'boolean' },
      },
    }),
  USAGE,
);
const short = options.short === true || options.guard === true;

/** The sections that need nothing but a processor. */
async function transformSections(): Promise<Report> {
  if (short) return { headline: await headline(SHORT) };
  const login = await prepareLogin({ shape: 'okta', attributes: ATTRIBUTES_OF_8_KB, sign: 'assertion' });
  return {
    headline: await headline(THOROUGH),
    stages: await stagesOf(login, 5000),
    shapes: await shapes(MANY),
    growth: await growth(MANY),
    peers: await peers(MANY),
  };
}

function transformsApart(): Report {
  const sections = onOneProcessor(import.meta.filename, ['--transform', '--json', ...(short ? ['--short'] : [])]);
  return JSON.parse(sections) as Report;
}

async function wholeReport(): Promise<Report> {
  const transforms = transformsApart();
  const [refusal, enqueue, http] = [await refusalBench(), await enqueueBench(), await shortHttpReport()];
  return { ...transforms, refusal, enqueue, http };
}

function print<T>(report: T, asText: (report: T) => string): void {
  process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : asText(report));
}

async function transformReport(): Promise<void> {
  print(short ? transformsApart() : await wholeReport(), asTable);
}

/** Another program beside it makes the ratio worse, so one good run is enough. */
function guardedReport(): void {
  for (let tries = 0; tries < GUARD_TRIES; tries++) {
    const report = transformsApart();
    print(report, asTable);
    const ratio = report.headline[0]?.ratio.processor ?? Number.NaN;
    const held = ratio <= GUARD;
    process.stderr.write(`${held ? 'held' : 'NOT HELD'}: ratio ${ratio.toFixed(2)}, at most ${GUARD}\n`);
    if (held) return;
  }
  process.exitCode = 1;
}

async function refusalReport(): Promise<void> {
  const report = await refusalBench();
  print(report, refusalTable);
  if (report.worst.ratio > REFUSAL_BOUND) process.exitCode = 1;
}

if (options.transform === true) print(await transformSections(), asTable);
else if (options.refusal === true) await refusalReport();
else if (options.enqueue === true) print(await enqueueBench(), enqueueTables);
else if (options['hand-over'] === true) print(await handOvers(), handOverTable);
else if (options.memory === true) print(await memoryReport(200_000), memoryTable);
else if (options.http === true) print(await httpReport(), httpTables);
else if (options.guard === true) guardedReport();
else await transformReport();
