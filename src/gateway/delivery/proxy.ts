import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fastifyReplyFrom from '@fastify/reply-from';
import { GatewayError } from '../../shared/index.js';
import { cookiePolicy } from '../browser-cookie.js';
import type { BrowserForm } from './browser.js';
import { deliveryHeaders, requestHeaders, responseHeaders, type Addresses } from './proxy-headers.js';
import type { GatewayRuntime, ProxyTarget } from '../runtime.js';

/** Registers the HTTP client of the reverse proxy. */
export async function registerProxyClient(app: FastifyInstance): Promise<void> {
  await app.register(fastifyReplyFrom, {
    disableRequestLogging: true,
    disableCache: true,
    destroyAgent: true,
    // The library repeats a GET that was answered with 503; what the service provider says is passed on instead.
    retryMethods: [],
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
  const action = new URL(form.action);
  const body = new URLSearchParams({ [form.parameter]: form.message });
  if (form.relayState !== null) body.set('RelayState', form.relayState);
  return forward(reply, `${target.upstream}${action.pathname}`, {
    target,
    method: 'POST',
    body: body.toString(),
    contentType: 'application/x-www-form-urlencoded',
    queryString: () => action.search.slice(1),
    rewriteRequestHeaders: (request, headers) =>
      requestHeaders(deliveryHeaders(headers), sender(request, 'POST', runtime)),
    rewriteHeaders: (headers) => responseHeaders(headers, addressesOf(runtime, target, action)),
  });
}

/** Passes a request through as it is. @throws UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, HTTP_MALFORMED */
export async function passThrough(
  request: FastifyRequest,
  reply: FastifyReply,
  { runtime, target }: { readonly runtime: GatewayRuntime; readonly target: ProxyTarget },
): Promise<SendAnswer> {
  const path = request.url.split('?', 1)[0] ?? '/';
  return forward(reply, `${target.upstream}${path}`, {
    target,
    rewriteRequestHeaders: (incoming, headers) => requestHeaders(headers, sender(incoming, incoming.method, runtime)),
    rewriteHeaders: (headers) => responseHeaders(headers, addressesOf(runtime, target, null)),
  });
}

type ForwardOptions = NonNullable<Parameters<FastifyReply['from']>[1]> & { readonly target: ProxyTarget };

async function forward(reply: FastifyReply, url: string, { target, ...options }: ForwardOptions): Promise<SendAnswer> {
  assertReadablePath(url);
  return new Promise((resolve, reject) => {
    // A browser that leaves ends the exchange: there is nobody to answer, and nothing else would settle this.
    reply.raw.once('close', () => {
      resolve(() => reply);
    });
    reply.from(url, {
      ...options,
      timeout: target.timeout,
      onResponse: (_request, _reply, response) => {
        resolve(() => reply.markProxied().send(response.stream));
      },
      onError: (_reply, { error }) => {
        reject(asUpstreamFailure(error, target));
      },
    });
  });
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

function asUpstreamFailure(error: Error, target: ProxyTarget): GatewayError {
  const timedOut = 'statusCode' in error && error.statusCode === 504;
  return timedOut
    ? new GatewayError('UPSTREAM_TIMEOUT', `${target.upstream} was silent for ${target.timeout} ms.`, { cause: error })
    : new GatewayError('UPSTREAM_UNREACHABLE', `${target.upstream}: ${error.message}`, { cause: error });
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
