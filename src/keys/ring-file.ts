import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isMap, isSeq, parseDocument, type Document, type YAMLMap, type YAMLSeq } from 'yaml';
import { GatewayError } from '../shared/index.js';
import type { StateChange } from './rotation.js';

/** Time as the configuration writes it. */
const utc = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');

function openKeys(text: string): { readonly document: Document; readonly keys: YAMLSeq } {
  const document = parseDocument(text);
  const keys = document.getIn(['signing', 'keys']);
  if (document.errors.length > 0 || !isSeq(keys)) {
    throw new GatewayError('CONFIG_INVALID', 'gateway.yaml has no readable list signing.keys');
  }
  return { document, keys };
}

/** Comments, order and flow style stay as they are; long lines are not folded. */
const write = (document: Document): string => document.toString({ lineWidth: 0, flowCollectionPadding: true });

function entryOf(keys: YAMLSeq, id: string): YAMLMap {
  const entry = keys.items.find((item) => isMap(item) && item.get('id') === id);
  if (!isMap(entry))
    throw new GatewayError('KEY_UNKNOWN', `gateway.yaml has no signing key with id "${id}" written out`);
  return entry;
}

/** The text of gateway.yaml with other key states. Throws CONFIG_INVALID, KEY_UNKNOWN. */
export function withStates(text: string, changes: readonly StateChange[]): string {
  const { document, keys } = openKeys(text);
  for (const { id, state, promotedAt, forcedBecause } of changes) {
    const entry = entryOf(keys, id);
    entry.set('state', state);
    if (promotedAt !== undefined) entry.set('promotedAt', utc(promotedAt));
    if (forcedBecause !== undefined) entry.set('forcedBecause', forcedBecause);
  }
  return write(document);
}

/** The text of gateway.yaml with a further key in state `next`. Throws CONFIG_INVALID, KEY_EXISTS. */
export function withNextKey(
  text: string,
  key: { readonly id: string; readonly key: string; readonly cert: string },
  publishedAt: number,
): string {
  const { document, keys } = openKeys(text);
  if (keys.items.some((item) => isMap(item) && item.get('id') === key.id)) {
    throw new GatewayError('KEY_EXISTS', `gateway.yaml has a signing key "${key.id}" already`);
  }
  const entry = document.createNode({ ...key, state: 'next', publishedAt: utc(publishedAt) }) as YAMLMap;
  entry.flow = keys.items.every((item) => isMap(item) && item.flow === true);
  keys.add(entry);
  return write(document);
}

/** Replaces a file's content in one step, so that a reload never reads half of it. The mode is kept. */
export function editFile(path: string, edit: (text: string) => string): void {
  const text = edit(readFileSync(path, 'utf8'));
  const draft = `${path}.${String(process.pid)}.new`;
  try {
    writeFileSync(draft, text, { mode: statSync(path).mode & 0o777, flag: 'wx' });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
