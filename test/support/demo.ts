import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { startProgram, type RunningProgram } from './program.js';
import { mainFile } from './serve.js';

/** The demo in a process of its own. `left` tells what it has in its temporary directory. */
export async function startDemo(
  t: Test,
  ...args: readonly string[]
): Promise<{ readonly demo: RunningProgram; readonly left: () => string[] }> {
  const root = t.testdir({ tmp: {} });
  const demo = await startProgram(t, [process.execPath, mainFile, 'demo', ...args], {
    env: { TMPDIR: join(root, 'tmp') },
  });
  return { demo, left: () => readdirSync(join(root, 'tmp')) };
}
