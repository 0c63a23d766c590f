import { readFileSync } from 'node:fs';

/** As package.json says; the bundled program lies as deep below it as this module does, compiled. */
export function programVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return manifest.version;
}
