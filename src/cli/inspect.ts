import { inspectionFor } from '../app/index.js';
import type { GatewayConfig } from '../config/index.js';
import { checkNames, readResponseInput, type CheckResult, type Inspection } from '../saml/index.js';
import { GatewayError, MOST_OF_A_FILE, systemClock } from '../shared/index.js';
import { loadOrFail, namedIdp } from './configuration.js';
import { CommandFailure, type ExitStatus } from './exit.js';
import { readOrFail } from './read-input.js';
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
  const idp = namedIdp(config.idps, options.idp);
  const now = options.now === undefined ? systemClock.now() : momentOf(options.now);
  const read = await readInput(file, config.limits, terminal);
  const inspection =
    read instanceof GatewayError
      ? unreadable(read)
      : await inspectionFor(config, idp, { input: read, now, inResponseTo: options.inResponseTo ?? null });
  if (options.json === true) terminal.out(JSON.stringify(asJson(options.idp, inspection), null, 2));
  else for (const line of asText(inspection)) terminal.out(line);
  return inspection.verdict === 'deliver' ? 0 : 1;
}

/** Date.parse takes more than ISO 8601, and a time without its zone for one of this machine's. */
const MOMENT = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** @throws CommandFailure 2 */
function momentOf(text: string): number {
  const day = MOMENT.exec(text)?.[1];
  const moment = Date.parse(text);
  // It rolls 30 February over into March.
  if (day !== undefined && !Number.isNaN(moment) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)) {
    return moment;
  }
  throw new CommandFailure(2, `--now ${text} is not an ISO 8601 time with its zone, such as 2026-03-01T12:00:00Z`);
}

/** The document, or why there is none. */
async function readInput(
  file: string,
  { message }: GatewayConfig['limits'],
  terminal: Terminal,
): Promise<Uint8Array | GatewayError> {
  // A form body has at most three characters for one of base64, which has four for three bytes.
  const limit = Math.max(MOST_OF_A_FILE, 4 * message);
  const text = file === '-' ? await terminal.readStandardInput(limit) : readOrFail(file, limit).toString('utf8');
  try {
    if (text.trim() !== '') return readResponseInput(text, message);
    throw new GatewayError('SAML_ENCODING', `${file === '-' ? 'standard input' : file} was empty`);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/** What no check could look into. */
function unreadable({ code, message, evidence, entry }: GatewayError): Inspection {
  const { expected = null, seen = null } = evidence;
  const skipped = { result: 'skipped', expected: null, seen: null, code: null, remedy: null } as const;
  return {
    verdict: 'refuse',
    code,
    detail: message,
    checks: [
      { name: 'encoding', result: 'fail', expected, seen, code, remedy: entry.remedy },
      ...checkNames.map((name) => ({ name, ...skipped })),
    ],
    login: null,
    outgoing: null,
    output: null,
    attributes: { in: [], out: [] },
  };
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
