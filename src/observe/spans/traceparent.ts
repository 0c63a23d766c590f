import type { RandomBytes } from '../../shared/index.js';

/** Where a span stands (W3C Trace Context §3.2.2). Lower-case hexadecimal. */
export interface SpanContext {
  /** 16 bytes. */
  readonly traceId: string;
  /** 8 bytes. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const VERSION_00 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
// W3C Trace Context §3.2.4: of a later version the first four fields are read, whatever follows after a dash.
const LATER_VERSION = /^(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Null for whatever is not valid: then a new trace begins. */
export function parseTraceparent(header: string): SpanContext | null {
  const [, traceId, spanId, flags] = VERSION_00.exec(header) ?? LATER_VERSION.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  // §3.2.2.3 and §3.2.2.4: all zeros is no id.
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: SpanContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/**
 * A child of `parent`, or the first span of a new trace.
 *
 * @param share of the new traces that are sampled, 0 to 1. Decided by the trace id, so that whoever decides alike
 *   (OpenTelemetry's TraceIdRatioBased) keeps the same traces
 */
export function nextContext(parent: SpanContext | null, random: RandomBytes, share = 1): SpanContext {
  const traceId = parent?.traceId ?? hex(random(16));
  return { traceId, spanId: hex(random(8)), sampled: parent?.sampled ?? positionOf(traceId) < share };
}

/** Where the random part of a trace id lies between 0 and 1, by as many of its last digits as a double holds. */
function positionOf(traceId: string): number {
  return Number.parseInt(traceId.slice(-13), 16) / 2 ** 52;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
