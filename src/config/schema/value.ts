import { z } from 'zod';
import type { Resolved, ValueSource } from '../source.js';
import { Unfit } from '../unfit.js';

/** Stands in JSON Schema for what every value may be in place of itself. */
const REFERENCES = [
  { type: 'string', pattern: '\\$\\{env:[A-Za-z_][A-Za-z0-9_]*\\}' },
  { type: 'object', properties: { file: { type: 'string' } }, required: ['file'], additionalProperties: false },
];

export interface ValueKind<T> {
  /** What kind of value it is, in a word or two; the type column of the reference page. */
  readonly title: string;
  /** JSON Schema of a literal value; absent where none is allowed. */
  readonly literal?: Readonly<Record<string, unknown>>;
  readonly parse: (resolved: Resolved) => T | Unfit;
}

/** A schema for one scalar: resolves references, then parses. The JSON Schema describes what may be written. */
export function value<T>(source: ValueSource, kind: ValueKind<T>) {
  const resolve = (raw: unknown): T | Unfit => {
    if (raw === null) return new Unfit('is empty', `write a value (${kind.title}) or remove the key`);
    const resolved = source.resolve(raw);
    return resolved instanceof Unfit ? resolved : kind.parse(resolved);
  };
  return parsed(resolve).meta({
    title: kind.title,
    anyOf: kind.literal === undefined ? REFERENCES : [kind.literal, ...REFERENCES],
  });
}

/** A schema from a function that gives the value or says why it does not do. */
export function parsed<T>(parse: (raw: unknown) => T | Unfit) {
  return z.unknown().transform((raw, context): T => {
    // The fault of a missing key is worded with the key's description, which is not known here.
    const result = raw === undefined ? new Unfit(MISSING, '') : parse(raw);
    if (!(result instanceof Unfit)) return result;
    context.addIssue({ code: 'custom', message: result.problem, params: { remedy: result.remedy } });
    return z.NEVER;
  });
}

export const MISSING = 'is missing';

/** Adds a fault at `path` below the value that is being refined. */
export function complain(
  context: z.RefinementCtx,
  path: readonly (string | number)[],
  problem: string,
  remedy: string,
): void {
  context.addIssue({ code: 'custom', message: problem, params: { remedy }, path: [...path] });
}
