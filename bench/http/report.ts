import { availableParallelism } from 'node:os';
import { table } from '../table.js';
import {
  loads,
  memory,
  processes,
  SHORT_HTTP,
  THOROUGH_HTTP,
  type LoadRow,
  type MemoryReport,
  type ProcessesReport,
} from './sections.js';
import { startReport, type StartReport } from './start.js';

export interface HttpReport {
  readonly loads: readonly LoadRow[];
  readonly processes?: readonly ProcessesReport[];
  readonly start: StartReport;
}

/** All stores and shares of the load. Some six minutes. */
export async function httpReport(): Promise<HttpReport> {
  return {
    loads: await loads(THOROUGH_HTTP, ['embedded', 'redis']),
    processes: [await processes(THOROUGH_HTTP, 'embedded'), await processes(THOROUGH_HTTP, 'redis')],
    start: await startReport(7),
  };
}

/** The embedded store only, with less effort. */
export async function shortHttpReport(): Promise<HttpReport> {
  return { loads: await loads(SHORT_HTTP, ['embedded']), start: await startReport(3) };
}

/** Takes minutes. */
export function memoryReport(logins: number): Promise<MemoryReport> {
  return memory(logins);
}

const LOAD_HEAD = ['', 'logins/s', 'of signatures/s', 'processor ms', 'to a signature', 'generator ms'];
const LATENCY_HEAD = ['', 'load', 'median ms', 'p99 ms', 'p99 to the unloaded median'];

function latencyLines({ name, unloaded, loaded }: LoadRow) {
  return [{ share: 0, ...unloaded }, ...loaded].map(({ share, median, p99 }) => [
    name,
    share === 0 ? 'one by one' : `${share} %`,
    median,
    p99,
    p99 / unloaded.median,
  ]);
}

function processesTable({ rows, speedup, coresAllow }: ProcessesReport): string {
  const lines = rows.map(({ name, rate, processor, generator }) => [name, rate, processor, generator]);
  const cores = coresAllow ? '' : `, but ${availableParallelism()} cores are too few for two and the load generator`;
  return `${table('Processes', ['', 'logins/s', 'processor ms', 'generator ms'], lines)}  two to one: ${speedup.toFixed(2)}${cores}\n`;
}

/** The report as text. */
export function httpTables({ loads: rows, processes: scaling, start }: HttpReport): string {
  const lines = rows.map(({ name, rate, ofSignatures, processor, processorRatio, generator }) => {
    return [name, rate, `${(ofSignatures * 100).toFixed(0)} %`, processor, processorRatio, generator];
  });
  return [
    table('HTTP: every connection busy, one process', LOAD_HEAD, lines),
    table('HTTP: latency by share of that load', LATENCY_HEAD, rows.flatMap(latencyLines)),
    ...(scaling ?? []).map(processesTable),
    table(
      'Start',
      ['', 'ms', 'to node -e 0'],
      [
        ['process start to ready, embedded store', start.ready, start.ratio],
        ['node -e 0', start.bare, 1],
      ],
    ),
  ].join('\n');
}

export function memoryTable({ samples, growth }: MemoryReport): string {
  const mebibytes = (bytes: number) => bytes / 1024 ** 2;
  const lines = samples.map(({ logins, resident, anonymous }) => [logins, mebibytes(resident), mebibytes(anonymous)]);
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  return `${table('Memory', ['logins', 'resident MiB', 'of it anonymous'], lines)}  growth from 20 000 logins on: ${percent(growth.resident)}, anonymous ${percent(growth.anonymous)}\n`;
}
