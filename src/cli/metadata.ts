import { ownMetadata } from '../app/index.js';
import { loadOrFail, namedIdp } from './configuration.js';
import { CommandFailure, type ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

export interface MetadataOptions {
  readonly config: string;
  readonly idp?: string;
  readonly sp?: boolean;
}

/** Prints the document that the running gateway serves: for an IdP, or with `--sp` for the service provider. */
export async function metadata(options: MetadataOptions, terminal: Terminal): Promise<ExitStatus> {
  const forSp = options.sp === true;
  if (!forSp && options.idp === undefined) throw new CommandFailure(2, 'Say for whom: --idp NAME, or --sp.');
  const config = loadOrFail(options.config, terminal);
  const idp =
    options.idp === undefined ? config.idps.find(({ enabled }) => enabled) : namedIdp(config.idps, options.idp);
  if (idp === undefined) throw new CommandFailure(2, 'There is no enabled identity provider');
  if (!idp.enabled) throw new CommandFailure(2, `The identity provider ${idp.name} is not enabled`);
  terminal.out(await ownMetadata(config, idp, forSp ? 'identity-provider' : 'service-provider'));
  return 0;
}
