import fastifyHelmet from '@fastify/helmet';
import type { OutgoingHttpHeader } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { contentSecurityPolicy } from './page.js';

declare module 'fastify' {
  interface FastifyReply {
    /** Marks the answer as the service provider's, to be passed on with its own headers. */
    markProxied(): FastifyReply;
    proxied: boolean;
  }
}

/** Sets the security headers of every answer of our own; what the proxy passes on keeps the service provider's. */
export async function registerSecurityHeaders(app: FastifyInstance): Promise<void> {
  app.decorateReply('proxied', false);
  app.decorateReply('markProxied', function () {
    this.proxied = true;
    return this;
  });
  await app.register(fastifyHelmet, {
    global: false,
    // Pages set their own, which is stricter than the library's default; everything else gets the strictest below.
    contentSecurityPolicy: false,
    // This page is a passage: the window's opener (an add-in that opened the login) must still be there behind it.
    crossOriginOpenerPolicy: false,
    // `no-referrer` would make the form's Origin `null`, which service providers refuse as cross-site forgery.
    referrerPolicy: { policy: 'strict-origin' },
    // Subdomains of our host are not ours to speak for.
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
  });
  const strictest = contentSecurityPolicy();
  // The library's are the same for every answer, so they are taken from the first.
  let fixed: Record<string, OutgoingHttpHeader | undefined> | null = null;
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (!reply.proxied) {
      if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', strictest);
      if (fixed === null) {
        reply.helmet();
        fixed = reply.raw.getHeaders();
      } else {
        reply.headers(fixed);
      }
    }
    done(null, payload);
  });
}
