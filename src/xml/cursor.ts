import { endOfNcName } from './characters.js';
import { malformed } from './faults.js';

const TAB = 0x09;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;

/** The place in a document up to which it was read. Line ends are normalised, so no carriage return is left. */
export class Cursor {
  readonly text: string;
  at: number;
  /** The name that `qualifiedName` read last. */
  prefix = '';
  localName = '';

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  /** The code unit here; NaN at the end. */
  get unit(): number {
    return this.text.charCodeAt(this.at);
  }

  /** Reads past white space (XML 1.0 §2.3, S) and says whether there was any. */
  skipSpace(): boolean {
    const from = this.at;
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit !== SPACE && unit !== LINE_FEED && unit !== TAB) return this.at > from;
      this.at++;
    }
  }

  /** Reads past that code unit, which must stand here. */
  expect(unit: number, detail: string): void {
    if (this.text.charCodeAt(this.at) !== unit) malformed(detail);
    this.at++;
  }

  /** Reads a name with at most one colon into `prefix` and `localName` (Namespaces in XML §4, QName). */
  qualifiedName(): void {
    const first = this.#ncName();
    if (this.text.charCodeAt(this.at) !== COLON) {
      this.prefix = '';
      this.localName = first;
      return;
    }
    this.at++;
    this.prefix = first;
    this.localName = this.#ncName();
  }

  #ncName(): string {
    const from = this.at;
    this.at = endOfNcName(this.text, from);
    if (this.at === from) malformed('A name is malformed.');
    return this.text.slice(from, this.at);
  }
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
