import { randomBytes } from 'node:crypto';

/** A source of unpredictable bytes; injected, so that a test can repeat a run. */
export type RandomBytes = (count: number) => Uint8Array;

export const systemRandom: RandomBytes = (count) => randomBytes(count);

/** The identifiers that the program hands out. */
export interface IdSource {
  /** An xs:ID with 160 random bits (saml-core §1.3.4 asks for at least 128). */
  samlId(): string;
  /** A login's reference, fit to be read over the telephone: `XXXX-XXXX-XXXX`, Crockford's base 32, 60 bits. */
  reference(): string;
}

// Crockford's base 32: no I, L, O or U, so nothing is misheard or misread.
const SPOKEN_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Asking the system costs nearly the same for many bytes as for a few. */
const DRAWN_AT_ONCE = 1024;

/** Hands out the bytes of larger draws, each once. */
function drawnAhead(random: RandomBytes): (count: number) => Buffer {
  let drawn = Buffer.alloc(0);
  return (count) => {
    if (drawn.length < count) drawn = Buffer.from(random(DRAWN_AT_ONCE));
    const bytes = drawn.subarray(0, count);
    drawn = drawn.subarray(count);
    return bytes;
  };
}

export function createIdSource(random: RandomBytes = systemRandom): IdSource {
  const draw = drawnAhead(random);
  return {
    samlId: () => `_${draw(20).toString('hex')}`,
    reference: () => {
      const symbols = Array.from(draw(12), (byte) => SPOKEN_ALPHABET.charAt(byte & 31)).join('');
      return `${symbols.slice(0, 4)}-${symbols.slice(4, 8)}-${symbols.slice(8)}`;
    },
  };
}
