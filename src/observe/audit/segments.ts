import { constants, createReadStream } from 'node:fs';
import { mkdir, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseSegmentFile, segmentFile, sha256, type Predecessor, type SegmentName } from './chain.js';

/** Longer than any line can be, so that the last whole line is always inside. Bytes. */
const TAIL = 1024 * 1024;

/** What of an open file is used. */
export interface SegmentHandle {
  write(bytes: Uint8Array, offset: number, length?: number): Promise<{ readonly bytesWritten: number }>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a new file for appending; must refuse one that exists with EEXIST. */
export type OpenSegment = (file: string) => Promise<SegmentHandle>;

export const openNewFile: OpenSegment = (file) =>
  open(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL, 0o600);

/** All segments of all instances that belong to the configured file, sorted by instance and number. */
export async function auditSegmentFiles(file: string): Promise<string[]> {
  const { dir, name } = path.parse(path.resolve(file));
  const found = (await readdir(dir)).flatMap((entry) => {
    const parsed = parseSegmentFile(entry);
    return parsed?.base === name ? [parsed] : [];
  });
  found.sort((a, b) => (a.instance === b.instance ? a.segment - b.segment : a.instance < b.instance ? -1 : 1));
  return found.map((segment) => path.join(dir, segment.file));
}

/**
 * What of the instance's chain lies on the disk: the newest number, and the newest segment that has a whole line.
 * Makes the directory where there is none.
 */
export async function lookForSegments(
  name: SegmentName,
): Promise<{ readonly newest: number; readonly predecessor: Predecessor | null }> {
  await mkdir(name.directory, { recursive: true, mode: 0o700 });
  const numbers = (await readdir(name.directory)).flatMap((entry) => {
    const parsed = parseSegmentFile(entry);
    return parsed?.base === name.base && parsed.instance === name.instance ? [parsed.segment] : [];
  });
  numbers.sort((a, b) => b - a);
  for (const number of numbers) {
    const file = segmentFile(name, number);
    const tail = await readTail(path.join(name.directory, file));
    if (tail !== null) return { newest: numbers[0] ?? 0, predecessor: { file, ...tail } };
  }
  return { newest: numbers[0] ?? 0, predecessor: null };
}

/** Opens the next free number. Two processes that were given one instance name by mistake get two numbers. */
export async function openNext(
  name: SegmentName,
  after: number,
  openSegment: OpenSegment,
): Promise<{ handle: SegmentHandle; segment: number }> {
  for (let segment = after + 1; ; segment += 1) {
    try {
      return { handle: await openSegment(path.join(name.directory, segmentFile(name, segment))), segment };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

async function readTail(file: string): Promise<Omit<Predecessor, 'file'> | null> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, TAIL);
    const tail = Buffer.alloc(length);
    await handle.read(tail, 0, length, size - length);
    const end = tail.lastIndexOf(0x0a);
    if (end === -1) return null;
    const fragment = tail.subarray(end + 1);
    const torn = fragment.length === 0 ? null : { bytes: fragment.length, sha256: sha256(fragment) };
    const begin = end === 0 ? 0 : tail.lastIndexOf(0x0a, end - 1) + 1;
    const last = tail.subarray(begin, end);
    return { digest: sha256(last), torn, ended: torn === null && last.includes('"event":"segment-end"') };
  } finally {
    await handle.close();
  }
}

/** The lines of a file as bytes without their line feed; `whole` is false for what stands after the last line feed. */
export async function* readLines(file: string): AsyncGenerator<{ bytes: Buffer; whole: boolean }> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = data.indexOf(0x0a); end !== -1; end = data.indexOf(0x0a)) {
      yield { bytes: data.subarray(0, end), whole: true };
      data = data.subarray(end + 1);
    }
    rest = data;
  }
  if (rest.length > 0) yield { bytes: rest, whole: false };
}
