import path from 'node:path';
import { NO_DIGEST, parseSegmentFile, sha256, type SegmentFile, type TornLine } from './chain.js';
import { readLines } from './segments.js';

export interface AuditFault {
  readonly file: string;
  /** Counted from 1; 0 where it is about the file as a whole. */
  readonly line: number;
  readonly problem: string;
}

export interface AuditVerification {
  /** Whether no cut and no edit was found. */
  readonly ok: boolean;
  readonly files: number;
  readonly lines: number;
  readonly faults: readonly AuditFault[];
  /** What a person should know and is no fault: a process that was killed, older segments that were not given. */
  readonly notes: readonly AuditFault[];
  /** Digest of the last line of each chain, to be compared with one noted earlier. */
  readonly heads: readonly { readonly instance: string; readonly file: string; readonly digest: string }[];
}

interface Link {
  readonly follows: string | null;
  readonly digest: string;
  readonly torn: TornLine | null;
}

interface ReadSegment extends SegmentFile {
  readonly path: string;
  readonly lines: number;
  readonly digest: string;
  /** Digest → line number, to find where a successor links to. */
  readonly digests: ReadonlyMap<string, number>;
  readonly torn: TornLine | null;
  readonly ended: boolean;
  readonly link: Link | null;
}

/**
 * Reads the segments and follows the chain inside and between them. The chain has no key, so who may write the files
 * can cut its end off, or edit a line and compute all digests behind it anew: only digests that were noted elsewhere
 * show that.
 * @param noted digests of lines that must be there
 * @throws what the file system throws when a file cannot be read, and Error for a name that is not a segment's
 */
export async function verifyAudit(files: readonly string[], noted: readonly string[] = []): Promise<AuditVerification> {
  const faults: AuditFault[] = [];
  const notes: AuditFault[] = [];
  const chains = new Map<string, ReadSegment[]>();
  for (const file of files) {
    const segment = await readSegment(file, faults);
    const { dir, base } = path.parse(segment.path);
    const chain = path.join(dir, base.slice(0, -`.${segment.segment.toString().padStart(6, '0')}.jsonl`.length));
    chains.set(chain, [...(chains.get(chain) ?? []), segment]);
  }
  const heads: { instance: string; file: string; digest: string }[] = [];
  for (const chain of chains.values()) {
    chain.sort((a, b) => a.segment - b.segment);
    checkChain(chain, faults, notes);
    const last = chain.findLast(({ lines }) => lines > 0);
    if (last !== undefined) heads.push({ instance: last.instance, file: last.path, digest: last.digest });
  }
  const segments = [...chains.values()].flat();
  for (const digest of noted) {
    if (segments.some(({ digests }) => digests.has(digest))) continue;
    faults.push({ file: `digest ${digest}`, line: 0, problem: 'no line has it: that line was edited, or cut off' });
  }
  const lines = segments.reduce((sum, segment) => sum + segment.lines, 0);
  return { ok: faults.length === 0, files: files.length, lines, faults, notes, heads };
}

async function readSegment(file: string, faults: AuditFault[]): Promise<ReadSegment> {
  const name = parseSegmentFile(file);
  if (name === null) throw new Error(`${file} is not named as an audit segment is (name.instance.000001.jsonl)`);
  const digests = new Map<string, number>();
  let lines = 0;
  let digest = NO_DIGEST;
  let torn: TornLine | null = null;
  let link: Link | null = null;
  let lastEvent: unknown;
  for await (const { bytes, whole } of readLines(file)) {
    if (!whole) {
      torn = { bytes: bytes.length, sha256: sha256(bytes) };
      break;
    }
    lines += 1;
    const record = parseRecord(bytes);
    if (lastEvent === 'segment-end') faults.push({ file, line: lines, problem: 'stands after the end line' });
    if (record === null) faults.push({ file, line: lines, problem: 'is not a JSON object' });
    else if (lines === 1) link = readLink(record, name, file, faults);
    else if (record['prev'] !== digest) faults.push({ file, line: lines, problem: BROKEN });
    lastEvent = record?.['event'];
    digest = sha256(bytes);
    digests.set(digest, lines);
  }
  const ended = torn === null && lastEvent === 'segment-end';
  return { ...name, path: file, lines, digest, digests, torn, ended, link };
}

