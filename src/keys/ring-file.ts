import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import {
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  type Node,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { GatewayError } from '../shared/index.js';
import { unwritable } from './key-files.js';
import type { StateChange } from './rotation.js';

/** Time as the configuration writes it. */
const utc = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');

/** A replacement of `text.slice(from, to)`. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

// The text is edited in place by the positions of its nodes: writing the parsed document out again would move comments
// and spaces, and an operator would not find the one change in a diff.
function openKeys(text: string): YAMLSeq {
  const document = parseDocument(text);
  const keys = document.getIn(['signing', 'keys']);
  if (document.errors.length > 0 || !isSeq(keys) || !keys.items.every(isMap)) {
    throw new GatewayError('CONFIG_INVALID', 'gateway.yaml has no readable list signing.keys');
  }
  return keys;
}

function apply(text: string, edits: readonly Edit[]): string {
  const lastFirst = edits.toSorted((a, b) => b.from - a.from);
  return lastFirst.reduce((result, { from, to, text: put }) => result.slice(0, from) + put + result.slice(to), text);
}

const start = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;

/** Where the text of a node ends, without what follows it on the line. */
function end(node: unknown): number {
  if (isCollection(node) && node.flow !== true) {
    const last = node.items.at(-1);
    return end(isPair(last) ? (last.value ?? last.key) : last);
  }
  return (node as Node | null)?.range?.[1] ?? 0;
}

function lineEnd(text: string, offset: number): number {
  const found = text.indexOf('\n', offset);
  return found < 0 ? text.length : found;
}

const column = (text: string, offset: number): number => offset - (text.lastIndexOf('\n', offset - 1) + 1);

function setKey(text: string, map: YAMLMap, key: string, value: string): Edit {
  const pair = map.items.find((candidate) => isScalar(candidate.key) && candidate.key.value === key);
  if (pair !== undefined) return { from: start(pair.value), to: end(pair.value), text: value };
  const last = map.items.at(-1);
  const after = end(last?.value);
  if (map.flow === true) return { from: after, to: after, text: `, ${key}: ${value}` };
  const at = lineEnd(text, after);
  return { from: at, to: at, text: `\n${' '.repeat(column(text, start(map.items[0]?.key)))}${key}: ${value}` };
}

/** The text of gateway.yaml with other key states. Throws CONFIG_INVALID, KEY_UNKNOWN. */
export function withStates(text: string, changes: readonly StateChange[]): string {
  return changes.reduce((result, { id, state, promotedAt, forcedBecause }) => {
    const values = {
      state,
      ...(promotedAt === undefined ? {} : { promotedAt: JSON.stringify(utc(promotedAt)) }),
      ...(forcedBecause === undefined ? {} : { forcedBecause: JSON.stringify(forcedBecause) }),
    };
    // One key at a time, since each edit moves what stands behind it.
    return Object.entries(values).reduce((edited, [key, value]) => {
      const entry = openKeys(edited).items.find((item) => isMap(item) && item.get('id') === id);
      if (!isMap(entry)) throw new GatewayError('KEY_UNKNOWN', `gateway.yaml has no signing key with id "${id}"`);
      return apply(edited, [setKey(edited, entry, key, value)]);
    }, result);
  }, text);
}

/** The text of gateway.yaml with a further key in state `next`. Throws CONFIG_INVALID, KEY_EXISTS. */
export function withNextKey(
  text: string,
  key: { readonly id: string; readonly key: string; readonly cert: string },
  publishedAt: number,
): string {
  const keys = openKeys(text);
  if (keys.items.some((item) => isMap(item) && item.get('id') === key.id)) {
    throw new GatewayError('KEY_EXISTS', `gateway.yaml has a signing key "${key.id}" already`);
  }
  const { id, key: keyPath, cert } = key;
  const paths = `key: ${JSON.stringify(keyPath)}, cert: ${JSON.stringify(cert)}`;
  const entry = `{ id: ${JSON.stringify(id)}, ${paths}, state: next, publishedAt: ${JSON.stringify(utc(publishedAt))} }`;
  const last = keys.items.at(-1);
  if (last === undefined) return apply(text, [{ from: start(keys), to: end(keys), text: `[${entry}]` }]);
  const after = end(last);
  if (keys.flow === true) return apply(text, [{ from: after, to: after, text: `, ${entry}` }]);
  const dash = text.lastIndexOf('-', start(last));
  const at = lineEnd(text, after);
  return apply(text, [{ from: at, to: at, text: `\n${' '.repeat(column(text, dash))}- ${entry}` }]);
}

const STATES: readonly unknown[] = ['next', 'active', 'retired'];

/** What every entry must be after an edit, whatever was asked for: a reload would reject anything else. */
function isSoundEntry(entry: YAMLMap): boolean {
  const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
  const optional = ['publishedAt', 'promotedAt', 'forcedBecause'].filter((key) => entry.has(key));
  return STATES.includes(entry.get('state')) && optional.every((key) => isText(entry.get(key)));
}

function requireSound(text: string): void {
  if (openKeys(text).items.every((item) => isMap(item) && isSoundEntry(item))) return;
  throw new GatewayError('CONFIG_INVALID', 'the change would leave gateway.yaml with a key that is not sound');
}

/**
 * Replaces gateway.yaml in one step, so that a reload never reads half of it. The mode is kept.
 *
 * @throws GatewayError CONFIG_INVALID where its keys would not be sound afterwards, FILE_UNWRITABLE; it is as before then
 */
export function editFile(path: string, edit: (text: string) => string): void {
  const text = edit(readGatewayYaml(path));
  requireSound(text);
  const draft = `${path}.${String(process.pid)}.new`;
  let made = false;
  try {
    writeFileSync(draft, text, { mode: statSync(path).mode & 0o777, flag: 'wx' });
    made = true;
    renameSync(draft, path);
  } catch (error) {
    // A draft of somebody else is not ours to remove.
    if (made) rmSync(draft, { force: true });
    throw unwritable(path, error);
  }
}

/** @throws GatewayError CONFIG_INVALID where there is none */
export function readGatewayYaml(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GatewayError('CONFIG_INVALID', `cannot read ${path}: ${reason}`, { cause: error });
  }
}
