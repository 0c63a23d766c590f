import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fastifyReplyFrom from '@fastify/reply-from';
import { GatewayError } from '../../shared/index.js';
import { limitedBody } from '../body-limit.js';
import { cookiePolicy } from '../browser-cookie.js';
import type { BrowserForm } from './browser.js';
import { deliveryHeaders, requestHeaders, responseHeaders, type Addresses } from './proxy-headers.js';
import type { GatewayRuntime, ProxyTarget } from '../runtime.js';
import { postOnce, upstreamFailure } from './upstream.js';

/** Registers the HTTP client of the reverse proxy. */
export async function registerProxyClient(app: FastifyInstance): Promise<void> {
  await app.register(fastifyReplyFrom, {
    disableRequestLogging: true,
    disableCache: true,
    destroyAgent: true,
    // The library's own default is to accept any certificate.
    http: { requestOptions: { rejectUnauthorized: true }, agentOptions: { rejectUnauthorized: true } },
  });
}

/** Sends the answer that is ready. */
export type SendAnswer = () => FastifyReply;

/**
 * Posts the form to the service provider in the browser's stead.
 *
 * @returns what streams the service provider's answer back, once its status and headers are there
 * @throws UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT
 */
export async function postThroughProxy(
  reply: FastifyReply,
  form: BrowserForm,
  { runtime, target }: { readonly runtime: GatewayRuntime; readonly target: ProxyTarget },
): Promise<SendAnswer> {
  const { request } = reply;
  const action = new URL(form.action);
  const url = new URL(`${target.upstream}${action.pathname}${action.search}`);
  const fields = new URLSearchParams({ [form.parameter]: form.message });
  if (form.relayState !== null) fields.set('RelayState', form.relayState);
  const body = fields.toString();
  const headers = {
    ...requestHeaders(deliveryHeaders(request.headers), sender(request, 'POST', runtime)),
    host: url.host,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
  };
  const answer = await postOnce(url, { headers, body, target, cutOff: cutOffOf(reply) });
  return () =>
    reply
      .markProxied()
      .code(answer.statusCode ?? 502)
      .headers(responseHeaders(answer.headers, addressesOf(runtime, target, action)))
      .send(answer);
}

/** A browser that leaves changes nothing: the form is on its way. At shutdown it is we who close the connection. */
function cutOffOf({ raw, server }: FastifyReply): AbortSignal {
  const cutOff = new AbortController();
  raw.once('close', () => {
    if (!server.server.listening) cutOff.abort();
  });
  return cutOff.signal;
}

/**
 * Passes a request through as it is.
 *
 * @throws UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, HTTP_MALFORMED, HTTP_BODY_TOO_LARGE
 */
export async function passThrough(
  request: FastifyRequest,
  reply: FastifyReply,
  { runtime, target }: { readonly runtime: GatewayRuntime; readonly target: ProxyTarget },
): Promise<SendAnswer> {
  const path = request.url.split('?', 1)[0] ?? '/';
  const url = `${target.upstream}${path}`;
  assertReadablePath(url);
  if (request.body instanceof Readable) request.body = limitedBody(request, target.body);
  return new Promise((resolve, reject) => {
    let over = false;
    // A browser that leaves ends the exchange: there is nobody to answer, and nothing else would settle this.
    reply.raw.once('close', () => {
      over = true;
      resolve(() => reply);
    });
    reply.from(url, {
      timeout: target.timeout,
      rewriteRequestHeaders: (incoming, headers) => requestHeaders(headers, sender(incoming, incoming.method, runtime)),
      rewriteHeaders: (headers) => responseHeaders(headers, addressesOf(runtime, target, null)),
      retryDelay: ({ err, attempt }) => (!over && attempt === 0 && isRepeatable(request, err) ? 1 : null),
      onResponse: (_request, _reply, response) => {
        over = true;
        resolve(() => reply.markProxied().send(response.stream));
      },
      onError: (_reply, { error }) => {
        over = true;
        const timedOut = 'statusCode' in error && error.statusCode === 504;
        reject(error.cause instanceof GatewayError ? error.cause : upstreamFailure(error, target, timedOut));
      },
    });
  });
}

/**
 * A connection that was kept open may have been closed by the other side at the very moment at which it was used again.
 * What asks for something and changes nothing is then asked once more (RFC 9110 §9.2.2).
 */
function isRepeatable({ method }: FastifyRequest, error: Error | null): boolean {
  const broken = error !== null && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
  return broken && (method === 'GET' || method === 'HEAD');
}

/** The proxy library decodes the path to look for `..`; what cannot be decoded or climbs is refused here, with a page. */
function assertReadablePath(url: string): void {
  try {
    const path = decodeURIComponent(url);
    // WHATWG URL §4.4: a backslash separates segments too.
    if (!/(?:^|[/\\])\.\.(?:[/\\]|$)/.test(path)) return;
  } catch (cause) {
    throw new GatewayError('HTTP_MALFORMED', 'The path is not percent-encoded UTF-8.', { cause });
  }
  throw new GatewayError('HTTP_MALFORMED', 'The path climbs out of itself.');
}

function sender({ ip }: Pick<FastifyRequest, 'ip'>, method: string, runtime: GatewayRuntime) {
  return { method, address: ip, cookies: cookiePolicy(runtime.publicUrl) };
}

function addressesOf(runtime: GatewayRuntime, target: ProxyTarget, action: URL | null): Addresses {
  const routes = [...runtime.routes.values()].filter(
    ({ delivery }) => delivery.kind === 'proxy' && delivery.target.upstream === target.upstream,
  );
  const urls = routes.flatMap(({ sp, deliverTo }) => [...sp.acsUrls, deliverTo]);
  const origins = urls.map((url) => new URL(url).origin);
  if (action !== null) origins.push(action.origin);
  return { publicUrl: runtime.publicUrl, target, spOrigins: new Set([new URL(target.upstream).origin, ...origins]) };
}
