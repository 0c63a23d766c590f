import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { withinTime } from '../observe/index.js';
import type { Application } from './application.js';
import { Canary } from './canary.js';
import type { ConfigurationRequest } from './configuration.js';
import { listen, operationsListener, publicListener } from './listeners.js';
import { metricSources } from './metric-sources.js';
import { Reloader } from './reload.js';
import { renewTls } from './tls.js';

export interface ServeOptions {
  readonly request: ConfigurationRequest;
  /** Whether this process also works on the provisioning queue. */
  readonly withWorker: boolean;
  /**
   * Which of several processes that share the public port this is, counted from 1. Each has figures of its own, so
   * each serves them on a port of its own: the operations port, and those that follow it; a free one each where it is 0.
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
  /**
   * Not ready; then, after a delay for load balancers, finish requests and held jobs within the configured limit; then
   * close.
   *
   * @param reason for the log: the signal, or what else ends it
   * @param delay milliseconds; the configured ones where nothing is said
   */
  stop(reason: string, delay?: number): Promise<void>;
}

/** Between two looks for connections that have become idle at shutdown. Milliseconds. */
const SWEEP = 50;

/** Answers to operators are short. Milliseconds. */
const OPERATIONS_CLOSE = 1_000;

/**
 * Opens both listeners and starts what goes on in the background.
 *
 * @throws GatewayError LISTEN_FAILED or KEY_*; then nothing is left running
 */
export async function startGateway(application: Application, options: ServeOptions): Promise<RunningGateway> {
  const { config } = application.generation;
  const canary = new Canary(application);
  const operations = operationsListener(application);
  const gateway = await publicListener(application);
  const reloader = new Reloader(application, options.request, () => {
    renewTls(gateway, application.generation.tls);
    void canary.run();
  });
  const finish = async (delay: number, shutdownTimeout: number) => {
    const { elapsed } = application.services;
    application.health.startDraining();
    if (delay > 0) await sleep(delay);
    const until = elapsed() + shutdownTimeout;
    const left = () => Math.max(0, until - elapsed());
    canary.stop();
    await reloader.stop();
    // Last the operations listener: who asks whether we are ready must hear that we are not, while requests are finished.
    const connections = await closeWithin(gateway, left(), application);
    await application.audit.append({ event: 'stop', configuration: application.generation.fingerprint });
    const undone = await application.close(left());
    await closeWithin(operations, OPERATIONS_CLOSE, application);
    return { connections, ...undone };
  };
  const stop = (reason: string, delay = application.generation.config.shutdownDelay) => {
    const limit = application.generation.config.shutdownTimeout;
    return application.end(reason, { delay, limit }, () => finish(delay, limit));
  };
  try {
    application.metrics.setSources(metricSources(application));
    application.health.register(reloader.check());
    application.health.register(canary.check());
    await canary.start();
    const publicAddress = await listen(gateway, config.listen);
    reloader.start();
    if (options.withWorker) application.startWorker();
    const { fingerprint, ring } = application.generation;
    await application.audit.append({ event: 'start', configuration: fingerprint, signingKey: ring.active.id });
    // Last, so that whoever asks whether we are ready never hears, and keeps for a while, that we are not yet.
    const { host, port } = config.operations;
    const operationsAddress = await listen(operations, {
      host,
      port: port === 0 ? 0 : port + options.place - 1,
      exclusive: true,
    });
    application.log.info({ public: publicAddress, operations: operationsAddress }, 'listening');
    return { publicAddress, operationsAddress, reload: () => reloader.reload(), stop };
  } catch (error) {
    await stop('it could not start', 0);
    throw error;
  }
}

/**
 * Requests under way are finished; what takes longer than `limit` milliseconds is cut off, and said.
 *
 * @returns how many connections that were
 */
async function closeWithin(listener: FastifyInstance, limit: number, { log }: Application): Promise<number> {
  const closed = listener.close();
  // Node closes those connections that are idle now; one whose answer comes later would stay open for the next request.
  const sweep = setInterval(() => {
    listener.server.closeIdleConnections();
  }, SWEEP);
  try {
    await withinTime(closed, limit);
    return 0;
  } catch {
    const connections = await promisify(listener.server.getConnections.bind(listener.server))();
    log.warn({ limit, connections }, 'requests were cut off at shutdown');
    listener.server.closeAllConnections();
    await closed;
    // What was cut off is still written down, by handlers that notice it now.
    await sleep(SWEEP);
    return connections;
  } finally {
    clearInterval(sweep);
  }
}
