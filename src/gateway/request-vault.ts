import type { Metrics } from '../observe/index.js';
import { parseRequestRecord, serializeRequestRecord, type AuthnRequestRecord } from '../saml/index.js';
import type { GatewayRuntime } from './runtime.js';
import { countingFailure } from './store-failure.js';

/**
 * The SP-initiated logins that wait for their response. The store sees sealed text only: a record holds the SP's RelayState,
 * which may be anything. The request's ID is bound into the seal, so records cannot be swapped in the store.
 */
export class RequestVault {
  readonly #runtime: Pick<GatewayRuntime, 'store' | 'sealer'>;
  readonly #metrics: Metrics;

  constructor(runtime: Pick<GatewayRuntime, 'store' | 'sealer'>, metrics: Metrics) {
    this.#runtime = runtime;
    this.#metrics = metrics;
  }

  /** @throws STORE_UNAVAILABLE */
  async put(record: AuthnRequestRecord): Promise<void> {
    const sealed = this.#runtime.sealer.seal(serializeRequestRecord(record), context(record.id));
    await countingFailure(this.#metrics, 'put_request', () =>
      this.#runtime.store.putRequest(record.id, sealed, record.expiresAt),
    );
  }

  /** Reads without using up. @throws STORE_UNAVAILABLE, SEALED_* where the record was changed or its key is gone */
  async find(id: string): Promise<AuthnRequestRecord | null> {
    const sealed = await countingFailure(this.#metrics, 'find_request', () => this.#runtime.store.findRequest(id));
    return sealed === null ? null : parseRequestRecord(this.#runtime.sealer.open(sealed, context(id)));
  }

  /** Uses the request up. @returns false where somebody else did in the meantime. @throws STORE_UNAVAILABLE */
  async use(id: string): Promise<boolean> {
    const taken = await countingFailure(this.#metrics, 'take_request', () => this.#runtime.store.takeRequest(id));
    return taken !== null;
  }
}

function context(id: string): string {
  return `authn-request:${id}`;
}
