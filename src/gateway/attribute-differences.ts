import { redactValue, type AttributeDifference, type RedactedValue } from '../observe/index.js';
import type { AttributeFacts } from '../saml/index.js';

/**
 * What became of each attribute between the assertion that came in and the one that went out, without a value: an
 * account key or a DomainKey must not be readable in a trace.
 */
export function attributeDifferences(
  before: readonly AttributeFacts[],
  after: readonly AttributeFacts[],
  key: Uint8Array,
): AttributeDifference[] {
  const names = new Set([...before, ...after].map(({ name }) => name));
  return Array.from(names, (name) => {
    const old = redacted(before, name, key);
    const now = redacted(after, name, key);
    return { name, change: changeOf(old, now), before: old ?? [], after: now ?? [] };
  });
}

function redacted(attributes: readonly AttributeFacts[], name: string, key: Uint8Array): RedactedValue[] | null {
  const same = attributes.filter((attribute) => attribute.name === name);
  return same.length === 0 ? null : same.flatMap(({ values }) => values.map((value) => redactValue(value, key)));
}

function changeOf(before: RedactedValue[] | null, after: RedactedValue[] | null): AttributeDifference['change'] {
  if (before === null) return 'added';
  if (after === null) return 'dropped';
  const same =
    before.length === after.length && before.every(({ fingerprint }, index) => fingerprint === after[index]?.fingerprint);
  return same ? 'same' : 'changed';
}
