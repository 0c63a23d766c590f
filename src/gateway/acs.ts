import type { FastifyInstance } from 'fastify';
import { limitBody } from './body-limit.js';
import type { Crowd } from './crowd.js';
import { formOf } from './form-body.js';
import { completeLogin } from './login.js';
import { answersOnly, concerns, namedRoute, type IdpPath } from './routing.js';
import type { GatewayDeps } from './runtime.js';

/** `POST /saml/{idp}/acs`: our assertion consumer service (saml-profiles §4.1.4.5). */
export function registerAcs(app: FastifyInstance, deps: GatewayDeps, crowd: Crowd): void {
  const url = '/saml/:idp/acs';
  answersOnly(app, url, ['POST']);
  app.post<IdpPath>(
    url,
    {
      onRequest: concerns('response'),
      preParsing: limitBody((request) => request.gateway.runtime.limits.bodyBytes),
    },
    (request, reply) =>
      completeLogin(deps, { request, reply, route: namedRoute(request), form: formOf(request), crowd }),
  );
}
