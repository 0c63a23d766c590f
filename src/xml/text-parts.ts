import { createHash, hash } from 'node:crypto';
import type { DigestName } from './signature-algorithms.js';

/**
 * A text in parts, in their order; no part ends within a character. Where it is long it is hashed and encoded part by
 * part: the engine gives a string above 128 KB memory of its own, which is dear to get and to give back.
 */
export type TextParts = readonly string[];

/** Characters that one part has at most, unless a single piece is longer: of a usual document all are in one. */
const LONG = 32 * 1024;

/** Puts pieces together: many at once is quicker than one after the other. */
export class PartsBuilder {
  #parts: string[] = [];
  #pieces: string[] = [];
  /** Characters of the pieces that are no part yet. */
  #waiting = 0;
  #length = 0;

  /** Characters of all pieces that there ever were. */
  get length(): number {
    return this.#length;
  }

  /** Adds a piece, which must not end within a character (between two surrogates). */
  put(piece: string): void {
    if (this.#waiting > 0 && this.#waiting + piece.length > LONG) this.#join();
    this.#length += piece.length;
    this.#waiting += piece.length;
    this.#pieces.push(piece);
  }

  /** What there is since it was taken last. */
  take(): TextParts {
    if (this.#pieces.length > 0) this.#join();
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  #join(): void {
    this.#parts.push(joined(this.#pieces));
    this.#pieces = [];
    this.#waiting = 0;
  }
}

/** The whole text; one part is not copied. */
export function joined(parts: TextParts): string {
  return parts.length === 1 ? (parts[0] ?? '') : parts.join('');
}

function isLong(parts: TextParts): boolean {
  return parts.length > 1 && parts.reduce((sum, { length }) => sum + length, 0) > LONG;
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
