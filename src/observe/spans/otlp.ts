import type { Clock, RandomBytes } from '../../shared/index.js';
import type { Metrics } from '../metrics.js';
import { nextContext, type SpanContext } from './traceparent.js';
import type { Span, SpanAttributes, SpanKind, SpanOptions, Tracer } from './tracer.js';

export interface OtlpOptions {
  /** The collector's full address for traces, such as `http://127.0.0.1:4318/v1/traces` (OTLP 1.x, HTTP with JSON). */
  readonly endpoint: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly service: { readonly name: string; readonly version: string; readonly instance: string };
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly fetch: typeof fetch;
  readonly metrics: Pick<Metrics, 'spans'>;
  /** Spans kept in memory; more are dropped and counted. Default 2048. */
  readonly maxWaiting?: number;
  /** How long a finished span waits for others, ms. Default 1000. */
  readonly sendEvery?: number;
  /** How long one request may take, ms. Default 5000. */
  readonly timeLimit?: number;
}

// opentelemetry/proto/trace/v1/trace.proto: SpanKind, StatusCode.
const KINDS: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const STATUS_ERROR = 2;
const BATCH = 512;

/** Exports spans in batches. A collector that is away costs spans, which are counted, and never a login. */
export function createOtlpTracer(options: OtlpOptions): Tracer {
  return new OtlpTracer(options);
}

class OtlpTracer implements Tracer {
  readonly #options: OtlpOptions;
  readonly #waiting: object[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | null = null;

  constructor(options: OtlpOptions) {
    this.#options = options;
  }

  start(name: string, { kind = 'internal', parent = null, attributes = {} }: SpanOptions = {}): Span {
    const context = nextContext(parent, this.#options.random);
    const started = this.#options.clock.now();
    let ended = false;
    const end = (code?: string): void => {
      if (ended || !context.sampled) return;
      ended = true;
      const parentSpanId = parent === null ? {} : { parentSpanId: parent.spanId };
      this.#add({ ...describe(name, kind, context, attributes, code), ...parentSpanId, ...this.#times(started) });
    };
    return { context, end };
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#send();
  }

  #times(started: number): object {
    // 64-bit integers are strings in proto3's JSON.
    return { startTimeUnixNano: nanoseconds(started), endTimeUnixNano: nanoseconds(this.#options.clock.now()) };
  }

  #add(span: object): void {
    if (this.#waiting.length >= (this.#options.maxWaiting ?? 2048)) {
      this.#options.metrics.spans('dropped', 1);
      return;
    }
    this.#waiting.push(span);
    this.#timer ??= setTimeout(() => void this.#send(), this.#options.sendEvery ?? 1000).unref();
  }

  #send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
      this.#timer = undefined;
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const spans = this.#waiting.splice(0, BATCH);
      const sent = await this.#post(spans).catch(() => false);
      this.#options.metrics.spans(sent ? 'exported' : 'dropped', spans.length);
    }
  }

  async #post(spans: readonly object[]): Promise<boolean> {
    const { endpoint, headers, service, timeLimit = 5000 } = this.#options;
    const resource = attributeList({
      'service.name': service.name,
      'service.version': service.version,
      'service.instance.id': service.instance,
    });
    const scopeSpans = [{ scope: { name: service.name, version: service.version }, spans }];
    const response = await this.#options.fetch(endpoint, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ resource: { attributes: resource }, scopeSpans }] }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeLimit),
    });
    await response.body?.cancel();
    return response.ok;
  }
}

function describe(
  name: string,
  kind: SpanKind,
  context: SpanContext,
  attributes: SpanAttributes,
  code?: string,
): object {
  const { traceId, spanId } = context;
  const status = code === undefined ? {} : { code: STATUS_ERROR, message: code };
  return { traceId, spanId, name, kind: KINDS[kind], attributes: attributeList(attributes), status };
}

function attributeList(attributes: SpanAttributes): object[] {
  return Object.entries(attributes).map(([key, value]) => {
    if (typeof value === 'string') return { key, value: { stringValue: value } };
    if (typeof value === 'boolean') return { key, value: { boolValue: value } };
    return { key, value: Number.isInteger(value) ? { intValue: value.toString() } : { doubleValue: value } };
  });
}

function nanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds * 1000)}000`;
}
