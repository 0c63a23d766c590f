import { Application, Reloader, systemServices } from '../app/index.js';
import { loadOrFail } from './configuration.js';
import type { ExitStatus } from './exit.js';
import { Hangups, untilStopped } from './signals.js';
import type { Terminal } from './terminal.js';

/** Works on the provisioning queue until SIGTERM or SIGINT. */
export async function worker(options: { readonly config: string }, terminal: Terminal): Promise<ExitStatus> {
  const config = loadOrFail(options.config, terminal);
  const hangups = new Hangups();
  const application = await Application.open(config, systemServices('worker'));
  const reloader = new Reloader(application, { directory: options.config, env: terminal.env });
  reloader.start();
  application.startWorker();
  application.log.info('working on the provisioning queue');
  hangups.handle(() => reloader.reload());
  await untilStopped();
  await reloader.stop();
  await application.close(application.generation.config.shutdownTimeout);
  return 0;
}
