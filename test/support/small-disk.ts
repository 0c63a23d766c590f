import { execFile } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from './temporary.js';

export interface SmallDisk {
  readonly path: string;
  /** Leaves no room for another byte. */
  fill(): Promise<void>;
  /** Takes away what `fill` put there. */
  free(): Promise<void>;
}

/** A file system of its own with room for so many bytes; null where this process may not mount one. */
export async function smallDisk(
  t: { teardown(action: () => unknown): void },
  bytes: number,
): Promise<SmallDisk | null> {
  const path = await temporaryDirectory(t);
  const run = promisify(execFile);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]);
  } catch {
    return null;
  }
  // Lazily: at a failed test something may still have a file open.
  t.teardown(() => run('umount', ['--lazy', path]));
  const ballast = join(path, 'ballast');
  return {
    path,
    fill: () => writeUntilFull(ballast),
    free: () => rm(ballast, { force: true }),
  };
}

async function writeUntilFull(path: string): Promise<void> {
  const file = await open(path, 'a');
  try {
    for (const size of [262_144, 4_096]) {
      while (await takes(() => file.write(Buffer.alloc(size)))) continue;
    }
  } finally {
    await file.close();
  }
}

async function takes(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}
