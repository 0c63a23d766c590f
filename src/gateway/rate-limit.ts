import fastifyRateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../shared/index.js';

/** Addresses that are remembered at once; the least recently seen are forgotten. */
const REMEMBERED_ADDRESSES = 50_000;

/**
 * Counts requests by remote address (IPv6: by /64), before anything of them is read. Behind a reverse proxy Fastify's `trustProxy`
 * finds the address. The limit is the configuration's at the moment of the request.
 */
export async function registerRateLimit(app: FastifyInstance): Promise<void> {
  await app.register(fastifyRateLimit, {
    global: false,
    cache: REMEMBERED_ADDRESSES,
    max: (request) => request.gateway.runtime.limits.rate.requests,
    timeWindow: (request) => request.gateway.runtime.limits.rate.per,
    // Who stays below the limit need not know it.
    addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    addHeaders: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
      'retry-after': true,
    },
    errorResponseBuilder: (_request, { max }) =>
      new GatewayError('HTTP_RATE_LIMITED', `More than ${max} requests from one address.`),
  });
  // A connection that ended together with its first packet has no address any more to be counted by.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.socket.remoteAddress !== undefined) done();
    else done(new GatewayError('HTTP_MALFORMED', 'The connection ended before the request was read.'));
  });
  app.addHook('onRequest', app.rateLimit());
}
