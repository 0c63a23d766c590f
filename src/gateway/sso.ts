import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  buildAuthnRequest,
  decodePostMessage,
  decodeRedirectMessage,
  encodeRedirect,
  receiveAuthnRequest,
  type AskedFor,
  type AuthnRequest,
  type AuthnRequestMessage,
} from '../saml/index.js';
import { GatewayError } from '../shared/index.js';
import { limitBody } from './body-limit.js';
import { browserBinding, browserCookie, cookiePolicy, newBrowserSecret, readBrowserSecret } from './browser-cookie.js';
import { sendBrowserForm } from './delivery/browser.js';
import { boundedRelayState } from './form.js';
import { formOf } from './form-body.js';
import { recordRequest } from './outcome.js';
import { RequestVault } from './request-vault.js';
import { answersOnly, concerns, namedRoute, type IdpPath } from './routing.js';
import type { GatewayDeps, LoginRoute } from './runtime.js';

/** The SP's request as the browser brought it. */
interface BroughtRequest {
  readonly message: AuthnRequestMessage;
  readonly relayState: string | null;
}

type Brought = FastifyRequest<IdpPath>;

/** `GET|POST /saml/{idp}/sso`: the SP's AuthnRequest comes in, ours goes out (saml-profiles §4.1.3). */
export function registerSso(app: FastifyInstance, deps: GatewayDeps): void {
  const url = '/saml/:idp/sso';
  // A HEAD must not begin a login, so it gets no route of GET's.
  answersOnly(app, url, ['GET', 'POST']);
  const onRequest = concerns('request');
  app.get<IdpPath>(url, { onRequest, exposeHeadRoute: false }, (request, reply) =>
    passOn(deps, request, reply, readRedirect),
  );
  app.post<IdpPath>(
    url,
    { onRequest, preParsing: limitBody((request) => request.gateway.runtime.limits.bodyBytes) },
    (request, reply) => passOn(deps, request, reply, readPost),
  );
}

async function passOn(
  deps: GatewayDeps,
  request: Brought,
  reply: FastifyReply,
  read: (request: Brought) => BroughtRequest,
): Promise<FastifyReply> {
  const route = namedRoute(request);
  const { message, relayState } = read(request);
  const asked = await receiveAuthnRequest(message, route.sp, {
    destination: route.own.ssoUrl,
    now: deps.clock.now(),
    limits: request.gateway.runtime.limits.xml,
  });
  const endpoint = endpointOf(route);
  const id = await remember(deps, request, reply, { route, asked, relayState });
  const send = await prepareRequest(deps, request, reply, { route, asked, endpoint, id });
  await recordRequest(deps, request.gateway);
  return send();
}

/** The query string as it came: its signature is over these very octets (saml-bindings §3.4.4.1). */
function readRedirect(request: Brought): BroughtRequest {
  const question = request.url.indexOf('?');
  const query = question === -1 ? '' : request.url.slice(question + 1);
  const message = decodeRedirectMessage(query, 'SAMLRequest', request.gateway.runtime.limits.messageBytes);
  // Read by the same reader as what is signed: another one could find a RelayState that the signature does not cover.
  return { message, relayState: boundedRelayState(message.relayState) };
}

function readPost(request: Brought): BroughtRequest {
  const form = formOf(request);
  const bytes = decodePostMessage(form.message('SAMLRequest'), request.gateway.runtime.limits.messageBytes);
  return { message: { bytes, signature: null }, relayState: form.relayState() };
}

interface Asked {
  readonly route: LoginRoute;
  readonly asked: AuthnRequest;
}

/** Stores what was asked under the ID of our own request, bound to this browser. @returns that ID */
async function remember(
  deps: GatewayDeps,
  request: Brought,
  reply: FastifyReply,
  { route, asked, relayState }: Asked & { readonly relayState: string | null },
): Promise<string> {
  const { runtime } = request.gateway;
  const cookies = cookiePolicy(runtime.publicUrl);
  const secret = readBrowserSecret(request.headers.cookie, cookies) ?? newBrowserSecret(deps.random);
  const id = deps.ids.samlId();
  const createdAt = deps.clock.now();
  await new RequestVault(runtime, deps.metrics).put({
    id,
    idp: route.idp.name,
    spRequestId: asked.id,
    relayState,
    acsUrl: asked.acsUrl,
    createdAt,
    expiresAt: createdAt + runtime.limits.requestLifetime,
    browserBinding: browserBinding(secret),
  });
  reply.header('set-cookie', browserCookie(secret, cookies, runtime.limits.requestLifetime));
  return id;
}

async function prepareRequest(
  deps: GatewayDeps,
  request: Brought,
  reply: FastifyReply,
  {
    route,
    asked,
    endpoint: { binding, destination },
    id,
  }: Asked & { readonly endpoint: Endpoint; readonly id: string },
): Promise<() => FastifyReply> {
  const { key } = route.request;
  const xml = await buildAuthnRequest(
    {
      id,
      now: deps.clock.now(),
      issuer: route.own.entityId,
      acsUrl: route.own.acsUrl,
      destination,
      asked: askedOf(route, asked),
    },
    binding === 'post' ? key : null,
  );
  if (binding === 'post') {
    const message = Buffer.from(xml, 'utf8').toString('base64');
    const form = { action: destination, parameter: 'SAMLRequest', message, relayState: null } as const;
    return () => sendBrowserForm(reply, form, request.gateway.language);
  }
  const location = await encodeRedirect(destination, { parameter: 'SAMLRequest', xml, relayState: null, key });
  // 303 after a POST, so that the browser does not post the SP's form to the IdP (RFC 9110 §15.4.4).
  const status = request.method === 'POST' ? 303 : 302;
  return () => reply.header('cache-control', 'no-store').redirect(location, status);
}

interface Endpoint {
  readonly binding: 'redirect' | 'post';
  readonly destination: string;
}

/** The configured binding where the IdP offers it, else the other. @throws LOGIN_NO_SSO_ENDPOINT */
function endpointOf({ idp, request }: LoginRoute): Endpoint {
  const other = request.binding === 'redirect' ? 'post' : 'redirect';
  for (const binding of [request.binding, other] as const) {
    const destination = idp.sso[binding];
    if (destination !== undefined) return { binding, destination };
  }
  throw new GatewayError('LOGIN_NO_SSO_ENDPOINT');
}

function askedOf({ request }: LoginRoute, asked: AuthnRequest): AskedFor {
  return {
    forceAuthn: request.forceAuthn === 'carry' ? asked.forceAuthn : request.forceAuthn === 'always',
    isPassive: asked.isPassive,
    nameIdPolicy: request.nameIdPolicy === 'carry' ? asked.nameIdPolicy : null,
    requestedAuthnContext: request.requestedAuthnContext === 'carry' ? asked.requestedAuthnContext : null,
  };
}
