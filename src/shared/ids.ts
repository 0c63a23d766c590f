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

export function createIdSource(random: RandomBytes = systemRandom): IdSource {
  return {
    samlId: () => `_${Buffer.from(random(20)).toString('hex')}`,
    reference: () => {
      const symbols = Array.from(random(12), (byte) => SPOKEN_ALPHABET.charAt(byte & 31)).join('');
      return `${symbols.slice(0, 4)}-${symbols.slice(4, 8)}-${symbols.slice(8)}`;
    },
  };
}
