import { GatewayError } from '../shared/index.js';
import type { KeyEntry, KeyState } from './key-ring.js';

const HOUR = 3_600_000;

/** How long a key must have been published before it may sign: twice Zivver's cache of metadata (24 h). */
export const PUBLISHED_FOR = 48 * HOUR;

type Rotating = Pick<KeyEntry, 'id' | 'state' | 'publishedAt'>;

/**
 * Since when a gateway has had the key in its metadata, in milliseconds since the epoch; null where it has not, and
 * undefined where none says.
 */
export type ServedSince = number | null | undefined;

/** One entry's new state. */
export interface StateChange {
  readonly id: string;
  readonly state: KeyState;
  /** When the key was made active, in milliseconds since the epoch. */
  readonly promotedAt?: number;
  readonly forcedBecause?: string;
}

function find(keys: readonly Rotating[], id: string): Rotating {
  const key = keys.find((candidate) => candidate.id === id);
  if (key === undefined) throw new GatewayError('KEY_UNKNOWN', `there is no signing key "${id}"`);
  return key;
}

/**
 * Makes the next key `id` active and retires the active one. Throws KEY_UNKNOWN, KEY_STATE, and KEY_TOO_YOUNG before
 * 48 hours of publication unless `forcedBecause` gives a reason, which is then recorded. Throws KEY_REQUEST_INVALID for a
 * reason without a word. A key is published since the later of what its entry says and what the gateway says.
 */
export function planPromotion(
  keys: readonly Rotating[],
  id: string,
  now: number,
  {
    forcedBecause,
    servedSince,
  }: { readonly forcedBecause?: string | undefined; readonly servedSince?: ServedSince } = {},
): readonly StateChange[] {
  if (forcedBecause?.trim() === '') {
    throw new GatewayError('KEY_REQUEST_INVALID', '--force needs a reason, such as --force "loaded in Zivver by hand"');
  }
  const key = find(keys, id);
  if (key.state !== 'next') throw new GatewayError('KEY_STATE', `the key "${id}" is ${key.state}, not next`);
  const since = publishedSince(key, servedSince);
  const young = since === null || now - since < PUBLISHED_FOR;
  if (young && forcedBecause === undefined) throw tooYoung(id, since === null ? null : now - since, servedSince);
  const retired = keys
    .filter(({ state }) => state === 'active')
    .map((active): StateChange => {
      return { id: active.id, state: 'retired' };
    });
  const forced = young && forcedBecause !== undefined ? { forcedBecause } : {};
  return [...retired, { id, state: 'active', promotedAt: now, ...forced }];
}

function publishedSince({ publishedAt }: Rotating, servedSince: ServedSince): number | null {
  if (servedSince === undefined) return publishedAt ?? null;
  return servedSince === null ? null : Math.max(servedSince, publishedAt ?? servedSince);
}

function tooYoung(id: string, age: number | null, servedSince: ServedSince): GatewayError {
  const detail =
    servedSince === null
      ? `the gateway of this machine does not have the key "${id}" in its metadata; see whether it took up the configuration`
      : age === null
        ? `nothing says when the key "${id}" was published (publishedAt)`
        : `the key "${id}" has been published for ${String(Math.max(0, Math.floor(age / HOUR)))} of 48 hours`;
  return new GatewayError('KEY_TOO_YOUNG', detail);
}

/** Takes a next key out of the metadata. Throws KEY_UNKNOWN, and KEY_STATE for any other key. */
export function planRetirement(keys: readonly Rotating[], id: string): readonly StateChange[] {
  const { state } = find(keys, id);
  if (state !== 'next') {
    const advice = state === 'active' ? '; promote another key, which retires this one' : '';
    throw new GatewayError('KEY_STATE', `the key "${id}" is ${state}${advice}`);
  }
  return [{ id, state: 'retired' }];
}
