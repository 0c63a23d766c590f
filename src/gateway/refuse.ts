import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError, type ErrorCode } from '../shared/index.js';
import { renderErrorPage } from './error-page.js';
import { recordRefusal } from './outcome.js';
import { contentSecurityPolicy } from './page.js';
import type { GatewayDeps } from './runtime.js';

/** What Fastify itself refuses, in our words. */
const CODE_OF_FASTIFY_ERROR: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'HTTP_CONTENT_TYPE',
  FST_ERR_CTP_BODY_TOO_LARGE: 'HTTP_BODY_TOO_LARGE',
};

/** Any error as one of the table: ours as it is, Fastify's translated, everything else a fault of the program. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (!(error instanceof Error)) return new GatewayError('INTERNAL', 'Something other than an Error was thrown.');
  const code = 'code' in error && typeof error.code === 'string' ? CODE_OF_FASTIFY_ERROR[error.code] : undefined;
  if (code !== undefined) return new GatewayError(code, undefined, { cause: error });
  // A body that ends early (ECONNRESET, a wrong Content-Length) is the sender's doing too.
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  return new GatewayError(status >= 400 && status < 500 ? 'HTTP_MALFORMED' : 'INTERNAL', undefined, { cause: error });
}

/** Answers with the error page of the error's code, after audit, metrics, trace and log have it. */
export async function refuse(
  deps: GatewayDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  thrown: unknown,
): Promise<FastifyReply> {
  const error = asGatewayError(thrown);
  const context = request.gateway;
  const line = { code: error.code, idp: context.route?.idp.name, err: error };
  if (error.entry.status >= 500) request.log.error(line, 'failed');
  else request.log.warn(line, 'refused');
  await recordRefusal(deps, context, error);
  const page = renderErrorPage(error.code, context.language, {
    reference: context.reference,
    ...(context.route === null ? {} : { startUrl: context.route.startUrl }),
    ...(error.code === 'SAML_STATUS' ? { idpMessage: error.withQuote } : {}),
  });
  return reply
    .code(error.entry.status)
    .header('content-security-policy', contentSecurityPolicy())
    .header('cache-control', 'no-store')
    .header('content-language', context.language)
    .header('vary', 'Accept-Language')
    .type('text/html; charset=utf-8')
    .send(page);
}
