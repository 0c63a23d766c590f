import { Application, startGateway, systemServices } from '../app/index.js';
import { loadOrFail } from './configuration.js';
import type { ExitStatus } from './exit.js';
import { untilStopped } from './signals.js';
import type { Terminal } from './terminal.js';

export interface ServeOptions {
  readonly config: string;
  /** Absent: yes with the embedded store, where nobody else could, no with Redis. */
  readonly withWorker?: boolean;
  readonly processes: number;
}

/** Runs the gateway until SIGTERM or SIGINT. */
export async function serve(options: ServeOptions, terminal: Terminal): Promise<ExitStatus> {
  const config = loadOrFail(options.config, terminal);
  if (options.processes > 1) return (await import('./processes.js')).serveInProcesses(options, terminal);
  const application = await Application.open(config, systemServices('serve'));
  const gateway = await startGateway(application, {
    request: { directory: options.config, env: terminal.env },
    withWorker: options.withWorker ?? config.store.kind === 'embedded',
  });
  await untilStopped({ onHangup: () => gateway.reload() });
  await gateway.stop();
  return 0;
}