const BROKEN = 'does not carry the digest of the line before it: that line was edited, or lines between them were cut';

function readLink(record: Record<string, unknown>, name: SegmentFile, file: string, faults: AuditFault[]): Link | null {
  const { event, prev, follows, torn, instance, segment } = record;
  const named = instance === name.instance && segment === name.segment;
  if (event !== 'segment-start' || !named || typeof prev !== 'string') {
    faults.push({
      file,
      line: 1,
      problem: 'is not the first line of this segment: lines were cut at the beginning, or the file was renamed',
    });
    return null;
  }
  return { follows: typeof follows === 'string' ? follows : null, digest: prev, torn: readTorn(torn) };
}

function readTorn(value: unknown): TornLine | null {
  if (typeof value !== 'object' || value === null || !('bytes' in value) || !('sha256' in value)) return null;
  const { bytes, sha256: digest } = value;
  return typeof bytes === 'number' && typeof digest === 'string' ? { bytes, sha256: digest } : null;
}

function checkChain(chain: readonly ReadSegment[], faults: AuditFault[], notes: AuditFault[]): void {
  const byFile = new Map(chain.map((segment) => [segment.file, segment]));
  const vouchedFor = new Set<ReadSegment>();
  for (const [index, segment] of chain.entries()) {
    const before = chain[index - 1];
    if (before !== undefined && segment.segment > before.segment + 1) {
      faults.push({
        file: segment.path,
        line: 0,
        problem: `segments ${before.segment + 1} to ${segment.segment - 1} are missing before it`,
      });
    }
    if (segment.link !== null)
      checkLink(segment, segment.link, byFile, before === undefined, vouchedFor, faults, notes);
  }
  const last = chain.findLast(({ lines }) => lines > 0);
  for (const segment of chain) noteEnd(segment, segment === last, vouchedFor.has(segment), faults, notes);
}

function checkLink(
  segment: ReadSegment,
  link: Link,
  byFile: ReadonlyMap<string, ReadSegment>,
  first: boolean,
  vouchedFor: Set<ReadSegment>,
  faults: AuditFault[],
  notes: AuditFault[],
): void {
  const file = segment.path;
  if (link.follows === null) {
    if (link.digest !== NO_DIGEST || !first)
      faults.push({ file, line: 1, problem: 'begins a new chain although there is one' });
    return;
  }
  const before = byFile.get(link.follows);
  if (before === undefined) {
    if (first) notes.push({ file, line: 1, problem: `follows ${link.follows}, which was not given` });
    else faults.push({ file, line: 1, problem: `follows ${link.follows}, which is missing` });
    return;
  }
  const at = before.digests.get(link.digest);
  if (at === undefined) {
    faults.push({
      file: before.path,
      line: before.lines,
      problem: `is not the last line that ${segment.file} saw: it was edited, or lines after it were cut`,
    });
  } else if (at < before.lines) {
    notes.push({
      file: before.path,
      line: at,
      problem: `goes on after ${segment.file} began: two processes had one instance name`,
    });
  } else if (before.torn?.sha256 === link.torn?.sha256) {
    vouchedFor.add(before);
    if (!before.ended)
      notes.push({
        file: before.path,
        line: at,
        problem: `has no end line, as ${segment.file} says: ${tornWords(before.torn)}`,
      });
  } else {
    faults.push({ file: before.path, line: at + 1, problem: `the torn line is not the one that ${segment.file} saw` });
  }
}

function noteEnd(
  segment: ReadSegment,
  last: boolean,
  vouched: boolean,
  faults: AuditFault[],
  notes: AuditFault[],
): void {
  const { path: file, lines, torn, ended } = segment;
  if (vouched || (ended && last)) return;
  if (lines === 0) {
    notes.push({ file, line: 0, problem: 'holds no whole line: its process was killed at once' });
  } else if (last) {
    notes.push({ file, line: lines, problem: `has no end line yet: its process runs, or ${tornWords(torn)}` });
  } else if (torn !== null) {
    faults.push({ file, line: lines + 1, problem: 'a torn line that no later segment speaks of' });
  }
}

function tornWords(torn: TornLine | null): string {
  const how = 'its process was killed or its disk failed';
  return torn === null ? how : `${how} while ${torn.bytes} bytes of a line were written`;
}

function parseRecord(bytes: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
