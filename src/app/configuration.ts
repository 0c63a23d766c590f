import { formatFault, loadConfiguration, type GatewayConfig, type LoadedConfiguration } from '../config/index.js';
import { keyInspector } from '../keys/index.js';
import { GatewayError, systemClock } from '../shared/index.js';

export interface ConfigurationRequest {
  /** The directory that holds gateway.yaml. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads and checks the configuration of this machine, keys and certificates included. */
export function readConfiguration({ directory, env }: ConfigurationRequest): LoadedConfiguration {
  return loadConfiguration(directory, { env, keys: keyInspector, now: systemClock.now() });
}

/** @throws GatewayError CONFIG_INVALID, whose message has one line for each fault */
export function requireConfiguration(loaded: LoadedConfiguration): GatewayConfig {
  if (loaded.config !== undefined) return loaded.config;
  throw new GatewayError('CONFIG_INVALID', loaded.faults.map(formatFault).join('\n'));
}
