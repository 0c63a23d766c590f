/** How every database of lmdb is opened. */
export const LMDB_OPTIONS = {
  /**
   * Bytes of address space at first; only the pages in use take memory. A file that outgrows its mapping is mapped anew, and the
   * old mapping stays, so its pages would count twice from then on.
   */
  mapSize: 2 ** 28,
  /** Of a batch that cannot be committed (disk full) lmdb rejects a promise that nobody holds, which ends the process. */
  eventTurnBatching: false,
} as const;
