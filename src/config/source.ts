import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readAtMost } from '../shared/index.js';
import { isMapping, Unfit } from './unfit.js';

const REFERENCE = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** A scalar after `${env:…}` and `{ file: … }`. */
export interface Resolved {
  readonly value: string | number | boolean;
  /** True where the value, or a part of it, came from outside the YAML. */
  readonly external: boolean;
}

/** Where values outside the YAML come from, and which files were read for them. */
export class ValueSource {
  /** Directory that relative paths start from: the one that holds the configuration directory. */
  readonly base: string;
  readonly files = new Set<string>();
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(base: string, env: Readonly<Record<string, string | undefined>>) {
    this.base = base;
    this.#env = env;
  }

  /** A path as written, made absolute and noted as part of the configuration. */
  path(written: string): string {
    const path = resolve(this.base, written);
    this.files.add(path);
    return path;
  }

  /** A directory of data: made absolute, not noted, since its content is no configuration. */
  directory(written: string): string {
    return resolve(this.base, written);
  }

  env(name: string): string | Unfit {
    const value = this.#env[name];
    if (value === undefined || value === '') {
      return new Unfit(
        `the environment variable ${name} is ${value === undefined ? 'not set' : 'empty'}`,
        'set it for this process, or write another value',
      );
    }
    return value;
  }

  /** Replaces each `${env:NAME}`; any other `${` is a fault, so that a slip does not become a literal value. */
  expand(text: string): string | Unfit {
    const values: string[] = [];
    for (const [, name = ''] of text.matchAll(REFERENCE)) {
      const value = this.env(name);
      if (value instanceof Unfit) return value;
      values.push(value);
    }
    if (text.replace(REFERENCE, '').includes('${')) {
      return new Unfit(
        `has a reference that is not known: ${text.slice(text.indexOf('${')).slice(0, 40)}`,
        'write ${env:NAME}',
      );
    }
    return text.replace(REFERENCE, () => values.shift() ?? '');
  }

  read(written: string): Buffer | Unfit {
    const path = this.path(written);
    try {
      return readAtMost(path);
    } catch (error) {
      return new Unfit(`cannot read ${written}: ${reasonOf(error)}`, 'create the file, or mend its path or its mode');
    }
  }

  /** A scalar of the YAML, or what `{ file: path }` and `${env:NAME}` stand for. Final line breaks of a file are dropped. */
  resolve(raw: unknown): Resolved | Unfit {
    if (typeof raw === 'number' || typeof raw === 'boolean') return { value: raw, external: false };
    if (typeof raw === 'string') {
      const value = this.expand(raw);
      return value instanceof Unfit ? value : { value, external: hasReference(raw) };
    }
    if (isMapping(raw) && typeof raw['file'] === 'string' && Object.keys(raw).length === 1) {
      const path = this.expand(raw['file']);
      if (path instanceof Unfit) return path;
      const bytes = this.read(path);
      if (bytes instanceof Unfit) return bytes;
      return { value: bytes.toString('utf8').replace(/[\r\n]+$/, ''), external: true };
    }
    return new Unfit('must be a single value', 'write one value, ${env:NAME}, or { file: path }');
  }
}

export function hasReference(text: string): boolean {
  return text.search(REFERENCE) >= 0;
}

/** The reason in words that an administrator knows; the errno's own text names the path again. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'no such file',
    EACCES: 'permission denied',
    EISDIR: 'it is a directory',
    ENOTDIR: 'a part of the path is not a directory',
  };
  return words[code] ?? (error instanceof Error ? error.message : String(error));
}

/** May users outside the owner and the group read or write the file? */
export function openToOthers(path: string): boolean {
  try {
    return (statSync(path).mode & 0o006) !== 0;
  } catch {
    return false;
  }
}
