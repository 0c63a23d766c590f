import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Metrics } from '../observe/index.js';
import type { IdSource } from '../shared/index.js';
import { asGatewayError } from './refuse.js';
import { renderErrorPage } from './error-page.js';
import { chooseLanguage } from './language.js';
import { contentSecurityPolicy } from './page.js';

/** What the public listener needs of Fastify at its making. */
export function publicServerOptions(options: {
  readonly ids: IdSource;
  /** Addresses or networks of reverse proxies, for the rate limit and the log only; no URL is made of what they send. */
  readonly trustProxy: readonly string[];
  readonly metrics: Pick<Metrics, 'httpRequest'>;
}) {
  return {
    // The reference on the error page is the id of the request in every log line.
    genReqId: () => options.ids.reference(),
    requestIdHeader: false,
    trustProxy: options.trustProxy.length === 0 ? false : [...options.trustProxy],
    // Two lines for each request would drown the one that says why a login was refused.
    logController: new LogController({ disableRequestLogging: true }),
    // A body is held to the configured limits by the routes; this only has to stay out of their way.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    // Slow senders, ms. Headers have Node's own, shorter limit; an upload through the proxy may take its time.
    requestTimeout: 300_000,
    exposeHeadRoutes: true,
    // Requests that no hook sees, such as a path that cannot be decoded.
    frameworkErrors: (thrown: Error, request: FastifyRequest, reply: FastifyReply) => {
      const error = asGatewayError(thrown);
      const language = chooseLanguage(request.headers['accept-language']);
      // Not the error itself, which quotes the query.
      request.log.warn({ code: error.code }, 'refused');
      options.metrics.httpRequest('public', undefined, error.entry.status);
      void reply
        .code(error.entry.status)
        .header('content-security-policy', contentSecurityPolicy())
        .header('x-content-type-options', 'nosniff')
        .header('cache-control', 'no-store')
        .type('text/html; charset=utf-8')
        .send(renderErrorPage(error.code, language, { reference: request.id }));
    },
  } as const;
}
