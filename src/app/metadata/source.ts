import type { MetadataSource } from '../../config/index.js';
import { GatewayError, type Clock, type ErrorCode } from '../../shared/index.js';
import { approveCertificate } from './approve.js';
import { isLapsed, lapsedDetail, type KeyRules, type MetadataFacts } from './certificate-policy.js';
import type { Fetched, MetadataFetcher } from './fetch.js';
import { asGatewayError, MetadataHolder } from './holder.js';
import type { CertificateCandidate, Keeper } from './last-good.js';
import { keeperOf, originOf } from './origin.js';
import { defaultTiming, delayUntilRefresh, refreshInterval, type Timing } from './schedule.js';

export interface MetadataSourceOptions<M extends MetadataFacts> {
  /** Name of the IdP, as in its file's name. */
  readonly name: string;
  readonly source: MetadataSource;
  readonly dataDirectory: string;
  /** Leaves the copy on disk as it is: for a command beside the gateway, whose files would be another account's. */
  readonly looks?: boolean;
  readonly clock: Clock;
  readonly fetcher: MetadataFetcher;
  /** Parses a document; validUntil is left to the caller, so that a lapsed one can still be told from none. */
  readonly read: (xml: Uint8Array) => Promise<M>;
  readonly keyRules: KeyRules;
  /** False for a service provider that may send unsigned requests. */
  readonly certificateRequired?: boolean;
  readonly expectedEntityId?: string | undefined;
  readonly timing?: Partial<Timing>;
  /** Spreads the refreshes of many processes; out of [0, 1). */
  readonly random?: () => number;
  /** Called after each change of what `current` or `status` tell, times of fetches apart. Must not throw. */
  readonly onChange?: (status: MetadataStatus) => void;
}

export interface MetadataFailure {
  readonly code: ErrorCode;
  /** For operators. */
  readonly detail: string;
  /** Ms since 1970. */
  readonly at: number;
}

export interface CurrentMetadata<M extends MetadataFacts> {
  /** Its `signingKeys` are those that may verify; certificates that wait for approval are not among them. */
  readonly metadata: M;
  /** When it came or was last confirmed, ms since 1970. */
  readonly fetchedAt: number;
  /** A refresh is overdue. */
  readonly stale: boolean;
  readonly candidates: readonly CertificateCandidate[];
  readonly lastError: MetadataFailure | null;
}

export interface MetadataStatus {
  readonly name: string;
  /** `lapsed`: there is a document, but it is past its validUntil; `none`: there is none. */
  readonly state: 'current' | 'stale' | 'lapsed' | 'none';
  readonly entityId: string | null;
  readonly fetchedAt: number | null;
  readonly validUntil: number | null;
  /** SHA-256 fingerprints of the certificates whose signatures are taken. */
  readonly usable: readonly string[];
  readonly candidates: readonly CertificateCandidate[];
  readonly lastError: MetadataFailure | null;
}

/** Past its interval by this much, in milliseconds, a document counts as stale. */
const GRACE = 60_000;

export function createMetadataSource<M extends MetadataFacts>(options: MetadataSourceOptions<M>): LiveMetadata<M> {
  return new LiveMetadata(options);
}

/** The metadata of one entity, kept current. */
export class LiveMetadata<M extends MetadataFacts> {
  readonly #options: MetadataSourceOptions<M>;
  readonly #timing: Timing;
  readonly #random: () => number;
  readonly #store: Keeper;
  readonly #holder: MetadataHolder<M>;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #refreshing: Promise<MetadataStatus> | undefined;
  /** Tail of the queue to the holder. */
  #queue: Promise<unknown> = Promise.resolve();
  #failures = 0;
  #lastError: MetadataFailure | null = null;
  #announced = '';

