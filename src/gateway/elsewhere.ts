import type { FastifyInstance, FastifyRequest } from 'fastify';
import { decodePostMessage, claimedIssuer } from '../saml/index.js';
import { GatewayError } from '../shared/index.js';
import { limitedBody } from './body-limit.js';
import type { Crowd } from './crowd.js';
import { passThrough } from './delivery/proxy.js';
import type { Form } from './form.js';
import { readForm } from './form-body.js';
import { completeLogin } from './login.js';
import type { GatewayDeps, LoginRoute } from './runtime.js';
import { createSurfaceFinder, proxyFor } from './surface.js';

/**
 * Every path outside `/saml/`: the service provider's own ACS (transparent interception), what the reverse proxy
 * passes through, and nothing else. Which is which is the configuration's to say, so it is looked up for each
 * request, and bodies stay streams until it is known.
 */
export function registerElsewhere(app: FastifyInstance, deps: GatewayDeps, crowd: Crowd): void {
  const surfaceOf = createSurfaceFinder();
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => {
      parsed(null, payload);
    });
    scope.all('/*', async (request, reply) => {
      const { runtime } = request.gateway;
      const path = request.url.split('?', 1)[0] ?? '/';
      const surface = surfaceOf(runtime);
      const intercepted = surface.interceptions.get(path);
      if (intercepted !== undefined && request.method === 'POST') {
        const { route, form } = await intercept(request, intercepted);
        return completeLogin(deps, { request, reply, route, form, crowd });
      }
      const target = path.startsWith('/saml/') ? null : proxyFor(surface, path);
      if (target === null) throw new GatewayError('HTTP_NOT_FOUND', `${request.method} on an unknown path.`);
      const answer = await passThrough(request, reply, { runtime, target });
      return answer();
    });
    done();
  });
}

/**
 * A response that an IdP still posts to the service provider's own address. The issuer it names is not verified: it only chooses
 * by whose rules and keys the response is then judged, and those check the issuer again.
 */
async function intercept(
  request: FastifyRequest,
  routes: readonly LoginRoute[],
): Promise<{ route: LoginRoute; form: Form }> {
  const context = request.gateway;
  const { limits } = context.runtime;
  context.subject = 'response';
  const { form, issuer } = await context.steps.run('decode', async () => {
    const form = await readForm(request, limitedBody(request, limits.bodyBytes));
    const bytes = decodePostMessage(form.message('SAMLResponse'), limits.messageBytes);
    return { form, issuer: claimedIssuer(bytes, limits.xml) };
  });
  const [route, another] = routes.filter(({ idp }) => idp.entityId === issuer);
  if (another !== undefined) {
    throw new GatewayError(
      'LOGIN_ISSUER_UNKNOWN',
      `More than one identity provider of the configuration has the entity id ${another.idp.entityId}.`,
    );
  }
  if (route === undefined) {
    const seen = issuer === null ? 'no issuer' : issuer.slice(0, 200);
    throw new GatewayError('LOGIN_ISSUER_UNKNOWN', `The response names ${seen}.`, {
      evidence: { expected: routes.map(({ idp }) => idp.entityId).join(' or '), seen },
    });
  }
  context.route = route;
  return { route, form };
}
