import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { GatewayError } from '../../shared/index.js';
import type { ProxyTarget } from '../runtime.js';

class Silence extends Error {}

/**
 * Posts a form to the service provider, on a connection of its own: a server may close an idle one at the very moment
 * at which something is sent on it, and then nobody knows whether it was received. For the same reason it is never sent
 * twice.
 *
 * @param cutOff ends the wait for an answer
 * @returns the answer, once its status and headers are there; its body fails where the service provider falls silent
 * @throws UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT
 */
export function postOnce(
  url: URL,
  {
    headers,
    body,
    target,
    cutOff,
  }: { headers: OutgoingHttpHeaders; body: string; target: ProxyTarget; cutOff: AbortSignal },
): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = send(url, { method: 'POST', headers, agent: false, timeout: target.timeout }, resolve);
    outgoing.on('timeout', () => outgoing.destroy(new Silence()));
    outgoing.on('error', (error) => {
      reject(upstreamFailure(error, target, error instanceof Silence));
    });
    cutOff.addEventListener('abort', () => {
      outgoing.destroy(new Error('cut off at shutdown, before there was an answer'));
    });
    outgoing.end(body);
  });
}

/** What the browser is answered with where the service provider is not. */
export function upstreamFailure(cause: Error, { upstream, timeout }: ProxyTarget, timedOut: boolean): GatewayError {
  return timedOut
    ? new GatewayError('UPSTREAM_TIMEOUT', `${upstream} was silent for ${timeout} ms.`, { cause })
    : new GatewayError('UPSTREAM_UNREACHABLE', `${upstream}: ${cause.message}`, { cause });
}
