import type { Clock } from '../../shared/index.js';
import type { HealthCheck } from '../health.js';
import { maskSecretText } from '../mask.js';
import type { Metrics } from '../metrics.js';
import { withinTime } from '../time-limit.js';
import { segmentName, timed, type LostEvents, type TimedRecord } from './chain.js';
import type { AuditEvent } from './event.js';
import { openNewFile, type OpenSegment } from './segments.js';
import { ChainWriter, PartialWrite } from './writer.js';

export interface AuditOptions {
  /** As configured, such as `data/audit.jsonl`; the segments lie beside it as `audit.<instance>.<number>.jsonl`. */
  readonly file: string;
  /** Name of this process's own chain, the same after a restart: `serve`, `serve-1`, `worker`. */
  readonly instance: string;
  readonly clock: Clock;
  /** A segment that has reached this size is ended. Bytes; default 64 MiB. */
  readonly maxBytes?: number;
  /** Events kept in memory while the file cannot be written; default 10 000. */
  readonly maxWaiting?: number;
  /** How long `append` waits for the line to be written, ms. Default 250. */
  readonly maxWait?: number;
  /** How long after a failed write the next try is made, ms. Default 1000. */
  readonly retryAfter?: number;
  /** How long a written line may be without fdatasync, ms. Default 1000. */
  readonly syncEvery?: number;
  readonly metrics?: Pick<Metrics, 'auditEvents' | 'auditWaiting'>;
  readonly openSegment?: OpenSegment;
}

export interface AuditFailure {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly reason: string;
}

interface Waiting {
  readonly record: TimedRecord;
  readonly settle: (written: boolean) => void;
}

/** Lines written at once: bounds what a failed write leaves torn and how far a segment outgrows its size. */
const BATCH = 256;

/**
 * The audit log of one process: JSON lines, each with the SHA-256 of the line before.
 *
 * A line is handed to the kernel before `append` resolves: it survives kill -9 of this process. fdatasync follows
 * within `syncEvery`: a power cut loses at most that much. A disk that is full or hangs does not stop logins, or
 * filling it would be a way to stop them: the events wait in memory, the health check fails with a remedy, and events
 * beyond the bound are counted, and the count is written when the disk is back.
 */
