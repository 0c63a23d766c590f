import { endOfNcName, isQualifiedNameUnit } from './characters.js';
import type { DocumentText } from './decode.js';
import { malformed } from './faults.js';
import { interned } from './interned.js';

const TAB = 0x09;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
/** No code unit. */
const END = -1;

/** How many names are kept at hand, a power of two, and how long each may be. */
const NAMES = 4096;
const LONGEST = 64;
/** How many new ones of one document: to keep one costs several times what it costs to read it. */
const MOST_NEW = 256;

/** A name with at most one colon (Namespaces in XML §4, QName). */
export interface QualifiedName {
  /** As it is written. */
  readonly qualified: string;
  /** Empty where there is none. */
  readonly prefix: string;
  readonly localName: string;
}

/** A name of ASCII characters that is kept at hand. */
interface KnownName extends QualifiedName {
  readonly octets: Uint8Array;
}

/** Those that were read last, by a hash, in whichever document: the same ones come time and again. */
const knownNames = new Array<KnownName | undefined>(NAMES);

/** The place in a document up to which it was read. Line ends are normalised, so no carriage return is left. */
export class Cursor {
  readonly text: string;
  readonly #units: Uint8Array | Uint16Array;
  at: number;
  /** How many more names of this document may be kept. */
  #room = MOST_NEW;

  constructor({ text, units }: DocumentText, at: number) {
    this.text = text;
    this.#units = units;
    this.at = at;
  }

  /** The code unit here, or so many further; `END` behind the text. */
  unit(ahead = 0): number {
    return this.#units[this.at + ahead] ?? END;
  }

  /** Reads past white space (XML 1.0 §2.3, S) and says whether there was any. */
  skipSpace(): boolean {
    const units = this.#units;
    const from = this.at;
    let at = from;
    for (let unit = units[at]; unit === SPACE || unit === LINE_FEED || unit === TAB; unit = units[at]) at++;
    this.at = at;
    return at > from;
  }

  /** Reads past that code unit, which must stand here. */
  expect(unit: number, detail: string): void {
    if (this.unit() !== unit) malformed(detail);
    this.at++;
  }

  /** Reads the name that must stand here. */
  name(): QualifiedName {
    const units = this.#units;
    const from = this.at;
    let at = from;
    let hash = 0;
    let unit = units[at] ?? END;
    while (isQualifiedNameUnit(unit)) {
      hash = Math.imul(hash, 31) + unit;
      unit = units[++at] ?? END;
    }
    // Where a name ends is no matter of ASCII alone.
    const plain = unit <= 0x7f;
    const place = (hash ^ (hash >>> 12)) & (NAMES - 1);
    const known = knownNames[place];
    if (plain && known?.octets.length === at - from && this.#stands(known.octets, 0, known.octets.length)) {
      this.at = at;
      return known;
    }
    const name = this.#newName();
    return plain && name.qualified.length <= LONGEST && this.#room-- > 0 ? (knownNames[place] = kept(name)) : name;
  }

  /** Reads past the name that stands at that place too, if it stands here, and says whether it does. */
  skipName({ qualified: { length } }: QualifiedName, at: number): boolean {
    if (!this.#stands(this.#units, at, at + length)) return false;
    this.at += length;
    return true;
  }

  /** Whether that part of those units stands here. */
  #stands(others: Uint8Array | Uint16Array, from: number, end: number): boolean {
    const units = this.#units;
    let at = this.at;
    for (let other = from; other < end; other++) if (units[at++] !== others[other]) return false;
    return true;
  }

  #newName(): QualifiedName {
    const from = this.at;
    const first = this.#ncName();
    if (this.unit() !== COLON) return { qualified: first, prefix: '', localName: first };
    this.at++;
    const localName = this.#ncName();
    return { qualified: this.text.slice(from, this.at), prefix: first, localName };
  }

  #ncName(): string {
    const from = this.at;
    this.at = endOfNcName(this.text, from);
    if (this.at === from) malformed('A name is malformed.');
    return this.text.slice(from, this.at);
  }
}

function kept({ qualified, prefix, localName }: QualifiedName): KnownName {
  // A copy, since a small Buffer shares its memory with others, which would be kept along with it.
  const octets = new Uint8Array(Buffer.from(qualified, 'latin1'));
  return { qualified: interned(qualified), prefix: interned(prefix), localName: interned(localName), octets };
}

/** Where a string comes next, searched for once however often it is asked for; the questions never go backwards. */
export class NextOccurrence {
  readonly #text: string;
  readonly #sought: string;
  #at = -1;

  constructor(text: string, sought: string) {
    this.#text = text;
    this.#sought = sought;
  }

  /** The first place at or after `position`; the text's length where there is none. */
  after(position: number): number {
    if (this.#at < position) {
      const found = this.#text.indexOf(this.#sought, position);
      this.#at = found === -1 ? this.#text.length : found;
    }
    return this.#at;
  }
}
