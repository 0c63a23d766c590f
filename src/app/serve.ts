import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../shared/index.js';
import type { Application } from './application.js';
import { Canary } from './canary.js';
import type { ConfigurationRequest } from './configuration.js';
import { listen, operationsListener, publicListener } from './listeners.js';
import { metricSources } from './metric-sources.js';
import { Reloader } from './reload.js';

export interface ServeOptions {
  readonly request: ConfigurationRequest;
  /** Whether this process also works on the provisioning queue. */
  readonly withWorker: boolean;
  /**
   * Which of several processes that share the public port this is, counted from 1. Each has figures of its own, so
   * each serves them on a port of its own: the operations port, and those that follow it.
   */
  readonly place: number;
}

/** A running gateway. */
export interface RunningGateway {
  /** Where the public listener listens. */
  readonly publicAddress: string;
  readonly operationsAddress: string;
  /** @returns whether the configuration on disk is now the one in force */
  reload(): Promise<boolean>;
  /** Not ready, then finish requests and held jobs within the configured limit, then close. */
  stop(): Promise<void>;
}

/**
 * Opens both listeners and starts what goes on in the background.
 *
 * @throws GatewayError LISTEN_FAILED or KEY_*; then nothing is left running
 */
export async function startGateway(application: Application, options: ServeOptions): Promise<RunningGateway> {
  const { config } = application.generation;
  const reloader = new Reloader(application, options.request);
  const canary = new Canary(application);
  const listeners: FastifyInstance[] = [];
  const stop = async () => {
    application.health.startDraining();
    canary.stop();
    await reloader.stop();
    await closeWithin(listeners, config.shutdownTimeout, application);
    await application.audit.append({ event: 'stop', configuration: application.generation.fingerprint });
    await application.close();
  };
  try {
    application.metrics.setSources(metricSources(application));
    application.health.register(reloader.check());
    application.health.register(canary.check());
    const operations = operationsListener(application);
    const gateway = await publicListener(application);
    listeners.push(gateway, operations);
    const operationsAddress = await listen(operations, {
      ...config.operations,
      port: config.operations.port + options.place - 1,
    });
    const publicAddress = await listen(gateway, config.listen);
    await canary.start();
    reloader.start();
    if (options.withWorker) application.startWorker();
    await application.audit.append({ event: 'start', configuration: application.generation.fingerprint });
    application.log.info({ public: publicAddress, operations: operationsAddress }, 'listening');
    return { publicAddress, operationsAddress, reload: () => reloader.reload(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Requests under way are finished; what takes longer than the limit is cut off, and said. */
async function closeWithin(listeners: readonly FastifyInstance[], limit: number, { log }: Application): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => {
      resolve('late');
    }, limit);
  });
  const closed = Promise.all(listeners.map((listener) => listener.close()));
  if ((await Promise.race([closed, late])) === 'late') {
    log.warn({ limit }, 'requests were cut off at shutdown');
    listeners.forEach(({ server }) => {
      server.closeAllConnections();
    });
    await closed;
  }
  clearTimeout(timer);
}

/** What a start that failed is called, for the exit status. */
export function isListenFailure(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'LISTEN_FAILED';
}
