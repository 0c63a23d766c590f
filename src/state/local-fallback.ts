import { GatewayError } from '../shared/index.js';
import type { EmbeddedStore } from './embedded-store.js';
import type { StateStore, StoreConcern } from './store.js';

export type FallbackOperation = 'claimOnce' | 'putRequest' | 'findRequest' | 'takeRequest';

export interface LocalFallbackOptions {
  /** Called each time that the local store answered in the place of the shared one, for the metric. */
  readonly onFallback?: (operation: FallbackOperation) => void;
}

/**
 * `onStoreFailure: local`: while the shared store cannot answer, this machine's own does. What it costs: during an
 * outage one and the same response can be used once on each machine. On one machine it cannot be used twice, whether
 * the outage begins or ends before, between or during the two uses, because a claim is made in both stores. For that
 * each login waits for a flush to disk. A disk that takes no claim is passed over while the shared store answers.
 */
export function withLocalFallback(
  primary: StateStore,
  local: EmbeddedStore,
  options: LocalFallbackOptions = {},
): StateStore {
  return new FallbackStore(primary, local, options.onFallback ?? (() => undefined));
}

class FallbackStore implements StateStore {
  readonly #primary: StateStore;
  readonly #local: EmbeddedStore;
  readonly #report: (operation: FallbackOperation) => void;

  constructor(primary: StateStore, local: EmbeddedStore, report: (operation: FallbackOperation) => void) {
    this.#primary = primary;
    this.#local = local;
    this.#report = report;
  }

  async claimOnce(key: string, expiresAt: number): Promise<boolean> {
    if (this.#local.isClaimed(key)) return false;
    // Begun together, so that a login waits for the slower one only.
    const here = this.#local.claimOnce(key, expiresAt);
    const kept = here.catch(() => true);
    const shared = await this.#unlessDown(
      'claimOnce',
      () => this.#primary.claimOnce(key, expiresAt),
      () => here,
    );
    // Of two copies the shared store may take one and, while it seems away, this machine's the other.
    return (await kept) && shared;
  }

  putRequest(id: string, record: string, expiresAt: number): Promise<void> {
    return this.#unlessDown(
      'putRequest',
      () => this.#primary.putRequest(id, record, expiresAt),
      () => this.#local.putRequest(id, record, expiresAt),
    );
  }

  findRequest(id: string): Promise<string | null> {
    return this.#fromEither('findRequest', (store) => store.findRequest(id));
  }

  takeRequest(id: string): Promise<string | null> {
    return this.#fromEither('takeRequest', (store) => store.takeRequest(id));
  }

  /** Of the shared store: health must show the outage that the fallback hides from logins. */
  ping(): Promise<void> {
    return this.#primary.ping();
  }

  async ready(): Promise<void> {
    await this.#primary.ready().catch(() => this.#local.ready());
  }

  clockDifference(): Promise<number | null> {
    return this.#primary.clockDifference();
  }

  concerns(): Promise<StoreConcern[]> {
    return this.#primary.concerns();
  }

  async close(): Promise<void> {
    await Promise.all([this.#primary.close(), this.#local.close()]);
  }

  // A request may lie in either store: it was put before, during or after the outage.
  async #fromEither(
    operation: 'findRequest' | 'takeRequest',
    ask: (store: StateStore) => Promise<string | null>,
  ): Promise<string | null> {
    const shared = await this.#unlessDown(
      operation,
      () => ask(this.#primary),
      () => Promise.resolve(null),
    );
    return shared ?? ask(this.#local);
  }

  async #unlessDown<T>(operation: FallbackOperation, ask: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'STORE_UNAVAILABLE') throw error;
      this.#report(operation);
      return otherwise();
    }
  }
}
