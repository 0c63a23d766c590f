import type { SpanContext } from './traceparent.js';

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  readonly kind?: SpanKind;
  /** Null or absent: a new trace. */
  readonly parent?: SpanContext | null;
  /** No personal data, no secret: they leave the machine. */
  readonly attributes?: SpanAttributes;
}

export interface Span {
  /** What goes on as `traceparent`; null where nothing is traced. */
  readonly context: SpanContext | null;
  /** Ends the span; later calls do nothing. @param code of the error table where it failed */
  end(code?: string): void;
}

/** The seam to OpenTelemetry. */
export interface Tracer {
  start(name: string, options?: SpanOptions): Span;
  /** Sends what waits, within the exporter's time limit. Never rejects. */
  close(): Promise<void>;
}

const NO_SPAN: Span = { context: null, end: () => undefined };

/** What is used while no endpoint is configured. */
export const noTracer: Tracer = { start: () => NO_SPAN, close: () => Promise.resolve() };
