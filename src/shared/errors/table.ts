import { configErrors } from './config.js';
import type { ErrorEntry } from './entry.js';
import { httpErrors } from './http.js';
import { metadataErrors } from './metadata.js';
import { provisioningErrors } from './provisioning.js';
import { samlErrors } from './saml.js';
import { xmlErrors } from './xml.js';

/** Every way in which the program can refuse or fail. Codes are stable: they are never renamed or reused. */
export const errorTable = {
  ...xmlErrors,
  ...samlErrors,
  ...configErrors,
  ...metadataErrors,
  ...provisioningErrors,
  ...httpErrors,
} satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof errorTable;

/** What a check expected and what it saw; shown to operators by `inspect` and in traces, never to a browser. */
export interface Evidence {
  readonly expected?: string;
  readonly seen?: string;
}

/** In characters; both go into logs, and what they tell of came from outside, at any length. */
const LONGEST_DETAIL = 2000;

function bounded(text: string): string {
  return text.length > LONGEST_DETAIL ? `${text.slice(0, LONGEST_DETAIL)}…` : text;
}

export interface ErrorOptions {
  readonly cause?: unknown;
  readonly evidence?: Evidence;
  /** What another party says of it, in its own words. */
  readonly quote?: string;
}

/** A refusal or failure with a stable code. `message` is the operator's detail; the browser only sees the public text. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly evidence: Evidence;
  /** It may name somebody, so log, audit and traces never hold it. */
  readonly quote: string | null;

  constructor(code: ErrorCode, detail?: string, options: ErrorOptions = {}) {
    super(
      bounded(detail ?? errorTable[code].meaning),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.quote = options.quote === undefined ? null : bounded(options.quote);
    const { expected, seen } = options.evidence ?? {};
    this.evidence = {
      ...(expected === undefined ? {} : { expected: bounded(expected) }),
      ...(seen === undefined ? {} : { seen: bounded(seen) }),
    };
  }

  /** `message` and the quote, for the person and for `inspect`. */
  get withQuote(): string {
    return this.quote === null ? this.message : `${this.message} It says: “${this.quote}”`;
  }

  get entry(): ErrorEntry {
    return errorTable[this.code];
  }
}
