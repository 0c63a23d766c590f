import type { SpanContext } from './traceparent.js';
import type { SpanAttributes, SpanKind } from './tracer.js';

// opentelemetry/proto/trace/v1/trace.proto: SpanKind, StatusCode.
const KINDS: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const STATUS_ERROR = 2;

/** Everything of one span; times in milliseconds since 1970, with fractions. */
export interface SpanFacts {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parent: SpanContext | null;
  readonly attributes: SpanAttributes;
  readonly start: number;
  readonly end: number;
  /** Of the failure; undefined where there was none. */
  readonly code: string | undefined;
}

export interface Service {
  readonly name: string;
  readonly version: string;
  /** Tells the processes of one service apart. */
  readonly instance: string;
}

/** An ExportTraceServiceRequest in proto3's JSON (OTLP 1.x). */
export function exportRequest(service: Service, spans: readonly SpanFacts[]): string {
  const resource = attributeList({
    'service.name': service.name,
    'service.version': service.version,
    'service.instance.id': service.instance,
  });
  const scope = { name: 'claims-gateway', version: service.version };
  const scopeSpans = [{ scope, spans: spans.map(describe) }];
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: resource }, scopeSpans }] });
}

function describe({ name, kind, context, parent, attributes, start, end, code }: SpanFacts): object {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parent === null ? {} : { parentSpanId: parent.spanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: nanoseconds(end),
    attributes: attributeList(attributes),
    status: code === undefined ? {} : { code: STATUS_ERROR, message: code },
  };
}

function attributeList(attributes: SpanAttributes): object[] {
  return Object.entries(attributes).map(([key, value]) => {
    if (typeof value === 'string') return { key, value: { stringValue: value } };
    if (typeof value === 'boolean') return { key, value: { boolValue: value } };
    return { key, value: Number.isInteger(value) ? { intValue: value.toString() } : { doubleValue: value } };
  });
}

// 64-bit integers are strings in proto3's JSON. A double holds today's microseconds exactly, but not its nanoseconds.
function nanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds * 1000)}000`;
}
