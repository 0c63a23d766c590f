/** A setting of a store that can lose what it holds, and what to do about it. */
export interface StoreConcern {
  readonly detail: string;
  readonly remedy: string;
}

/**
 * What several processes of the gateway must agree on: which assertions have been used, and which requests of the
 * service provider are still open. Every method throws `STORE_UNAVAILABLE` when the store does not answer in time.
 */
export interface StateStore {
  /**
   * Claims a key for the caller; atomic over all processes that share the store.
   * @param expiresAt milliseconds since the epoch; until then nobody else gets the key
   * @returns true: claimed by this call. false: claimed before.
   */
  claimOnce(key: string, expiresAt: number): Promise<boolean>;
  /** Keeps a request until `expiresAt` (milliseconds since the epoch). The caller has encrypted the record. */
  putRequest(id: string, record: string, expiresAt: number): Promise<void>;
  /** Reads a request without using it up; null when it is unknown, used up or expired. */
  findRequest(id: string): Promise<string | null>;
  /** Reads and deletes in one atomic step, so that of two simultaneous callers exactly one gets the record. */
  takeRequest(id: string): Promise<string | null>;
  /** Proves that the store answers and takes claims: one that can only be read (full disk, full Redis) fails. */
  ping(): Promise<void>;
  /** Proves that claims can be made now: by this store, or by the one that stands in for it. */
  ready(): Promise<void>;
  /**
   * By how many milliseconds the clocks of its servers are ahead of this machine's, the one that differs most; negative
   * where it is behind. Null where the store is on this machine, or its servers do not tell.
   */
  clockDifference(): Promise<number | null>;
  /** What in the settings of its servers can lose what they hold; none where the store is on this machine. */
  concerns(): Promise<StoreConcern[]>;
  /** Finishes what is under way. The connection that was handed in is the caller's to close. */
  close(): Promise<void>;
}
