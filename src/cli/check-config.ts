import { askOnline, localMetadataFaults, readConfiguration, systemServices, type OnlineResult } from '../app/index.js';
import { formatFault } from '../config/index.js';
import type { ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

export interface CheckConfigOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly online?: boolean;
}

/** All faults at once. Status 2 where there is one, 1 where the configuration is sound but something online is not. */
export async function checkConfig(options: CheckConfigOptions, terminal: Terminal): Promise<ExitStatus> {
  const { config, faults: written, warnings } = readConfiguration({ directory: options.config, env: terminal.env });
  const services = systemServices('check-config');
  const pointedTo = config === undefined ? [] : await localMetadataFaults(config, options.config, services);
  const faults = [...written, ...pointedTo];
  const asks = config !== undefined && faults.length === 0 && options.online === true;
  const online = asks ? await askOnline(config, services) : [];
  const failed = online.filter(({ result }) => result === 'fail');
  if (options.json === true) {
    const valid = faults.length === 0;
    terminal.out(JSON.stringify({ valid, faults, warnings, ...(options.online === true ? { online } : {}) }, null, 2));
  } else {
    for (const fault of faults) terminal.out(formatFault(fault));
    for (const warning of warnings) terminal.out(`warning: ${formatFault(warning)}`);
    for (const result of online) terminal.out(onlineLine(result));
    if (faults.length === 0 && failed.length === 0) {
      terminal.out(summary(options.config, config?.idps.length ?? 0, warnings.length));
    }
    if (online.length > 0) terminal.out(onlineSummary(online));
  }
  if (faults.length > 0) return 2;
  return failed.length > 0 ? 1 : 0;
}

const MARKS = { pass: 'ok  ', fail: 'FAIL', skip: 'skip' } as const;

function onlineLine({ name, result, detail, remedy }: OnlineResult): string {
  return `${MARKS[result]} ${name}: ${detail}${remedy === undefined ? '' : `; ${remedy}`}`;
}

function onlineSummary(results: readonly OnlineResult[]): string {
  const asked = results.filter(({ result }) => result !== 'skip');
  const failed = asked.filter(({ result }) => result === 'fail');
  if (failed.length === 0) return `all ${asked.length} online checks passed`;
  return `the files are sound; ${failed.length} of ${asked.length} online checks failed`;
}

function summary(directory: string, idps: number, warnings: number): string {
  return `${directory} is sound: ${idps} identity provider(s), ${warnings} warning(s).`;
}
