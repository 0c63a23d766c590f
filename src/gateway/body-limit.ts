import { Readable, Transform } from 'node:stream';
import type { FastifyRequest, preParsingAsyncHookHandler } from 'fastify';
import { GatewayError } from '../shared/index.js';

/**
 * Holds a body to a limit that a reload may change, which Fastify's own `bodyLimit` cannot be. A declared length is
 * refused before a byte is read; Node's HTTP parser holds the sender to it. A chunked body is counted.
 */
export function limitBody(limitOf: (request: FastifyRequest) => number): preParsingAsyncHookHandler {
  return (request, _reply, payload) => {
    const limit = limitOf(request);
    const declared = request.headers['content-length'];
    if (declared !== undefined) {
      if (Number(declared) > limit) return Promise.reject(tooLarge(limit));
      return Promise.resolve(payload);
    }
    const hasBody = request.headers['transfer-encoding'] !== undefined;
    return Promise.resolve(hasBody ? counted(payload, limit) : payload);
  };
}

/** A body that Fastify left as a stream, held to a limit. @throws HTTP_BODY_TOO_LARGE where its declared length is above it */
export function limitedBody({ headers, body }: FastifyRequest, limit: number): Readable {
  if (Number(headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  return body instanceof Readable ? counted(body, limit) : Readable.from([]);
}

/** Passes a stream on until more than `limit` bytes came; then it fails with HTTP_BODY_TOO_LARGE. */
function counted(source: Readable, limit: number): Readable {
  let seen = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > limit) done(tooLarge(limit));
      else done(null, chunk);
    },
  });
  source.on('error', (error) => counter.destroy(error));
  return source.pipe(counter);
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError('HTTP_BODY_TOO_LARGE', `The body is larger than ${limit} bytes.`);
}
