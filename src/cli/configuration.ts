import { readConfiguration } from '../app/index.js';
import { formatFault, type GatewayConfig, type IdpConfig } from '../config/index.js';
import { CommandFailure } from './exit.js';
import type { Terminal } from './terminal.js';

/** The configuration that a command works on; warnings go to standard error. @throws CommandFailure 2 with every fault */
export function loadOrFail(directory: string, terminal: Terminal): GatewayConfig {
  const { config, faults, warnings } = readConfiguration({ directory, env: terminal.env });
  for (const warning of warnings) terminal.err(`warning: ${formatFault(warning)}`);
  if (config !== undefined) return config;
  throw new CommandFailure(2, ...faults.map(formatFault));
}

/** @throws CommandFailure 2 with the names that there are */
export function namedIdp(idps: readonly IdpConfig[], wanted: string): IdpConfig {
  const idp = idps.find(({ name }) => name === wanted);
  if (idp !== undefined) return idp;
  const known = idps.map(({ name }) => name).join(', ');
  throw new CommandFailure(2, `There is no identity provider ${wanted}; the configuration has: ${known}`);
}