  constructor(options: MetadataSourceOptions<M>) {
    const { source, clock, read } = options;
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#random = options.random ?? Math.random;
    this.#store = keeperOf(source, options.dataDirectory, options.name, options.looks ?? false);
    this.#holder = new MetadataHolder({
      store: this.#store,
      origin: originOf(source),
      clock,
      read,
      rules: {
        onNewCertificate: source.kind === 'url' ? source.onNewCertificate : 'trust',
        keys: options.keyRules,
        certificateRequired: options.certificateRequired ?? true,
        expectedEntityId: options.expectedEntityId ?? null,
      },
    });
  }

  /** What may be used now; null while there is nothing, or only a document past its validUntil. */
  current(): CurrentMetadata<M> | null {
    const { held, candidates } = this.#holder;
    if (held === null || isLapsed(held.metadata, this.#options.clock.now())) return null;
    return { ...held, stale: this.#isStale(), candidates, lastError: this.#lastError };
  }

  /** @throws GatewayError METADATA_UNAVAILABLE where `current` is null: the login is refused */
  require(): CurrentMetadata<M> {
    const current = this.current();
    if (current !== null) return current;
    const { name, state, lastError } = this.status();
    const reason = lastError === null ? '' : ` ${lastError.code}: ${lastError.detail}`;
    throw new GatewayError('METADATA_UNAVAILABLE', `The metadata of ${name} is ${state}.${reason}`);
  }

  status(): MetadataStatus {
    const { held, candidates } = this.#holder;
    const lapsed = held !== null && isLapsed(held.metadata, this.#options.clock.now());
    const inUse = this.#isStale() ? 'stale' : 'current';
    return {
      name: this.#options.name,
      state: held === null ? 'none' : lapsed ? 'lapsed' : inUse,
      entityId: held?.metadata.entityId ?? null,
      fetchedAt: held?.fetchedAt ?? null,
      validUntil: held?.metadata.validUntil ?? null,
      usable: held?.metadata.signingKeys.map(({ fingerprint }) => fingerprint) ?? [],
      candidates,
      lastError: this.#lastError ?? (lapsed ? this.#failure(lapsedError(held.metadata)) : null),
    };
  }

  /**
   * Takes what is on disk, then fetches in the background when that is due and goes on doing so. Resolves without
   * having waited for the network; never rejects, since a missing document is no reason not to start.
   */
  async start(): Promise<void> {
    await this.#store.tidy(this.#options.clock.now());
    await this.#exclusively(() => this.#holder.sync()).catch(() => undefined);
    // Text at hand costs nothing; it is in use at once.
    if (this.#options.source.kind !== 'url') await this.refresh();
    this.#announce();
    this.#schedule();
    this.#poll = setInterval(() => void this.#look(), this.#timing.pollEvery).unref();
  }

  /** Ends timers and a fetch under way, and waits for what is being written. */
  async stop(): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#timer);
    clearInterval(this.#poll);
    await this.#refreshing;
    await this.#queue;
  }

  /** Fetches now; a second call meanwhile joins the first. Never rejects: the status carries the error. */
  refresh(): Promise<MetadataStatus> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
      this.#schedule();
    });
    return this.#refreshing;
  }

  /**
   * An operator says that a candidate is genuine. It verifies as soon as the promise resolves, if its document is at
   * hand, else after the refresh that this starts.
   *
   * @param fingerprint SHA-256 of the certificate, hex, colons allowed
   * @throws GatewayError METADATA_CANDIDATE_UNKNOWN, METADATA_NOT_KEPT
   */
  async approve(fingerprint: string): Promise<CertificateCandidate> {
    const { dataDirectory, name, source } = this.#options;
    const approved = await approveCertificate({ dataDirectory, name, source, fingerprint });
    await this.#look();
    return approved;
  }

  async #refresh(): Promise<MetadataStatus> {
    try {
      await this.#exclusively(() => this.#holder.sync());
      const fetched = await this.#fetch();
      await this.#exclusively(() =>
        fetched.kind === 'document' ? this.#holder.consider(fetched) : this.#holder.confirm(),
      );
      this.#succeeded();
    } catch (error) {
      this.#failed(error);
    }
    this.#announce();
    return this.status();
  }

  async #fetch(): Promise<Fetched> {
    const { source, fetcher } = this.#options;
    if (source.kind !== 'url') {
      return { kind: 'document', bytes: Buffer.from(source.xml), validators: { etag: null, lastModified: null } };
    }
    // Without a document that may be used, "not modified" would be no help.
    const validators = this.current() === null ? null : this.#holder.validators;
    return fetcher({
      url: source.url,
      allowPrivateAddress: source.allowPrivateAddress,
      signal: this.#abort.signal,
      ...(validators === null ? {} : { validators }),
    });
  }

  /** Looks what other processes did: the disk, and an approval above all. Never rejects. */
  async #look(): Promise<void> {
    try {
      const approvedMore = await this.#exclusively(async () => {
        const more = await this.#holder.sync();
        if (more) await this.#holder.reconsider();
        return more;
      });
      if (approvedMore) {
        if (this.#lastError?.code === 'METADATA_NO_USABLE_CERTIFICATE') this.#succeeded();
        // The refused document may have come to another process, or to this one before it was started again.
        void this.refresh();
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#announce();
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#lastError = null;
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#lastError = this.#failure(asGatewayError(error));
  }

  #failure({ code, message }: GatewayError): MetadataFailure {
    return { code, detail: message, at: this.#options.clock.now() };
  }

  #interval(): number {
    const { source } = this.#options;
    const { held } = this.#holder;
    if (source.kind !== 'url') return Infinity;
    return refreshInterval(source.refresh, held?.metadata ?? null, this.#timing.shortestInterval, held?.fetchedAt ?? 0);
  }

  #isStale(): boolean {
    const { held } = this.#holder;
    if (held === null || this.#options.source.kind !== 'url') return false;
    return this.#options.clock.now() - held.fetchedAt > this.#interval() + GRACE;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#abort.signal.aborted || this.#options.source.kind !== 'url') return;
    const delay = delayUntilRefresh({
      interval: this.#interval(),
      fetchedAt: this.#holder.held?.fetchedAt ?? null,
      now: this.#options.clock.now(),
      failures: this.#failures,
      retryAfter: this.#timing.retryAfter,
      random: this.#random(),
    });
    this.#timer = setTimeout(() => void this.#due(), delay).unref();
  }

  /** Another process may have fetched meanwhile; then there is nothing to ask. */
  async #due(): Promise<void> {
    const before = this.#holder.held?.fetchedAt;
    await this.#look();
    const after = this.#holder.held?.fetchedAt;
    if (this.#failures === 0 && after !== undefined && after !== before) this.#schedule();
    else await this.refresh();
  }

  #announce(): void {
    const { state, entityId, validUntil, usable, candidates, lastError } = this.status();
    const waiting = candidates.map((candidate) => candidate.fingerprint);
    const now = JSON.stringify([state, entityId, validUntil, usable, waiting, lastError?.code, this.#holder.digest]);
    if (now === this.#announced) return;
    this.#announced = now;
    this.#options.onChange?.(this.status());
  }
}

function lapsedError(metadata: MetadataFacts): GatewayError {
  return new GatewayError('METADATA_EXPIRED', lapsedDetail(metadata));
}
