import { readFileSync } from 'node:fs';
import { inspectionFor } from '../app/index.js';
import { readResponseInput, type CheckResult, type Inspection } from '../saml/index.js';
import { loadOrFail } from './configuration.js';
import { CommandFailure, type ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

export interface InspectOptions {
  readonly config: string;
  readonly idp: string;
  readonly now?: string;
  readonly inResponseTo?: string;
  readonly json?: boolean;
}

/** What would become of a response. Status 0: it would be delivered; 1: it would be refused. */
export async function inspect(file: string, options: InspectOptions, terminal: Terminal): Promise<ExitStatus> {
  const config = loadOrFail(options.config, terminal);
  const idp = config.idps.find(({ name }) => name === options.idp);
  if (idp === undefined) {
    const known = config.idps.map(({ name }) => name).join(', ');
    throw new CommandFailure(2, `There is no identity provider ${options.idp}; the configuration has: ${known}`);
  }
  const now = options.now === undefined ? Date.now() : Date.parse(options.now);
  if (Number.isNaN(now)) throw new CommandFailure(2, `--now ${options.now ?? ''} is not an ISO 8601 time`);
  const text = file === '-' ? await terminal.readStandardInput() : readText(file);
  const inspection = await inspectionFor(config, idp, {
    input: readResponseInput(text, config.limits.message),
    now,
    inResponseTo: options.inResponseTo ?? null,
  });
  if (options.json === true) terminal.out(JSON.stringify(asJson(options.idp, inspection), null, 2));
  else for (const line of asText(inspection)) terminal.out(line);
  return inspection.verdict === 'deliver' ? 0 : 1;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(2, `Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function asJson(idp: string, { verdict, code, detail, checks, attributes, output }: Inspection): object {
  return { verdict, code, detail, idp, checks, attributes, output };
}

const MARKS: Readonly<Record<CheckResult['result'], string>> = { pass: 'ok     ', fail: 'FAIL   ', skipped: 'skipped' };

function* asText(inspection: Inspection): Generator<string> {
  for (const { name, result, expected, seen, remedy } of inspection.checks) {
    yield `${MARKS[result]} ${name}`;
    if (result !== 'fail') continue;
    if (expected !== null) yield `          expected: ${expected}`;
    if (seen !== null) yield `          seen:     ${seen}`;
    if (remedy !== null) yield `          remedy:   ${remedy}`;
  }
  yield '';
  if (inspection.verdict === 'refuse') {
    yield `would be refused: ${inspection.code ?? ''}`;
    if (inspection.detail !== null) yield inspection.detail;
    return;
  }
  yield 'would be delivered';
  yield* difference(inspection);
  yield '';
  yield 'outgoing document, secret values masked:';
  yield inspection.output ?? '';
}

function* difference({ attributes }: Inspection): Generator<string> {
  const line = ({ name, values }: Inspection['attributes']['in'][number]) => `${name} = ${values.join(' | ')}`;
  const before = attributes.in.map(line);
  const after = attributes.out.map(line);
  yield '';
  yield 'attributes:';
  for (const each of before.filter((old) => !after.includes(old))) yield `  - ${each}`;
  for (const each of after) yield `  ${before.includes(each) ? ' ' : '+'} ${each}`;
}
