import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../shared/index.js';
import { registerAcs } from './acs.js';
import { openContext } from './context.js';
import { Crowd } from './crowd.js';
import { registerProxyClient } from './delivery/proxy.js';
import { registerElsewhere } from './elsewhere.js';
import { registerFormBody } from './form-body.js';
import { registerMetadata } from './metadata.js';
import { registerRateLimit } from './rate-limit.js';
import { refuse } from './refuse.js';
import type { GatewayDeps } from './runtime.js';
import { registerSecurityHeaders } from './security-headers.js';
import { registerSso } from './sso.js';

export type {
  Delivery,
  GatewayDeps,
  GatewayLimits,
  GatewayRuntime,
  LoginRoute,
  OwnMetadata,
  ProxyTarget,
} from './runtime.js';
export { publicServerOptions } from './server-options.js';

/**
 * Puts the public HTTP surface on a Fastify instance that was made with `publicServerOptions`. Routes do not depend on the
 * configuration: each request asks `deps.runtime()` once, when it begins.
 */
export async function registerGateway(app: FastifyInstance, deps: GatewayDeps): Promise<void> {
  app.addHook('onRequest', (request, _reply, done) => {
    request.gateway = openContext(request, deps);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    deps.metrics.httpRequest('public', request.routeOptions.url, reply.statusCode);
    done();
  });
  app.setErrorHandler((error, request, reply) => refuse(deps, request, reply, error));
  app.setNotFoundHandler((request, reply) => refuse(deps, request, reply, new GatewayError('HTTP_NOT_FOUND')));
  await registerSecurityHeaders(app);
  await registerRateLimit(app);
  await registerFormBody(app);
  await registerProxyClient(app);
  const crowd = new Crowd();
  registerAcs(app, deps, crowd);
  registerSso(app, deps);
  registerMetadata(app, deps);
  registerElsewhere(app, deps, crowd);
}
