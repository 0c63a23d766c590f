import type { VerificationKey } from '../../xml/index.js';
import { GatewayError, type Clock } from '../../shared/index.js';
import {
  judgeDocument,
  sortCertificates,
  type CertificateRules,
  type Known,
  type MetadataFacts,
} from './certificate-policy.js';
import type { Validators } from './fetch.js';
import { digestOf, type CertificateCandidate, type Kept, type Keeper, type MetadataRecord } from './last-good.js';

interface HolderOptions<M extends MetadataFacts> {
  readonly store: Keeper;
  /** Names the place that the documents come from. */
  readonly origin: string;
  readonly rules: CertificateRules;
  readonly clock: Clock;
  readonly read: (xml: Uint8Array) => Promise<M>;
}

/** A document in use; `metadata.signingKeys` are only those that may verify. */
interface Held<M extends MetadataFacts> {
  readonly metadata: M;
  readonly fetchedAt: number;
}

interface Incoming {
  readonly bytes: Uint8Array;
  readonly validators: Validators;
}

/**
 * The metadata in use, in memory and on disk. Not to be entered twice at the same time: its caller queues the calls.
 */
export class MetadataHolder<M extends MetadataFacts> {
  readonly #options: HolderOptions<M>;
  #record: MetadataRecord | null = null;
  #document: M | null = null;
  /** Digest of the document that lies on disk beside its own record. */
  #onDisk: string | null = null;
  /** A record was there and could not be read. */
  #corrupt = false;
  #approved: ReadonlySet<string> = new Set();
  #stamp: string | null = null;
  /** Refused for want of an approval. */
  #pending: Incoming | null = null;

  constructor(options: HolderOptions<M>) {
    this.#options = options;
  }

