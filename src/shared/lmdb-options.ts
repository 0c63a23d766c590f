/**
 * How every database of lmdb is opened. Without `mapSize`: with one, a transaction of two processes that wrote at once was lost now
 * and then (lmdb 3.5, a new file).
 */
export const LMDB_OPTIONS = {
  /** Of a batch that cannot be committed (disk full) lmdb rejects a promise that nobody holds, which ends the process. */
  eventTurnBatching: false,
} as const;
