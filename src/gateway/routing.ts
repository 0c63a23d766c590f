import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { GatewayError } from '../shared/index.js';
import type { Subject } from './context.js';
import type { LoginRoute } from './runtime.js';

/** The parameters of a path under `/saml/{idp}/`. */
export interface IdpPath {
  Params: { idp: string };
}

/** An onRequest hook that says what a request is about, so that whatever refuses it is recorded as that. */
export function concerns(subject: Subject) {
  return (request: FastifyRequest<IdpPath>, _reply: FastifyReply, done: () => void): void => {
    request.gateway.subject = subject;
    request.gateway.route = request.gateway.runtime.routes.get(request.params.idp) ?? null;
    done();
  };
}

/** The route of the IdP that the path names. @throws HTTP_NOT_FOUND where no enabled IdP has that name */
export function namedRoute(request: FastifyRequest<IdpPath>): LoginRoute {
  const route = request.gateway.runtime.routes.get(request.params.idp);
  if (route === undefined) throw new GatewayError('HTTP_NOT_FOUND', 'There is no such identity provider.');
  return route;
}

const ALL_METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Answers the other methods of a path: OPTIONS with what there is, the rest with 405, both before a body is read. No
 * CORS header is ever set: no other site's script has any business here.
 */
export function answersOnly(app: FastifyInstance, url: string, methods: readonly HTTPMethods[]): void {
  const allow = [...methods, 'OPTIONS'].join(', ');
  app.route({
    method: ALL_METHODS.filter((method) => !methods.includes(method)),
    url,
    onRequest: (request, reply, done) => {
      reply.header('allow', allow);
      if (request.method === 'OPTIONS') void reply.code(204).send();
      else done(new GatewayError('HTTP_METHOD_NOT_ALLOWED', `${request.method} on ${url}`));
    },
    handler: (_request, reply) => reply,
  });
}
