import { readFileSync } from 'node:fs';
import { fastify, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { GatewayConfig } from '../config/index.js';
import { registerOperations } from '../console/index.js';
import { publicServerOptions, registerGateway } from '../gateway/index.js';
import { GatewayError } from '../shared/index.js';
import type { Application } from './application.js';
import { identityProviderHealth } from './idp-health.js';
import { queueHealth } from './metric-sources.js';

/** The public listener, not yet listening. @throws GatewayError KEY_UNREADABLE for the TLS files */
export async function publicListener(application: Application): Promise<FastifyInstance> {
  const { listen } = application.generation.config;
  const loggerInstance: FastifyBaseLogger = application.log;
  const app = fastify({
    ...publicServerOptions({ ids: application.ids, trustProxy: listen.trustProxy }),
    loggerInstance,
    ...(listen.tls === undefined ? {} : { https: readTls(listen.tls) }),
  });
  await registerGateway(app, application.gatewayDeps());
  return app;
}

/** The operators' listener, not yet listening. */
export function operationsListener(application: Application): FastifyInstance {
  const { health, metrics, services, startedAt } = application;
  const { operations } = application.generation.config;
  const app = fastify({ logger: false });
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
  });
  return app;
}

/** @throws GatewayError LISTEN_FAILED, naming address and port */
export async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new GatewayError('LISTEN_FAILED', `Cannot listen on ${host} port ${port}: ${reason}.`, { cause: error });
  }
}

function readTls(tls: NonNullable<GatewayConfig['listen']['tls']>): { key: Buffer; cert: Buffer } {
  return { key: readTlsFile(tls.key), cert: readTlsFile(tls.cert) };
}

function readTlsFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new GatewayError('KEY_UNREADABLE', `${path}: ${String(error)}`, { cause: error });
  }
}
