import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Teardown } from './program.js';

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A span as OTLP over HTTP with JSON has it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface Message {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
}

export interface Collector {
  readonly endpoint: string;
  readonly received: readonly {
    readonly headers: IncomingHttpHeaders;
    readonly text: string;
    readonly body: Message;
  }[];
  /** Every span, in the order in which they came. */
  readonly spans: () => readonly ReceivedSpan[];
  /** From now on. */
  readonly answer: (how: (response: ServerResponse) => void) => void;
}

/** An OpenTelemetry collector that keeps what it is sent. */
export async function startCollector(
  t: Teardown,
  how: (response: ServerResponse) => void = (response) => response.end('{}'),
): Promise<Collector> {
  const received: { headers: IncomingHttpHeaders; text: string; body: Message }[] = [];
  let answer = how;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      received.push({ headers: request.headers, text, body: JSON.parse(text) as Message });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    received,
    spans: () =>
      received.flatMap(({ body }) =>
        body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
      ),
    answer: (next) => {
      answer = next;
    },
  };
}

/** The text of a span's attribute; null where it has none of that name. */
export function attributeOf(span: ReceivedSpan | undefined, key: string): unknown {
  const value = span?.attributes.find((attribute) => attribute.key === key)?.value;
  return value === undefined ? null : Object.values(value)[0];
}
