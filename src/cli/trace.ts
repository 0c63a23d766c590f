import { openTraces, systemServices } from '../app/index.js';
import {
  readReference,
  withinTime,
  type LoginEntry,
  type ProvisioningEntry,
  type Trace,
  type TraceStore,
} from '../observe/index.js';
import { GatewayError } from '../shared/index.js';
import { loadOrFail } from './configuration.js';
import { CommandFailure, type ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

/** How long the store may take to answer a person. Milliseconds. */
const STORE_LIMIT = 5_000;

/** Everything that is known of one login, by the reference on its error page or in a log. Status 1: nothing is. */
export async function showTrace(
  text: string,
  options: { readonly config: string; readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitStatus> {
  const reference = readReference(text);
  if (reference === null) throw new CommandFailure(2, `${text} is no reference: it has twelve letters and digits`);
  const config = loadOrFail(options.config, terminal);
  const traces = await openTraces(config, systemServices('trace'));
  const trace = await find(traces, reference).finally(() => traces?.close());
  if (trace === null) {
    const why = 'A login that was refused before its signature was verified leaves none; see the audit log.';
    throw new CommandFailure(1, `no trace of ${reference}. ${why}`);
  }
  if (options.json === true) terminal.out(JSON.stringify(trace, null, 2));
  else for (const line of describe(trace)) terminal.out(line);
  return 0;
}

/** @throws GatewayError STORE_UNAVAILABLE */
async function find(traces: TraceStore | null, reference: string): Promise<Trace | null> {
  if (traces === null) return null;
  try {
    return await withinTime(traces.find(reference), STORE_LIMIT);
  } catch (error) {
    throw new GatewayError('STORE_UNAVAILABLE', error instanceof Error ? error.message : undefined, { cause: error });
  }
}

function describe({ reference, entries }: Trace): string[] {
  const lines = entries
    .toSorted((a, b) => a.at - b.at)
    .flatMap((entry) => {
      return entry.kind === 'login' ? describeLogin(entry) : [describeProvisioning(entry)];
    });
  return [reference, ...lines];
}

function describeLogin({ at, idp, account, code, duration, steps, attributes }: LoginEntry): string[] {
  return [
    `${time(at)} login through ${idp}${account === null ? '' : ` of ${account}`}: ${code} in ${milliseconds(duration)}`,
    ...steps.flatMap((step) => [
      `  ${step.result.padEnd(7)} ${step.name} (${milliseconds(step.duration)})${step.code === undefined ? '' : `: ${step.code}`}`,
      ...(step.detail === undefined ? [] : [`          ${step.detail}`]),
      ...(step.expected === undefined ? [] : [`          expected ${step.expected}`]),
      ...(step.seen === undefined ? [] : [`          seen     ${step.seen}`]),
    ]),
    ...attributes.map(({ name, change }) => `  ${change.padEnd(7)} attribute ${name}`),
  ];
}

function describeProvisioning({ at, event, detail }: ProvisioningEntry): string {
  return `${time(at)} provisioning: ${event}${detail === undefined ? '' : `: ${detail}`}`;
}

function time(at: number): string {
  return new Date(at).toISOString();
}

function milliseconds(duration: number): string {
  return `${duration.toFixed(1)} ms`;
}
