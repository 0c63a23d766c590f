import type { Clock, RandomBytes } from '../../shared/index.js';
import type { Metrics } from '../metrics.js';
import { exportRequest, type Service, type SpanFacts } from './otlp-message.js';
import { nextContext } from './traceparent.js';
import { NO_SPAN, type EndedSpan, type Span, type SpanOptions, type Tracer } from './tracer.js';

/** Where spans go, and how many of them. */
export interface OtlpSettings {
  /** The collector's full address for traces, such as `http://127.0.0.1:4318/v1/traces` (OTLP 1.x, HTTP with JSON). */
  readonly endpoint: string;
  /** Further header fields; what they hold is asked for only when it is sent. */
  readonly headers: Readonly<Record<string, { reveal(): string }>>;
  readonly serviceName: string;
  /** 0 to 1: the share of new traces that is sent; a parent's own decision goes before. */
  readonly sample: number;
}

export interface OtlpOptions {
  /** Asked at each span, so that a reload takes effect; null while nobody wants spans. */
  readonly settings: () => OtlpSettings | null;
  readonly service: Omit<Service, 'name'>;
  readonly clock: Clock;
  /** A clock for durations, ms; never set back. */
  readonly elapsed: () => number;
  readonly random: RandomBytes;
  readonly fetch: typeof fetch;
  readonly metrics: Pick<Metrics, 'spans'>;
  /** Told when the collector begins to fail, with the reason, and with null when it takes spans again. */
  readonly onCollector?: (failure: string | null) => void;
  /** Spans kept in memory; more are dropped and counted. Default 2048. */
  readonly maxWaiting?: number;
  /** How long a finished span waits for others, ms. Default 1000. */
  readonly sendEvery?: number;
  /** How long one request may take, ms. Default 5000. */
  readonly timeLimit?: number;
}

const BATCH = 512;

/** Exports spans in batches. A collector that is away costs spans, which are counted, and never a login. */
export function createOtlpTracer(options: OtlpOptions): Tracer {
  return new OtlpTracer(options);
}

class OtlpTracer implements Tracer {
  readonly #options: OtlpOptions;
  readonly #waiting: SpanFacts[] = [];
  readonly #giveUp = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | null = null;
  #failing = false;

  constructor(options: OtlpOptions) {
    this.#options = options;
  }

  start(name: string, { kind = 'internal', parent = null, attributes = {} }: SpanOptions = {}): Span {
    const settings = this.#options.settings();
    if (settings === null) return NO_SPAN;
    const context = nextContext(parent, this.#options.random, settings.sample);
    const since = this.#options.elapsed();
    let ended = false;
    return {
      context,
      end: (how = {}) => {
        if (ended) return;
        ended = true;
        const all = { ...attributes, ...how.attributes };
        this.#finish({ name, kind, context, parent, attributes: all, code: how.code }, 0, this.#since(since));
      },
    };
  }

  add({ name, kind = 'internal', parent = null, attributes = {}, code, ago, duration }: EndedSpan): void {
    const settings = this.#options.settings();
    if (settings === null) return;
    const context = nextContext(parent, this.#options.random, settings.sample);
    this.#finish({ name, kind, context, parent, attributes, code }, ago, duration);
  }

  async close(limit: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#giveUp.abort();
    }, limit);
    await this.#send();
    clearTimeout(timer);
  }

  #since(elapsed: number): number {
    return this.#options.elapsed() - elapsed;
  }

  #finish(span: Omit<SpanFacts, 'start' | 'end'>, ago: number, duration: number): void {
    if (!span.context.sampled) return;
    if (this.#waiting.length >= (this.#options.maxWaiting ?? 2048)) {
      this.#options.metrics.spans('dropped', 1);
      return;
    }
    const end = this.#options.clock.now() - ago;
    this.#waiting.push({ ...span, start: end - duration, end });
    this.#wait();
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => void this.#send(), this.#options.sendEvery ?? 1000).unref();
  }

  #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
      this.#timer = undefined;
      // What came after the last look, and before this.
      if (this.#waiting.length > 0) this.#wait();
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const spans = this.#waiting.splice(0, BATCH);
      const failure = await this.#post(spans).catch(reasonOf);
      this.#options.metrics.spans(failure === null ? 'exported' : 'dropped', spans.length);
      if (this.#failing !== (failure !== null)) this.#options.onCollector?.(failure);
      this.#failing = failure !== null;
    }
  }

  /** @returns why the collector did not take them; null where it did */
  async #post(spans: readonly SpanFacts[]): Promise<string | null> {
    const settings = this.#options.settings();
    if (settings === null) return 'telemetry was switched off';
    const { service, timeLimit = 5000 } = this.#options;
    const { endpoint, headers, serviceName } = settings;
    const response = await this.#options.fetch(endpoint, {
      method: 'POST',
      headers: { ...revealed(headers), 'content-type': 'application/json' },
      body: exportRequest({ ...service, name: serviceName }, spans),
      // A redirect would carry the headers to another place.
      redirect: 'error',
      signal: AbortSignal.any([AbortSignal.timeout(timeLimit), this.#giveUp.signal]),
    });
    await response.body?.cancel();
    return response.ok ? null : `status ${response.status}`;
  }
}

function revealed(headers: OtlpSettings['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()]));
}

// Node's fetch says only "fetch failed"; the reason is in the cause. Neither names a header's value.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given';
  const cause = error.cause instanceof Error ? error.cause : error;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}
