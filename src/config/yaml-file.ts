import { readFileSync } from 'node:fs';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import type { ConfigFault } from './fault.js';
import { reasonOf } from './source.js';
import { isMapping, Unfit } from './unfit.js';

/** A way down into a document: keys of mappings and indexes of lists. */
export type DataPath = readonly (string | number)[];

/** `signing.keys[0].cert`; a key that would be misread is quoted. */
export function dotted(path: DataPath): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${String(step)}]`;
    return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return steps.join('').replace(/^\./, '') || '(whole file)';
}

/** One YAML file: its data, and where in the text each piece of the data stands. */
export class YamlFile {
  /** As it is shown in faults. */
  readonly shown: string;
  readonly data: unknown;
  /** Faults of the YAML itself; where there are any, `data` is not to be used. */
  readonly faults: readonly ConfigFault[];
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();

  constructor(shown: string, text: string) {
    this.shown = shown;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const problems = [...this.#document.errors, ...this.#document.warnings];
    this.faults = problems.map(({ pos, message }) =>
      this.#faultAt(pos[0], [], new Unfit(`is not YAML: ${message}`, 'mend the text here')),
    );
    let data: unknown = null;
    if (problems.length === 0) {
      try {
        data = this.#document.toJS({ maxAliasCount: 100 });
      } catch (error) {
        this.faults = [this.#faultAt(0, [], new Unfit(reasonOf(error), 'write the values out instead of aliases'))];
      }
      if (this.faults.length === 0 && !isMapping(data)) {
        this.faults = [this.#faultAt(0, [], new Unfit('holds no mapping', 'write `key: value` lines'))];
      }
    }
    this.data = data;
  }

  /** A fault at `path`: at the value, at the key for `'key'`, or at the nearest thing above that is written. */
  fault(path: DataPath, unfit: Unfit, at: 'value' | 'key' = 'value'): ConfigFault {
    return this.#faultAt(this.#offset(path, at), path, unfit);
  }

  /** Is anything written at `path`? */
  has(path: DataPath): boolean {
    return this.#document.hasIn(path);
  }

  #faultAt(offset: number, path: DataPath, { problem, remedy }: Unfit): ConfigFault {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.shown, line: Math.max(line, 1), column: Math.max(col, 1), path: dotted(path), problem, remedy };
  }

  #offset(path: DataPath, at: 'value' | 'key'): number {
    let node: unknown = this.#document.contents;
    let offset = 0;
    for (const [index, step] of path.entries()) {
      if (isAlias(node)) node = node.resolve(this.#document);
      const last = index === path.length - 1;
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
        if (pair === undefined) return offset;
        const keyOffset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
        offset = last && at === 'key' ? keyOffset : (rangeStart(pair.value) ?? keyOffset);
        node = pair.value;
      } else if (isSeq(node)) {
        const item = node.items[Number(step)];
        if (item === undefined) return offset;
        offset = rangeStart(item) ?? offset;
        node = item;
      } else return offset;
    }
    return offset;
  }
}

function rangeStart(node: unknown): number | undefined {
  if (isMap(node) || isSeq(node) || isScalar(node) || isAlias(node)) return node.range?.[0];
  return undefined;
}

/** Reads a YAML file; where it cannot be read, says so in the place of its data. */
export function readYamlFile(path: string, shown: string): YamlFile | ConfigFault {
  try {
    return new YamlFile(shown, readFileSync(path, 'utf8'));
  } catch (error) {
    return {
      file: shown,
      line: 1,
      column: 1,
      path: dotted([]),
      problem: `cannot be read: ${reasonOf(error)}`,
      remedy: 'create the file (the repository has examples in config/), or mend its mode',
    };
  }
}
