import type { FastifyInstance, FastifyReply } from 'fastify';
import { writeIdpMetadata, writeSpMetadata } from '../saml/index.js';
import { GatewayError } from '../shared/index.js';
import { answersOnly, namedRoute, type IdpPath } from './routing.js';
import type { GatewayDeps, GatewayRuntime, LoginRoute } from './runtime.js';

/** saml-metadata §4.1.1. */
const METADATA_TYPE = 'application/samlmetadata+xml';

/** `GET /saml/{idp}/metadata` (we as SP) and `GET /saml/metadata` (we as IdP). */
export function registerMetadata(app: FastifyInstance, deps: GatewayDeps): void {
  answersOnly(app, '/saml/:idp/metadata', ['GET', 'HEAD']);
  app.get<IdpPath>('/saml/:idp/metadata', async (request, reply) => {
    const route = namedRoute(request);
    const { runtime } = request.gateway;
    const xml = await writeSpMetadata({
      ...common(deps, runtime),
      entityId: route.own.entityId,
      acsUrl: route.own.acsUrl,
      decryptionCertificates: runtime.metadata.decryptionCertificates,
      requestsSigned: route.request.key !== null,
    });
    return sendMetadata(reply, xml);
  });
  answersOnly(app, '/saml/metadata', ['GET', 'HEAD']);
  app.get<{ Querystring: Readonly<Record<string, unknown>> }>('/saml/metadata', async (request, reply) => {
    const { runtime } = request.gateway;
    const { issuing, idp, own, sp } = routeFor(runtime, request.query['idp']);
    const xml = await writeIdpMetadata({
      ...common(deps, runtime),
      entityId: issuing.issuer === 'preserve' ? idp.entityId : issuing.entityId,
      ssoUrl: own.ssoUrl,
      wantsSignedRequests: sp.requests.signature === 'required',
    });
    return sendMetadata(reply, xml);
  });
}

/**
 * As an IdP we have one SSO endpoint for each IdP behind us, and a document names one: that of `?idp=NAME`, else of the
 * first. Keys and entity id are the same for all.
 */
function routeFor(runtime: GatewayRuntime, idp: unknown): LoginRoute {
  const route =
    idp === undefined
      ? runtime.routes.values().next().value
      : typeof idp === 'string'
        ? runtime.routes.get(idp)
        : undefined;
  if (route === undefined) throw new GatewayError('HTTP_NOT_FOUND', 'There is no such identity provider.');
  return route;
}

function common(deps: GatewayDeps, { metadata }: GatewayRuntime) {
  return {
    id: deps.ids.samlId(),
    signingCertificates: metadata.signingCertificates,
    validUntil: deps.clock.now() + metadata.validFor,
    key: metadata.key,
  };
}

function sendMetadata(reply: FastifyReply, xml: string): FastifyReply {
  // The document says by itself how long it holds (validUntil); a stale copy would hide a new key.
  return reply.header('cache-control', 'no-cache').type(METADATA_TYPE).send(xml);
}
