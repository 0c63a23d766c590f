import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

/**
 * Everything on this listener asks for the bearer token (RFC 6750 §2.1), unknown paths too, so that nothing can be
 * learned without it.
 */
export function requireToken(app: FastifyInstance, token: string): void {
  const expected = digest(token);
  app.addHook('onRequest', async (request, reply) => {
    const [, sent] = /^Bearer +([^\s]+)$/i.exec(request.headers.authorization ?? '') ?? [];
    // Digests have one length, so that the comparison's time tells neither the token nor its length.
    if (sent !== undefined && timingSafeEqual(digest(sent), expected)) return;
    await reply.code(401).header('www-authenticate', 'Bearer realm="operations"').send({ error: 'unauthorized' });
  });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** On every answer, errors included; a page that needs another policy sets it itself. */
export function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => {
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!reply.hasHeader(name)) reply.header(name, value);
    }
  });
}
