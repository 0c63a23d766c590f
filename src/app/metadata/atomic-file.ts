import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Older than any write under way: what a process that was killed left behind. Milliseconds. */
const ABANDONED_AFTER = 60 * 60 * 1000;

function temporaryPrefix(path: string): string {
  return `.${basename(path)}.`;
}

/**
 * Replaces a file so that whoever reads, and whatever is cut off when, finds the old content or the new one whole.
 * Both are on disk when the promise resolves.
 */
export async function writeFileAtomically(path: string, content: Uint8Array | string): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `${temporaryPrefix(path)}${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  // The rename itself is only durable once the directory is.
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what interrupted writes of this file left behind. */
export async function removeAbandoned(path: string, now: number): Promise<void> {
  const directory = dirname(path);
  const names = await readdir(directory);
  for (const name of names) {
    if (!name.startsWith(temporaryPrefix(path)) || !name.endsWith('.tmp')) continue;
    const leftover = join(directory, name);
    const { mtimeMs } = await stat(leftover).catch(() => ({ mtimeMs: now }));
    if (now - mtimeMs > ABANDONED_AFTER) await rm(leftover, { force: true });
  }
}