  get held(): Held<M> | null {
    const [record, document] = [this.#record, this.#document];
    if (record === null || document === null) return null;
    const { usable } = sortCertificates(document.signingKeys, this.#known(), this.#options.rules.onNewCertificate);
    return { metadata: { ...document, signingKeys: usable }, fetchedAt: record.fetchedAt ?? 0 };
  }

  /** SHA-256 of the document in use. */
  get digest(): string | null {
    return this.#document === null ? null : (this.#record?.digest ?? null);
  }

  get candidates(): readonly CertificateCandidate[] {
    if (this.#options.rules.onNewCertificate === 'trust') return [];
    return (this.#record?.candidates ?? []).filter(({ fingerprint }) => !this.#approved.has(fingerprint));
  }

  /** To ask whether the document that we hold is still the current one. */
  get validators(): Validators | null {
    const record = this.#record;
    if (record === null || this.#document === null || record.digest !== this.#onDisk) return null;
    return { etag: record.etag, lastModified: record.lastModified };
  }

  /**
   * Takes over what this or another process wrote to disk since the last call.
   *
   * @returns whether an operator approved something meanwhile
   */
  async sync(): Promise<boolean> {
    const { store } = this.#options;
    const stamp = await store.stamp();
    if (stamp === this.#stamp) return false;
    const [kept, approved] = await Promise.all([store.load(), store.approved()]);
    const approvedMore = this.#stamp !== null && [...approved].some((fingerprint) => !this.#approved.has(fingerprint));
    this.#stamp = stamp;
    this.#approved = approved;
    await this.#takeOver(kept);
    return approvedMore;
  }

  /**
   * Takes a document that came in, or says why not; then the last good one stays.
   *
   * @throws GatewayError METADATA_ENTITY_CHANGED, METADATA_EXPIRED, METADATA_NO_USABLE_CERTIFICATE, those of `read`;
   *   METADATA_NOT_KEPT, and then the document is in use all the same
   */
  async consider(incoming: Incoming): Promise<void> {
    await this.sync();
    const document = await this.#options.read(incoming.bytes);
    const { usable, candidates, refusal } = judgeDocument(
      document,
      this.#known(),
      this.#options.rules,
      this.#options.clock.now(),
    );
    if (refusal === null) {
      await this.#adopt(document, incoming, usable, candidates);
      return;
    }
    this.#pending = candidates.length > 0 ? incoming : null;
    if (candidates.length > 0) await this.#save({ ...this.#recordOrNew(), candidates: this.#describe(candidates) });
    throw refusal;
  }

  /** After an approval: what was refused for want of it gets another chance. */
  async reconsider(): Promise<void> {
    if (this.#pending !== null) await this.consider(this.#pending);
  }

  /** The server says that the document is still the current one. */
  async confirm(): Promise<void> {
    await this.sync();
    if (this.#record === null) return;
    this.#pending = null;
    await this.#save({ ...this.#record, fetchedAt: this.#options.clock.now(), candidates: [...this.#ownCandidates()] });
  }

  async #takeOver(kept: Kept): Promise<void> {
    // What is in memory goes on when the disk has nothing better; the next document that comes mends the disk.
    if (kept.kind === 'nothing') return;
    if (kept.kind === 'corrupt') {
      this.#corrupt = true;
      this.#onDisk = null;
      return;
    }
    const { record, document, matches } = kept;
    if (!this.#isOurs(record)) return;
    this.#onDisk = matches ? record.digest : null;
    if (matches && this.#record?.digest === record.digest && this.#document !== null) {
      this.#record = record;
      return;
    }
    // Another process took a newer document than the one that was refused here.
    this.#pending = null;
    const parsed = document === null ? null : await this.#readKept(document);
    const memoryIsAsGood = parsed === null && this.#record?.digest === record.digest;
    this.#record = record;
    if (memoryIsAsGood) return;
    this.#document = parsed !== null && (matches || this.#isAcceptable(parsed)) ? parsed : null;
  }

  /** A document that is newer than its record was taken under that record, so it is judged by it again. */
  #isAcceptable(document: M): boolean {
    const { rules, clock } = this.#options;
    return judgeDocument(document, this.#known(), rules, clock.now()).refusal === null;
  }

  // Another origin, or an entity that the operator has named since, is a new beginning.
  #isOurs(record: MetadataRecord): boolean {
    const { origin, rules } = this.#options;
    if (record.source !== origin) return false;
    return rules.expectedEntityId === null || record.entityId === null || record.entityId === rules.expectedEntityId;
  }

  async #readKept(document: Uint8Array): Promise<M | null> {
    try {
      return await this.#options.read(document);
    } catch {
      return null;
    }
  }

  #known(): Known {
    const record = this.#record;
    if (record !== null) {
      return { entityId: record.entityId, accepted: new Set(record.accepted), approved: this.#approved };
    }
    // What was accepted before is lost: under `hold` an operator has to say it again, nothing is taken on faith.
    return { entityId: null, accepted: this.#corrupt ? new Set() : null, approved: this.#approved };
  }

  async #adopt(
    document: M,
    { bytes, validators }: Incoming,
    usable: readonly VerificationKey[],
    candidates: readonly VerificationKey[],
  ): Promise<void> {
    const digest = digestOf(bytes);
    const described = this.#describe(candidates);
    this.#document = document;
    this.#pending = null;
    await this.#save(
      {
        ...this.#recordOrNew(),
        ...validators,
        entityId: document.entityId,
        digest,
        fetchedAt: this.#options.clock.now(),
        accepted: usable.map(({ fingerprint }) => fingerprint),
        candidates: described,
      },
      digest === this.#onDisk ? undefined : bytes,
    );
  }

  async #save(record: MetadataRecord, document?: Uint8Array): Promise<void> {
    this.#record = record;
    await this.#options.store.save(record, document);
    if (document !== undefined) this.#onDisk = record.digest;
    this.#corrupt = false;
  }

  #recordOrNew(): MetadataRecord {
    return (
      this.#record ?? {
        version: 1,
        source: this.#options.origin,
        entityId: null,
        digest: null,
        etag: null,
        lastModified: null,
        fetchedAt: null,
        accepted: [],
        candidates: [],
      }
    );
  }

  /** Those of the document in use; a refused document's are gone once the server stands by the one in use. */
  #ownCandidates(): readonly CertificateCandidate[] {
    const document = this.#document;
    if (document === null) return [];
    const { candidates } = sortCertificates(document.signingKeys, this.#known(), this.#options.rules.onNewCertificate);
    return this.#describe(candidates);
  }

  #describe(keys: readonly VerificationKey[]): CertificateCandidate[] {
    const seenBefore = new Map(this.#record?.candidates.map((candidate) => [candidate.fingerprint, candidate]));
    return keys.map(({ fingerprint, subject, notBefore, notAfter }) => ({
      fingerprint,
      subject: subject ?? null,
      notBefore: notBefore ?? null,
      notAfter: notAfter ?? null,
      firstSeen: seenBefore.get(fingerprint)?.firstSeen ?? this.#options.clock.now(),
    }));
  }
}

/** Whatever `read` or a fault of ours throws, as an error with a code. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError('METADATA_INVALID', 'The metadata document could not be read.', { cause: error });
}
