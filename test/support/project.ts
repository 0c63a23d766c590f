import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute path of the checkout; tests run from a folder two levels below it. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** The text of a file of the checkout. */
export function projectFile(path: string): string {
  return readFileSync(`${projectRoot}${path}`, 'utf8');
}

/** Paths, from the checkout, of the files below a folder that end as wanted. */
export function projectFiles(folder: string, ending: string): string[] {
  return readdirSync(`${projectRoot}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => `${folder}/${path}`);
}