export class AuditLog {
  readonly #options: AuditOptions;
  readonly #writer: ChainWriter;
  readonly #queue: Waiting[] = [];
  #draining: Promise<void> | null = null;
  #failure: AuditFailure | null = null;
  #lost = 0;
  #lostUnwritten = 0;
  #retry: NodeJS.Timeout | undefined;
  #sync: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: AuditOptions) {
    this.#options = options;
    const { file, instance, clock, maxBytes = 64 * 1024 * 1024, openSegment = openNewFile } = options;
    this.#writer = new ChainWriter({ name: segmentName(file, instance), clock, maxBytes, openSegment });
  }

  /** Begins a segment. A disk that refuses is not an error here but a failing health check. */
  static async open(options: AuditOptions): Promise<AuditLog> {
    const log = new AuditLog(options);
    await log.#drain();
    return log;
  }

  /**
   * Puts the event behind those before it. Never rejects.
   * @returns whether the line is in the file; false after `maxWait`, or at once while writing fails
   */
  append(event: AuditEvent): Promise<boolean> {
    if (this.#closed || this.#queue.length >= (this.#options.maxWaiting ?? 10_000)) {
      this.#lose();
      return Promise.resolve(false);
    }
    const record = timed(event, this.#options.clock.now());
    const written = new Promise<boolean>((settle) => {
      this.#queue.push({ record, settle });
    });
    this.#options.metrics?.auditWaiting(this.#queue.length);
    if (this.#failure !== null) return Promise.resolve(false);
    void this.#drain();
    return withinTime(written, this.#options.maxWait ?? 250).catch(() => false);
  }

  /** Waits until all that was appended so far is on the disk, or could not be brought there. */
  async flush(): Promise<void> {
    await this.#drainRest();
    await this.#synchronise();
  }

  /**
   * Tries once more where writing failed, writes the end line and closes.
   * @returns how many events could not be written
   */
  async close(): Promise<number> {
    this.#closed = true;
    await this.#drainRest();
    clearTimeout(this.#retry);
    clearTimeout(this.#sync);
    await this.#writer.end('shutdown').catch((error: unknown) => {
      this.#fail(error);
    });
    for (const { settle } of this.#queue) settle(false);
    return this.#queue.length + this.#lostUnwritten;
  }

  /** Null while writing works. */
  get failure(): AuditFailure | null {
    return this.#failure;
  }

  /** Not a readiness check: logins go on. */
  check(): HealthCheck {
    return { name: 'audit-log', readiness: false, run: () => this.#report() };
  }

  #report(): ReturnType<HealthCheck['run']> {
    const { file, head } = this.#writer;
    const waiting = this.#queue.length;
    // The head, noted elsewhere (a scrape of /healthz does), proves a later cut of the newest segment's end.
    const data = { file, head, waiting, lost: this.#lost };
    if (this.#failure === null) return { state: 'pass', detail: 'The audit log is written.', data };
    return {
      state: 'fail',
      detail: `The audit log cannot be written (${this.#failure.reason}); ${waiting} events wait in memory, ${this.#lost} are lost. Logins go on.`,
      remedy: `Make room on the disk that holds ${this.#options.file}, or bring it back. Writing resumes by itself.`,
      data,
    };
  }

  #lose(): void {
    this.#lost += 1;
    this.#lostUnwritten += 1;
    this.#options.metrics?.auditEvents('lost', 1);
  }

  #drain(): Promise<void> {
    this.#draining ??= this.#drainAll().finally(() => {
      this.#draining = null;
      this.#options.metrics?.auditWaiting(this.#queue.length);
      // What came after the last look, and before this.
      if (this.#failure === null && this.#queue.length > 0) void this.#drain();
    });
    return this.#draining;
  }

  /** What is under way may have looked for the last time before the latest events came. */
  async #drainRest(): Promise<void> {
    await this.#draining;
    await this.#drain();
  }

  async #drainAll(): Promise<void> {
    try {
      await this.#writer.begin();
      while (this.#queue.length > 0 || this.#lostUnwritten > 0) await this.#writeBatch();
      // After a failed fdatasync the next write tells nothing about the lines before it.
      if (this.#failure !== null) await this.#writer.synchronise();
      this.#failure = null;
      this.#sync ??= setTimeout(() => void this.#synchronise(), this.#options.syncEvery ?? 1000).unref();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#queue.slice(0, BATCH);
    const lost = this.#lostUnwritten;
    // Behind the events that waited: the lost ones came after them.
    const last = lost > 0 && batch.length === this.#queue.length;
    const records = batch.map(({ record }) => record);
    if (last) records.push(timed<LostEvents>({ event: 'lost', count: lost }, this.#options.clock.now()));
    let written = records.length;
    try {
      await this.#writer.write(records);
    } catch (error) {
      written = error instanceof PartialWrite ? error.written : 0;
      throw error;
    } finally {
      const done = this.#queue.splice(0, Math.min(written, batch.length));
      for (const { settle } of done) settle(true);
      if (last && written === records.length) this.#lostUnwritten -= lost;
      if (done.length > 0) this.#options.metrics?.auditEvents('written', done.length);
    }
  }

  async #synchronise(): Promise<void> {
    clearTimeout(this.#sync);
    this.#sync = undefined;
    await this.#writer.synchronise().catch((error: unknown) => {
      this.#fail(error);
    });
  }

  #fail(error: unknown): void {
    const reason = maskSecretText(error instanceof Error ? error.message : 'unknown error');
    this.#failure = { since: this.#failure?.since ?? this.#options.clock.now(), reason };
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#drain(), this.#options.retryAfter ?? 1000).unref();
  }
}
