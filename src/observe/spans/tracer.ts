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

export interface SpanEnd {
  /** What went wrong, in a word: a code of the error table, or a class of failure. */
  readonly code?: string;
  /** Added to those of the start. */
  readonly attributes?: SpanAttributes;
}

/** A span that is over already; times in milliseconds, with fractions. */
export interface EndedSpan extends SpanOptions {
  readonly name: string;
  /** How long ago it ended. */
  readonly ago: number;
  readonly duration: number;
  readonly code?: string;
}

export interface Span {
  /** What goes on as `traceparent`; null where nothing is traced. */
  readonly context: SpanContext | null;
  /** Ends the span, and only then is it sent; later calls do nothing. */
  end(how?: SpanEnd): void;
}

/** The seam to OpenTelemetry. Nothing here throws, or waits for the network. */
export interface Tracer {
  start(name: string, options?: SpanOptions): Span;
  /** Adds a span below another one, after the fact. */
  add(span: EndedSpan): void;
  /** Sends what waits, for `limit` milliseconds at most; the rest is dropped and counted. Never rejects. */
  close(limit: number): Promise<void>;
}

export const NO_SPAN: Span = { context: null, end: () => undefined };

/** Where nobody wants spans. */
export const noTracer: Tracer = { start: () => NO_SPAN, add: () => undefined, close: () => Promise.resolve() };
