/** How every database of lmdb is opened. */
export const LMDB_OPTIONS = {
  /** Of a batch that cannot be committed (disk full) lmdb rejects a promise that nobody holds, which ends the process. */
  eventTurnBatching: false,
} as const;
