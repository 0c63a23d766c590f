import { createHash } from 'node:crypto';
import path from 'node:path';
import { maskSecretText } from '../mask.js';

/** What the first line of all carries in place of a digest. */
export const NO_DIGEST = '0'.repeat(64);

const MAX_TEXT = 1000;

/**
 * How a segment (one file) begins: the chain's first; after one that was ended; after one that was not, since its
 * process was killed or its disk failed.
 */
export type SegmentReason = 'first' | 'continued' | 'mended';

/** A last line that was not written to its end, left as it is and vouched for by the next segment. */
export interface TornLine {
  readonly bytes: number;
  readonly sha256: string;
}

/** What the next segment must know of the one before. */
export interface Predecessor {
  /** File name without directory. */
  readonly file: string;
  /** Digest of its last whole line. */
  readonly digest: string;
  readonly torn: TornLine | null;
  /** Whether its last line is an end line. */
  readonly ended: boolean;
}

/** The first line of a segment. */
export interface SegmentStart {
  readonly event: 'segment-start';
  readonly instance: string;
  readonly segment: number;
  readonly pid: number;
  readonly reason: SegmentReason;
  readonly follows: string | null;
  readonly torn: TornLine | null;
}

export interface SegmentEnd {
  readonly event: 'segment-end';
  readonly reason: 'rotation' | 'shutdown';
}

/** Events that found no room in memory while the file could not be written. */
export interface LostEvents {
  readonly event: 'lost';
  readonly count: number;
}

/** What becomes a line. */
export interface TimedRecord {
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly event: string;
}

export function timed<Fields extends { readonly event: string }>(fields: Fields, now: number): Fields & TimedRecord {
  return { ...fields, time: new Date(now).toISOString() };
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** One line with its line feed, and the digest that the next line carries (of the line without its line feed). */
export function chainLine(record: TimedRecord, previous: string): { line: string; digest: string } {
  const { time, ...fields } = record;
  const text = JSON.stringify({ time, prev: previous, ...fields }, boundText);
  return { line: `${text}\n`, digest: sha256(text) };
}

function boundText(_name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const masked = maskSecretText(value);
  return masked.length > MAX_TEXT ? `${masked.slice(0, MAX_TEXT)}…` : masked;
}

/** Where the segments of one instance are: `audit.jsonl` becomes `audit.<instance>.<number>.jsonl` beside it. */
export interface SegmentName {
  readonly directory: string;
  readonly base: string;
  readonly instance: string;
}

const INSTANCE = /^[A-Za-z0-9_-]{1,64}$/;

/** @throws Error when the instance's name would not make a file name */
export function segmentName(file: string, instance: string): SegmentName {
  if (!INSTANCE.test(instance)) throw new Error(`"${instance}" cannot be the name of an audit instance`);
  const { dir, name } = path.parse(path.resolve(file));
  return { directory: dir, base: name, instance };
}

export function segmentFile({ base, instance }: SegmentName, segment: number): string {
  return `${base}.${instance}.${segment.toString().padStart(6, '0')}.jsonl`;
}

export interface SegmentFile {
  readonly file: string;
  readonly instance: string;
  readonly segment: number;
}

const SEGMENT_FILE = /^(.+)\.([A-Za-z0-9_-]{1,64})\.(\d{6,})\.jsonl$/;

/** Reads the parts of a segment's file name; null for any other file. */
export function parseSegmentFile(file: string): (SegmentFile & { readonly base: string }) | null {
  const [, base, instance, segment] = SEGMENT_FILE.exec(path.basename(file)) ?? [];
  if (base === undefined || instance === undefined || segment === undefined) return null;
  return { file: path.basename(file), base, instance, segment: Number(segment) };
}
