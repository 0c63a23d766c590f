import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../shared/index.js';
import {
  chainLine,
  NO_DIGEST,
  segmentFile,
  sha256,
  timed,
  type Predecessor,
  type SegmentEnd,
  type SegmentName,
  type SegmentReason,
  type SegmentStart,
  type TimedRecord,
} from './chain.js';
import { lookForSegments, openNext, type OpenSegment, type SegmentHandle } from './segments.js';

export interface ChainWriterOptions {
  readonly name: SegmentName;
  readonly clock: Clock;
  /** A segment that has reached this size is ended before the next write. Bytes. */
  readonly maxBytes: number;
  readonly openSegment: OpenSegment;
}

/** The file took only the first `written` records whole. */
export class PartialWrite extends Error {
  override readonly name = 'PartialWrite';
  readonly written: number;

  constructor(written: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : 'the write failed', { cause });
    this.written = written;
  }
}

interface Segment {
  readonly handle: SegmentHandle;
  readonly file: string;
  size: number;
}

/**
 * Writes chained lines to segment after segment. One caller at a time. A segment whose write failed is left as it
 * is and never written again; the next one says how it was found.
 */
export class ChainWriter {
  readonly #options: ChainWriterOptions;
  #segment: Segment | null = null;
  #predecessor: Predecessor | null = null;
  #head = NO_DIGEST;
  #unsynchronised = false;

  constructor(options: ChainWriterOptions) {
    this.#options = options;
  }

  /** Digest of the last line. */
  get head(): string {
    return this.#head;
  }

  /** The file that is written now; null while there is none. */
  get file(): string | null {
    return this.#segment === null ? null : path.join(this.#options.name.directory, this.#segment.file);
  }

  /** @throws what the file system throws */
  async begin(): Promise<void> {
    if (this.#segment === null) await this.#beginSegment();
  }

  /** @throws PartialWrite, or what the file system throws when no segment could be begun */
  async write(records: readonly TimedRecord[]): Promise<void> {
    if (this.#segment !== null && this.#segment.size >= this.#options.maxBytes) await this.end('rotation');
    const segment = this.#segment ?? (await this.#beginSegment());
    await this.#put(segment, records);
  }

  /** fdatasync of what was written since the last time. */
  async synchronise(): Promise<void> {
    if (this.#segment === null || !this.#unsynchronised) return;
    this.#unsynchronised = false;
    try {
      await this.#segment.handle.datasync();
    } catch (error) {
      this.#unsynchronised = true;
      throw error;
    }
  }

  /** Writes the end line where a segment is open, and closes it. */
  async end(reason: SegmentEnd['reason']): Promise<void> {
    const segment = this.#segment;
    if (segment === null) return;
    await this.#putOwn(segment, { event: 'segment-end', reason });
    await this.synchronise();
    await this.#leave(segment, null, true);
  }

  async #beginSegment(): Promise<Segment> {
    const { name, openSegment } = this.#options;
    const disk = await lookForSegments(name);
    this.#predecessor ??= disk.predecessor;
    const { handle, segment: number } = await openNext(name, disk.newest, openSegment);
    const segment: Segment = { handle, file: segmentFile(name, number), size: 0 };
    const predecessor = this.#predecessor;
    this.#segment = segment;
    this.#head = predecessor?.digest ?? NO_DIGEST;
    await this.#putOwn(segment, {
      event: 'segment-start',
      instance: name.instance,
      segment: number,
      pid: process.pid,
      reason: reasonFor(predecessor),
      follows: predecessor?.file ?? null,
      torn: predecessor?.torn ?? null,
    });
    return segment;
  }

  /** A line of the chain's own: its failure says nothing about the caller's records. */
  async #putOwn(segment: Segment, record: SegmentStart | SegmentEnd): Promise<void> {
    try {
      await this.#put(segment, [timed(record, this.#options.clock.now())]);
    } catch (error) {
      throw error instanceof PartialWrite ? error.cause : error;
    }
  }

  async #put(segment: Segment, records: readonly TimedRecord[]): Promise<void> {
    let digest = this.#head;
    const lines = records.map((record) => {
      const chained = chainLine(record, digest);
      ({ digest } = chained);
      return { bytes: Buffer.from(chained.line), digest };
    });
    const all = Buffer.concat(lines.map(({ bytes }) => bytes));
    let written = 0;
    try {
      this.#unsynchronised = true;
      while (written < all.length) written += (await segment.handle.write(all, written)).bytesWritten;
      segment.size += written;
      this.#head = digest;
    } catch (error) {
      throw new PartialWrite(await this.#abandon(segment, lines, all.subarray(0, written)), error);
    }
  }

  /** Keeps what is whole, notes what is torn, closes the file. @returns how many lines are whole */
  async #abandon(
    segment: Segment,
    lines: readonly { readonly bytes: Buffer; readonly digest: string }[],
    written: Buffer,
  ): Promise<number> {
    let end = 0;
    let whole = 0;
    for (const { bytes, digest } of lines) {
      if (end + bytes.length > written.length) break;
      end += bytes.length;
      whole += 1;
      this.#head = digest;
    }
    const fragment = written.subarray(end);
    const torn = fragment.length === 0 ? null : { bytes: fragment.length, sha256: sha256(fragment) };
    segment.size += end;
    await this.#leave(segment, torn, false).catch(() => undefined);
    return whole;
  }

  async #leave(segment: Segment, torn: Predecessor['torn'], ended: boolean): Promise<void> {
    this.#segment = null;
    if (segment.size === 0) {
      // Not even its first line is there. Left lying, a full disk would gather one such file per try.
      await rm(path.join(this.#options.name.directory, segment.file), { force: true });
    } else {
      this.#predecessor = { file: segment.file, digest: this.#head, torn, ended };
    }
    await segment.handle.close();
  }
}

function reasonFor(predecessor: Predecessor | null): SegmentReason {
  if (predecessor === null) return 'first';
  return predecessor.ended ? 'continued' : 'mended';
}
