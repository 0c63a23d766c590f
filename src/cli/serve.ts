import { Application, startGateway, systemServices } from '../app/index.js';
import { loadOrFail } from './configuration.js';
import type { ExitStatus } from './exit.js';
import { placeAmongProcesses, superviseProcesses, tellStarted } from './processes.js';
import { Hangups, untilStopped } from './signals.js';
import type { Terminal } from './terminal.js';

export interface ServeOptions {
  readonly config: string;
  /** Absent: yes with the embedded store, where nobody else could, no with Redis. */
  readonly withWorker?: boolean;
  readonly processes: number;
}

/** Runs the gateway until SIGTERM or SIGINT. */
export async function serve(options: ServeOptions, terminal: Terminal): Promise<ExitStatus> {
  const place = placeAmongProcesses(terminal.env);
  const config = loadOrFail(options.config, terminal);
  if (options.processes > 1 && place === null) return superviseProcesses(options.processes, terminal);
  const hangups = new Hangups();
  const application = await Application.open(config, systemServices(place === null ? 'serve' : `serve-${place}`));
  const gateway = await startGateway(application, {
    request: { directory: options.config, env: terminal.env },
    // The budget is shared, so one process of the machine is as good as all of them.
    withWorker: (options.withWorker ?? config.store.kind === 'embedded') && (place ?? 1) === 1,
    place: place ?? 1,
  });
  tellStarted();
  hangups.handle(() => gateway.reload());
  const signal = await untilStopped();
  // Who presses Ctrl-C has no load balancer to wait for.
  await (signal === 'SIGINT' ? gateway.stop(signal, 0) : gateway.stop(signal));
  return 0;
}
