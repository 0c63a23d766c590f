import type { z } from 'zod';
import type { ConfigFault } from './fault.js';
import { MISSING } from './schema/value.js';
import { Unfit } from './unfit.js';
import { dotted, type DataPath, type YamlFile } from './yaml-file.js';

type Issue = z.core.$ZodIssue;
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The issues of a schema as faults with places. `describe` is the JSON Schema of the same schema. */
export function schemaFaults(issues: readonly Issue[], file: YamlFile, describe: () => JsonSchema): ConfigFault[] {
  const described = issues.length === 0 ? {} : describe();
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(file, path, key, described));
    return [file.fault(path, explain(issue, path, file, described))];
  });
}

function explain(issue: Issue, path: DataPath, file: YamlFile, described: JsonSchema): Unfit {
  const meaning = at(described, path)?.description;
  const missing = issue.code === 'custom' ? issue.message === MISSING : !file.has(path);
  if (missing) return new Unfit(MISSING, meaning === undefined ? 'add it' : `add it: ${lowerFirst(meaning)}`);
  if (issue.code === 'custom') return new Unfit(issue.message, remedyOf(issue.params));
  if (issue.code === 'invalid_type') {
    const wanted = issue.expected === 'array' ? 'a list' : 'a mapping';
    return new Unfit(
      `must be ${wanted}`,
      issue.expected === 'array' ? 'write [a, b] or lines with dashes' : 'write `key: value` lines below it',
    );
  }
  return new Unfit(issue.message, 'compare with docs/reference/configuration.md');
}

function remedyOf(params: Readonly<Record<string, unknown>> | undefined): string {
  const remedy = params?.['remedy'];
  return typeof remedy === 'string' ? remedy : 'compare with docs/reference/configuration.md';
}

function unknownKey(file: YamlFile, parent: DataPath, key: string, described: JsonSchema): ConfigFault {
  const known = Object.keys(at(described, parent)?.properties ?? {});
  const near = known.find((name) => distance(name.toLowerCase(), key.toLowerCase()) <= 2);
  const remedy = near === undefined ? `known keys here: ${known.join(', ')}` : `did you mean ${near}?`;
  const path = [...parent, key];
  return file.fault(path, new Unfit(`${dotted([key])} is not a known key`, remedy), 'key');
}

function at(schema: JsonSchema, path: DataPath): JsonSchema | undefined {
  let current: JsonSchema = schema;
  for (const step of path) {
    const next: unknown = typeof step === 'number' ? current.items : current.properties?.[step];
    if (typeof next !== 'object' || next === null || Array.isArray(next)) return undefined;
    current = next as JsonSchema;
  }
  return current;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text)
    ? text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '')
    : text.replace(/\.$/, '');
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      const substitution = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(substitution, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
