import { join } from 'node:path';
import { faultIn, type ConfigFault, type GatewayConfig } from '../config/index.js';
import { errorTable } from '../shared/index.js';
import { idpMetadataSource } from './idp-metadata.js';
import type { ApplicationServices } from './services.js';

/** Reads the metadata that lies on this machine as a gateway would; what is fetched is not asked for. */
export async function localMetadataFaults(
  config: GatewayConfig,
  directory: string,
  services: Pick<ApplicationServices, 'clock' | 'fetcher'>,
): Promise<ConfigFault[]> {
  const faults: ConfigFault[] = [];
  for (const idp of config.idps) {
    const { name, metadata } = idp;
    const source = metadata?.kind === 'url' ? null : idpMetadataSource(config, idp, services);
    if (source === null || metadata === undefined) continue;
    const { lastError } = await source.refresh();
    await source.stop();
    if (lastError === null) continue;
    const { code, detail } = lastError;
    const shown = join(directory, 'idps', `${name}.yaml`);
    faults.push(faultIn(shown, ['metadata', metadata.kind], `${code}: ${detail}`, errorTable[code].remedy));
  }
  return faults;
}
