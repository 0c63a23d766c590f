import { fastify, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { registerOperations } from '../console/index.js';
import { publicServerOptions, registerGateway } from '../gateway/index.js';
import { GatewayError } from '../shared/index.js';
import type { Application } from './application.js';
import { identityProviderHealth } from './idp-health.js';
import { queueHealth } from './metric-sources.js';

/** No route has a JSON schema. Fastify would load the compilers of such all the same, which takes its part of the start. */
const schemaController = { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } };

function noSchemas(): never {
  throw new Error('A route has a JSON schema: its compilers must be loaded.');
}

/** The public listener, not yet listening. */
export async function publicListener(application: Application): Promise<FastifyInstance> {
  const { config, tls } = application.generation;
  const loggerInstance: FastifyBaseLogger = application.log;
  const app = fastify({
    ...publicServerOptions({
      ids: application.ids,
      trustProxy: config.listen.trustProxy,
      metrics: application.metrics,
    }),
    loggerInstance,
    schemaController,
    // A login that comes on an open connection while the others are finished is finished too.
    return503OnClosing: false,
    ...(tls === null ? {} : { https: { key: tls.key, cert: tls.cert } }),
  });
  await registerGateway(app, application.gatewayDeps());
  return app;
}

/** The operators' listener, not yet listening. */
export function operationsListener(application: Application): FastifyInstance {
  const { health, metrics, services, startedAt } = application;
  const { operations } = application.generation.config;
  const app = fastify({ logger: false, schemaController });
  registerOperations(app, {
    health,
    metrics,
    clock: services.clock,
    ...(operations.token === undefined ? {} : { token: operations.token.reveal() }),
    version: services.version,
    startedAt,
    configurationFingerprint: () => application.generation.fingerprint,
    identityProviders: () => identityProviderHealth(application),
    queue: () => queueHealth(application),
    spooled: () => application.provisioner.spoolDepth(),
  });
  return app;
}

interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Not shared with the other processes of `serve --processes`, which is what becomes of port 0 otherwise. */
  readonly exclusive?: boolean;
}

/** @throws GatewayError LISTEN_FAILED, naming address and port */
export async function listen(app: FastifyInstance, { host, port, exclusive = false }: ListenAddress): Promise<string> {
  try {
    return await app.listen({ host, port, exclusive });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new GatewayError('LISTEN_FAILED', `Cannot listen on ${host} port ${port}: ${reason}.`, { cause: error });
  }
}
