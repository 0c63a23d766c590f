import { z } from 'zod';
import { Unfit } from '../unfit.js';
import type { Scalars } from './scalars.js';
import { isLoopback } from './urls.js';
import { complain, value } from './value.js';

/** RFC 9110 §5.1: a field name is a token. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What the exporter itself says of the body. */
const OURS = ['content-type', 'content-length', 'transfer-encoding', 'host', 'connection'];

/** A collector often stands on a private network without TLS, so plain http is taken, unlike where logins go. */
function collectorUrl({ source, textual }: Scalars) {
  return value(source, {
    title: 'URL',
    literal: { type: 'string', format: 'uri' },
    parse: textual((text) => {
      const url = URL.canParse(text) ? new URL(text) : null;
      if (url === null || !['https:', 'http:'].includes(url.protocol)) {
        return new Unfit('is not an absolute URL', 'write it whole, such as http://127.0.0.1:4318/v1/traces');
      }
      if (url.username !== '' || url.password !== '') {
        return new Unfit('carries a user name or password', 'write them as a header under `headers`');
      }
      return url.href;
    }),
  });
}

function share({ source }: Scalars) {
  return value(source, {
    title: 'number 0–1',
    literal: { type: 'number', minimum: 0, maximum: 1 },
    parse: ({ value: written, external }): number | Unfit => {
      const number = external && /^\d+(?:\.\d+)?$/.test(String(written)) ? Number(written) : written;
      if (typeof number === 'number' && number >= 0 && number <= 1) return number;
      return new Unfit('is not a number from 0 to 1', 'write such a number without quotes; 0.1 is one in ten');
    },
  });
}

/** `telemetry:`. */
export function telemetrySchema(scalars: Scalars) {
  return z
    .strictObject({
      endpoint: collectorUrl(scalars).describe(
        'Whole address for traces of an OpenTelemetry collector (OTLP over HTTP with JSON), such as `http://127.0.0.1:4318/v1/traces`.',
      ),
      headers: z
        .record(z.string(), scalars.secret())
        .prefault({})
        .describe('Further header fields of its requests, each a secret, such as `authorization: { file: … }`.'),
      serviceName: scalars.text().prefault('claims-gateway').describe('`service.name` of the spans.'),
      sample: share(scalars)
        .prefault(1)
        .describe('Share of the traces that are sent, where the request brings no decision in its `traceparent`.'),
    })
    .superRefine(({ endpoint, headers }, context) => {
      const names = Object.keys(headers);
      for (const name of names) {
        if (!FIELD_NAME.test(name)) {
          complain(context, ['headers', name], 'is no name of a header field', 'write one, such as authorization');
        } else if (OURS.includes(name.toLowerCase())) {
          complain(context, ['headers', name], 'is set by the gateway itself', 'remove it');
        }
      }
      const { protocol, hostname } = new URL(endpoint);
      if (protocol === 'https:' || names.length === 0 || isLoopback(hostname)) return;
      const remedy = 'write https://…, or remove `headers`; plain http with headers is for addresses of this machine';
      complain(context, ['endpoint'], 'is not https, so the secrets under `headers` could be read on the way', remedy);
    })
    .optional()
    .describe('Present: spans of each login and its job are sent to an OpenTelemetry collector.');
}
