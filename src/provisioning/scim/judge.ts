import type { FailureClass } from '../queue.js';
import type { RawAnswer } from './client.js';
import { remedies, remedyFor } from './remedies.js';
import { member } from './user.js';

/** An answer that is not what was hoped for, by what is to be done about it. */
export interface Fault {
  readonly class: FailureClass;
  /** Null when there was no answer. */
  readonly status: number | null;
  readonly detail: string;
  readonly remedy: string;
  /** Milliseconds that Zivver asks to wait; 0 when it does not. */
  readonly wait: number;
}

export type Judgement =
  | { readonly kind: 'ok'; readonly status: number; readonly value: unknown }
  /** 409 */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'fault'; readonly fault: Fault };

const TRANSIENT = new Set([408, 500, 502, 503, 504]);
const DEFAULT_WAIT = 10_000;
const SHORTEST_WAIT = 1_000;
const LONGEST_WAIT = 3_600_000;
const LONGEST_DETAIL = 300;
const LOOKED_AT = 4_096;
const LONGEST_HIDDEN = 512;

/**
 * Sorts an answer into the classes of the failure table.
 * @param hidden values that must not appear in the detail: the token, the account key, the person's name and address
 * @param now milliseconds since the epoch, for a Retry-After that is a date
 */
export function judge(answer: RawAnswer, hidden: readonly string[], now: number): Judgement {
  if (answer.kind === 'silence') {
    return fault({ class: 'transient', status: null, detail: answer.detail, remedy: remedies.unreachable });
  }
  const { status, body } = answer;
  const value = parse(body);
  if (status >= 200 && status <= 299 && value !== undefined) return { kind: 'ok', status, value };
  if (status === 409) return { kind: 'conflict' };
  const text = errorText(value, body);
  const said = redact(text, hidden);
  const detail = said === '' ? `HTTP ${status}` : `HTTP ${status}: ${said}`;
  if (status === 429) {
    const wait = waitOf(answer.header, value, now) ?? DEFAULT_WAIT;
    return fault({ class: 'throttled', status, detail, remedy: remedies.throttled, wait });
  }
  if (status === 401 || status === 403)
    return fault({ class: 'credential', status, detail, remedy: remedies.credential });
  if (TRANSIENT.has(status)) {
    const wait = waitOf(answer.header, undefined, now) ?? 0;
    return fault({ class: 'transient', status, detail, remedy: remedies.unreachable, wait });
  }
  if (status >= 400 && status < 500) {
    return fault({ class: 'permanent', status, detail, remedy: remedyFor(status, text) });
  }
  return suspect(status, `${detail}, unexpected`);
}

/** For an answer with a good status that does not hold what it should. */
export function suspect(status: number, detail: string): { readonly kind: 'fault'; readonly fault: Fault } {
  return fault({ class: 'suspect', status, detail, remedy: remedies.suspect });
}

function fault(fields: Omit<Fault, 'wait'> & { readonly wait?: number }): {
  readonly kind: 'fault';
  readonly fault: Fault;
} {
  return { kind: 'fault', fault: { wait: 0, ...fields } };
}

function parse(body: string | null): unknown {
  if (body === null) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

// Both JSON shapes and bare text occur (facts §4.4); RFC 7644 §3.12 has `detail`.
function errorText(value: unknown, body: string | null): string {
  for (const name of ['detail', 'message']) {
    const text = member(value, name);
    if (typeof text === 'string') return text;
  }
  if (body === null) return 'the answer broke off or is too long';
  return /^\s*</.test(body) ? 'an HTML page' : body;
}

/** What was said, in one line, without values that must not be shown. An answer may be long, so only its head is read. */
function redact(text: string, hidden: readonly string[]): string {
  const isCut = text.length > LOOKED_AT;
  let redacted = text.slice(0, LOOKED_AT);
  // Longest first, so that a value inside another leaves no remainder.
  const values = hidden.filter((value) => value !== '').sort((a, b) => b.length - a.length);
  for (const value of values) {
    // Of a very long value the head tells that it is there; how much of it follows then does not matter.
    const rest = value.length > LONGEST_HIDDEN ? '[^]*' : '';
    const pattern = new RegExp(`${escapePattern(value.slice(0, LONGEST_HIDDEN))}${rest}`, 'gi');
    redacted = redacted.replace(pattern, '[redacted]');
  }
  // The cut may have gone through a value, of which the head would be left.
  const whole = isCut ? redacted.slice(0, -LONGEST_HIDDEN) : redacted;
  return whole
    .replace(/[^\s"'<>]+/g, (word) => (/[^@]@[^@]/.test(word) ? '[redacted]' : word))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST_DETAIL);
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

function waitOf(header: (name: string) => string | null, value: unknown, now: number): number | null {
  const wait =
    retryAfter(header('retry-after'), now) ??
    seconds(header('ratelimit-reset')) ??
    seconds(member(member(value, 'emptiedBucketDetails'), 'windowSeconds'));
  return wait === null ? null : Math.min(Math.max(wait, SHORTEST_WAIT), LONGEST_WAIT);
}

// RFC 9110 §10.2.3: seconds or an HTTP date.
function retryAfter(text: string | null, now: number): number | null {
  if (text === null) return null;
  const wait = seconds(text);
  if (wait !== null) return wait;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : date - now;
}

function seconds(value: unknown): number | null {
  if (typeof value === 'number' && Number.isFinite(value)) return value * 1_000;
  return typeof value === 'string' && /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : null;
}
