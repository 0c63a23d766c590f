import type { z } from 'zod';
import { generateJsonSchema } from './json-schema.js';

type JsonSchema = z.core.JSONSchema.BaseSchema;

interface Row {
  readonly path: string;
  readonly type: string;
  readonly standard: string;
  readonly meaning: string;
}

const INTRODUCTION = `# Configuration reference

Generated from the schema by \`npm run generate\`; do not edit.

\`config/gateway.yaml\` holds what is common; each file of \`config/idps/\` describes one identity provider and is named
after it. An unknown key is an error. \`claims-gateway check-config\` lists all faults at once.

- Any single value may be written as \`\${env:NAME}\` (also as a part of a text) or as \`{ file: path }\`. Relative paths
  start from the directory that holds the configuration directory.
- A secret may only be written in one of those two ways. Final line breaks of a file are dropped.
- A duration is a number and a unit: \`ms\`, \`s\`, \`m\`, \`h\`, \`d\`. A size has \`B\`, \`KiB\`, \`MiB\` or \`GiB\`.
- *required* means that there is no default. A default named in the meaning depends on other keys.
- An identity provider's \`domainKey\`, \`provisioning\` and \`serviceProvider\` override those of gateway.yaml key by key;
  lists are replaced. With the \`preset\` or \`entityId\` of another service provider under \`serviceProvider\`, it
  inherits no addresses, certificates, encryption or proxy of the common one; with a \`tenant\` of its own under
  \`provisioning\`, it does not inherit the API key.
`;

function deref(schema: unknown): JsonSchema {
  return typeof schema === 'object' && schema !== null ? (schema as JsonSchema) : {};
}

function rowsOf(schema: JsonSchema, path: string): Row[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const described = deref(child);
    const here = path === '' ? key : `${path}.${key}`;
    const items = deref(described.items);
    const row: Row = {
      path: here,
      type: typeOf(described),
      standard: required.has(key) ? '*required*' : standardOf(described),
      meaning: described.description ?? '',
    };
    return [row, ...rowsOf(described, here), ...rowsOf(items, `${here}[]`)];
  });
}

function typeOf(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.type === 'array') return `list of ${typeOf(deref(schema.items))}`;
  return 'mapping';
}

function standardOf(schema: JsonSchema): string {
  const { default: standard } = schema;
  if (standard === undefined || (schema.type === 'object' && JSON.stringify(standard) === '{}')) return '';
  return `\`${typeof standard === 'string' ? standard : JSON.stringify(standard)}\``;
}

function table(schema: JsonSchema): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = rowsOf(schema, '').map(
    ({ path, type, standard, meaning }) => `| \`${path}\` | ${cell(type)} | ${cell(standard)} | ${cell(meaning)} |`,
  );
  return ['| Key | Type | Default | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** The reference page, in Markdown. */
export function generateReference(): string {
  const { gateway, idp } = generateJsonSchema();
  return `${INTRODUCTION}\n## gateway.yaml\n\n${table(gateway)}\n\n## idps/*.yaml\n\n${table(idp)}\n`;
}

/** Every generated file: its path in the repository, and what it must hold. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const { gateway, idp } = generateJsonSchema();
  return new Map([
    ['docs/reference/configuration.md', generateReference()],
    ['docs/reference/gateway.schema.json', `${JSON.stringify(gateway, null, 2)}\n`],
    ['docs/reference/idp.schema.json', `${JSON.stringify(idp, null, 2)}\n`],
  ]);
}
