import { createHash, hash } from 'node:crypto';
import type { DigestName } from './signature-algorithms.js';

/**
 * A text in parts, in their order; no part ends within a character. Where it is long it is hashed and encoded part by
 * part: the engine gives a string above 128 KB memory of its own, which is dear to get and to give back.
 */
export type TextParts = readonly string[];

/** Characters from which on pieces make a part: of a usual document all of them make one. */
const LONG = 32 * 1024;

/** Puts pieces together: many at once is quicker than one after the other. */
export class PartsBuilder {
  #parts: string[] = [];
  #pieces: string[] = [];
  /** Characters of the pieces that are no part yet. */
  #waiting = 0;
  /** Characters of all pieces that there ever were. */
  length = 0;

  put(piece: string): void {
    this.length += piece.length;
    this.#waiting += piece.length;
    this.#pieces.push(piece);
    if (this.#waiting >= LONG) this.#join();
  }

  /** What there is since it was taken last. */
  take(): TextParts {
    if (this.#pieces.length > 0) this.#join();
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  #join(): void {
    // One that is long by itself is mostly a stretch of the document that was read, and is not copied.
    const last = this.#waiting >= LONG ? this.#pieces.pop() : undefined;
    if (this.#pieces.length > 0) this.#parts.push(this.#pieces.join(''));
    if (last !== undefined) this.#parts.push(last);
    this.#pieces = [];
    this.#waiting = 0;
  }
}

export function joined(parts: TextParts): string {
  return parts.length === 1 ? (parts[0] ?? '') : parts.join('');
}

function isLong(parts: TextParts): boolean {
  return parts.length > 1 && parts.reduce((sum, { length }) => sum + length, 0) >= LONG;
}

/** The text in UTF-8. */
export function octetsOf(parts: TextParts): Buffer {
  return isLong(parts)
    ? Buffer.concat(parts.map((part) => Buffer.from(part, 'utf8')))
    : Buffer.from(joined(parts), 'utf8');
}

/** The digest of the text in UTF-8. */
export function digestOfText(algorithm: DigestName, parts: TextParts): Buffer {
  if (!isLong(parts)) return hash(algorithm, joined(parts), 'buffer');
  const digest = createHash(algorithm);
  for (const part of parts) digest.update(part, 'utf8');
  return digest.digest();
}
