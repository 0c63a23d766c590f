import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

const MASK = '[secret]';

/**
 * A value that must never be printed. Every way in which JavaScript turns an object into text gives `[secret]`;
 * only `reveal()` gives the value, so each use of a secret can be found by that name.
 */
export class Secret<T extends string | Uint8Array = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  /** The first 12 hexadecimal digits of a SHA-256 over `purpose` and the value: tells values apart, gives none away. */
  fingerprint(purpose = 'claims-gateway secret'): string {
    return createHash('sha256').update(purpose).update('\0').update(this.#value).digest('hex').slice(0, 12);
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.toPrimitive](): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
