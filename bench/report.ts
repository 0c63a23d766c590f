import { cpus } from 'node:os';
import type { EnqueueReport } from './enqueue.js';
import { httpTables, type HttpReport } from './http/report.js';
import type { RefusalBench } from './refusal.js';
import type { Growth, Peer, Row } from './sections.js';
import type { StageTime } from './stages.js';
import { table, type Line } from './table.js';

export interface Report {
  readonly headline: readonly Row[];
  readonly stages?: readonly StageTime[];
  readonly shapes?: readonly Row[];
  readonly growth?: Growth;
  readonly peers?: readonly Peer[];
  readonly refusal?: RefusalBench;
  readonly enqueue?: EnqueueReport;
  readonly http?: HttpReport;
}

const LOGIN_HEAD = [
  'login',
  'bytes',
  'RSA',
  'elapsed ms',
  'processor ms',
  'RSA alone ms',
  'ratio',
  'elapsed ratio',
  'to RSA in the pool',
];

function loginLine({ name, bytes, rsa: [signatures, verifications], cost, ratio, pooledRatio }: Row): Line {
  const alone = cost.processor / ratio.processor;
  const operations = `${signatures}s+${verifications}v`;
  return [
    name,
    bytes,
    operations,
    cost.elapsed,
    cost.processor,
    alone,
    ratio.processor,
    ratio.elapsed,
    pooledRatio.processor,
  ];
}

function stageLines(stages: readonly StageTime[]): Line[] {
  const sum = stages.reduce((total, { elapsed }) => total + elapsed, 0);
  return stages.map(({ stage, elapsed }) => [stage, elapsed, `${((elapsed / sum) * 100).toFixed(0)} %`]);
}

/** The report as text; the figures are medians. */
export function asTable({ headline, stages, shapes, growth, peers, refusal, enqueue, http }: Report): string {
  const parts = [
    `Node.js ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}\n`,
    table('A login, and its RSA operations alone', LOGIN_HEAD, headline.map(loginLine)),
  ];
  if (stages !== undefined) parts.push(table('Stages of it', ['stage', 'elapsed ms', 'share'], stageLines(stages)));
  if (shapes !== undefined) parts.push(table('By shape', LOGIN_HEAD, shapes.map(loginLine)));
  if (growth !== undefined) {
    parts.push(table('By size', LOGIN_HEAD, growth.rows.map(loginLine)));
    const [all, upper] = [growth.exponent.toFixed(3), growth.upperExponent.toFixed(3)];
    parts.push(`  exponent of the growth, RSA taken off: ${all}; over the larger half: ${upper}\n`);
  }
  if (peers !== undefined) {
    const lines = peers.map(({ name, does, cost, ratio }) => [
      name,
      does,
      cost.elapsed,
      cost.processor,
      ratio.processor,
    ]);
    parts.push(table('Others', ['', 'does', 'elapsed ms', 'processor ms', 'times ours'], lines));
  }
  if (refusal !== undefined) parts.push(refusalTable(refusal));
  if (enqueue !== undefined) parts.push(enqueueTables(enqueue));
  if (http !== undefined) parts.push(httpTables(http));
  return parts.join('\n');
}

const DEAREST = 12;

export function refusalTable({ goodLoginMs, costs }: RefusalBench): string {
  const lines = costs.slice(0, DEAREST).map(({ name, ms, ratio }): Line => [name, ms, ratio]);
  const head = ['document', 'elapsed ms', 'good logins'];
  return table(`What refusing costs; a good login takes ${goodLoginMs.toFixed(3)} ms`, head, lines);
}

export function enqueueTables({ steps, commands, bytesPerJob }: EnqueueReport): string {
  const lines = steps.map(({ name, median, perPing, perSignature }): Line => [name, median, perPing, perSignature]);
  return [
    table('What queueing adds to a login', ['', 'elapsed ms', 'round trips', 'RSA signatures'], lines),
    `  Redis commands: first login ${commands.first}, known account ${commands.known}`,
    `  bytes of a waiting job: Redis ${bytesPerJob.redis}, embedded ${bytesPerJob.embedded}\n`,
  ].join('\n');
}
