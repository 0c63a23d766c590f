import type { MetadataSource } from '../../config/index.js';
import { LastGoodStore, type Keeper } from './last-good.js';

/**
 * The disk for what comes from a URL. A file or inline text is in the operator's hand and at hand: it needs no copy, and
 * a change of it needs nobody's approval.
 */
export function keeperOf(source: MetadataSource, dataDirectory: string, name: string, looks: boolean): Keeper {
  if (source.kind !== 'url') return nothingKept;
  const store = new LastGoodStore(dataDirectory, name);
  return looks ? unchanged(store) : store;
}

/** What is kept, for reading only. */
function unchanged(store: Keeper): Keeper {
  return {
    load: () => store.load(),
    approved: () => store.approved(),
    stamp: () => store.stamp(),
    save: () => Promise.resolve(),
    tidy: () => Promise.resolve(),
  };
}

export function originOf(source: MetadataSource): string {
  return source.kind === 'url' ? source.url : source.kind;
}

const nothingKept: Keeper = {
  load: () => Promise.resolve({ kind: 'nothing' }),
  save: () => Promise.resolve(),
  approved: () => Promise.resolve(new Set()),
  stamp: () => Promise.resolve(''),
  tidy: () => Promise.resolve(),
};
