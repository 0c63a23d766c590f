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
  const signal = await untilStopped();
  const limit = application.generation.config.shutdownTimeout;
  await application.end(signal, { limit }, async () => {
    await reloader.stop();
    return { connections: 0, ...(await application.close(limit)) };
  });
  return 0;
}
