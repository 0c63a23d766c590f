import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { temporaryDirectory } from '../support/temporary.js';

const run = promisify(execFile);
/** How much longer each flush takes than it does, µs: what does not wait for it is then well ahead. */
const DELAY = 200_000;

/** Whether this process may look at the system calls of another. */
async function mayTrace(): Promise<boolean> {
  return run('strace', ['-o', '/dev/null', 'true']).then(
    () => true,
    () => false,
  );
}

const skip = (await mayTrace()) ? false : 'strace is not there, or may not trace';
t.test('what an embedded store says is written has been flushed to the disk', { skip }, async (t) => {
  const directory = await temporaryDirectory(t);
  const log = join(directory, 'calls');
  const calls = ['-f', '-e', 'trace=write,fdatasync', '-e', `inject=fdatasync:delay_exit=${DELAY}`, '-o', log];
  const writer = join(import.meta.dirname, 'durable-writer.js');
  await run('strace', [...calls, process.execPath, writer, directory]);
  const lines = (await readFile(log, 'utf8')).split('\n');
  for (const name of ['claim', 'job', 'outcome', 'spool']) {
    const begun = lines.findIndex((line) => line.includes(`"begin ${name}\\n"`));
    const written = lines.findIndex((line) => line.includes(`"written ${name}\\n"`));
    t.ok(begun >= 0 && written > begun, `${name} was written`);
    const flushed = lines.slice(begun, written).filter((line) => /fdatasync.*= 0/.test(line));
    t.ok(flushed.length > 0, `the ${name} was flushed before`);
  }
});
