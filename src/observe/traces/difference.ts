import { redactValue } from '../redact.js';
import type { AttributeDifference } from './trace.js';

/** An attribute with its values, as it came in or goes out. */
export interface PlainAttribute {
  readonly name: string;
  readonly values: readonly string[];
}

/** Compares by name, values redacted; in the order of what came in, then what was added. Attributes of one name are one. */
export function attributeDifference(
  before: readonly PlainAttribute[],
  after: readonly PlainAttribute[],
  key: Uint8Array,
): AttributeDifference[] {
  const was = valuesByName(before);
  const is = valuesByName(after);
  return [...new Set([...was.keys(), ...is.keys()])].map((name) => {
    const [old, now] = [was.get(name), is.get(name)];
    const redact = (value: string) => redactValue(value, key);
    const change = changeOf(old, now);
    const before = (old ?? []).map(redact);
    return { name, change, before, after: change === 'same' ? before : (now ?? []).map(redact) };
  });
}

function valuesByName(attributes: readonly PlainAttribute[]): Map<string, readonly string[]> {
  const byName = new Map<string, readonly string[]>();
  for (const { name, values } of attributes) byName.set(name, [...(byName.get(name) ?? []), ...values]);
  return byName;
}

function changeOf(
  old: readonly string[] | undefined,
  now: readonly string[] | undefined,
): AttributeDifference['change'] {
  if (old === undefined) return 'added';
  if (now === undefined) return 'dropped';
  return old.length === now.length && old.every((value, index) => value === now[index]) ? 'same' : 'changed';
}
