import { mkdirSync } from 'node:fs';
import { open, type Database, type RootDatabase } from 'lmdb';
import { LMDB_OPTIONS } from '../shared/index.js';
import { ExpiringTable } from './expiring-table.js';

interface PendingRequest {
  readonly expiresAt: number;
  readonly record: string;
}

/** What the embedded store keeps. */
export interface EmbeddedTables {
  readonly root: RootDatabase;
  /** Of a claim, when it expires. */
  readonly claims: ExpiringTable<number>;
  readonly requests: ExpiringTable<PendingRequest>;
}

/** Opens them in that directory, which is made if it is missing. Throws what the system or lmdb throws. */
export function openEmbeddedTables(path: string): EmbeddedTables {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // With `overlappingSync`, its default, a write is visible, and others build on it, before it is flushed.
  const root = open({ path, ...LMDB_OPTIONS, maxDbs: 4, overlappingSync: false });
  const claims = root.openDB<number, string>({ name: 'claims', encoding: 'ordered-binary' });
  const requests = root.openDB<PendingRequest, string>({ name: 'requests' });
  takeOver(root, claims, requests);
  return {
    root,
    claims: new ExpiringTable(claims, (expiresAt) => expiresAt),
    requests: new ExpiringTable(requests, ({ expiresAt }) => expiresAt),
  };
}

/** Moves what an earlier version kept in one table with an index by expiry: what it claimed must stay claimed. */
function takeOver(
  root: RootDatabase,
  claims: Database<number, string>,
  requests: Database<PendingRequest, string>,
): void {
  // All in one transaction, since other processes may be starting too.
  root.transactionSync(() => {
    if (![...root.getKeys()].includes('entries')) return;
    const entries = root.openDB<PendingRequest, ['claim' | 'request', string]>({ name: 'entries' });
    for (const { key, value } of entries.getRange()) {
      const [collection, id] = key;
      if (collection === 'claim') claims.putSync(id, value.expiresAt);
      else requests.putSync(id, value);
    }
    entries.dropSync();
    root.openDB({ name: 'expiries' }).dropSync();
  });
}
