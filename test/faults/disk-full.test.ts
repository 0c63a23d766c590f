import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { createEmbeddedBackend } from '../../src/provisioning/index.js';
import { eventually, makeRig } from '../provisioning/rig.js';
import { temporaryDirectory } from '../support/temporary.js';
import { accountedFor, BUDGET, STAND_IN } from './accounting.js';

// Blocks of 512 bytes that any one file may have. A limit of the process needs no privilege and no file system of its
// own; a write beyond it fails as one to a full disk does (EFBIG for ENOSPC).
const BLOCKS = 600;

async function fullDisk(t: Test, place: 'queue' | 'spool'): Promise<void> {
  const path = await temporaryDirectory(t);
  const rig = await makeRig(t, createEmbeddedBackend({ path: await temporaryDirectory(t) }), {
    settings: { budget: BUDGET },
    zivver: STAND_IN,
  });
  const script = join(import.meta.dirname, 'disk-full-process.js');
  const limited = `ulimit -S -f ${BLOCKS} && exec "$0" "$@"`;
  const args = ['-c', limited, process.execPath, script, place, path, rig.zivver.scimUrl, rig.tenant];
  const child = spawn('sh', args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const exited = once(child, 'exit').then(([code, signal]) =>
    Promise.reject(new Error(`it ended with ${String(code ?? signal)}`)),
  );
  exited.catch(() => undefined);
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited.catch(() => undefined);
  });
  const message = async <T>(): Promise<T> => {
    const [value] = (await Promise.race([once(child, 'message'), exited])) as [T];
    return value;
  };

  const { refused, faults } = await message<{ refused: number[]; faults: string[] }>();
  t.equal(refused.length, 20, 'what finds no room is refused');
  t.strictSame(
    faults.filter((fault) => !/^STORE_UNAVAILABLE: .*(too large|no space)/i.test(fault)),
    [],
    'with the code of a store that is away, and the reason',
  );
  await promisify(execFile)('prlimit', ['--pid', String(child.pid), '--fsize=unlimited:']);
  const answer = message<{ again: (string | null)[] }>();
  child.send('room');
  const { again } = await answer;
  t.ok(
    again.every((fault) => fault === null),
    'with room again the same process takes logins',
  );
  const count = Math.max(...refused) + 1;
  const names = Array.from({ length: count }, (_, at) => `user${at}`);
  await eventually(() => rig.zivver.accounts().length >= count, 'the accounts', 30_000);
  await accountedFor(t, rig, names);
}

t.test('a full disk under the embedded queue: refused logins, a process that lives, and nothing forgotten', (t) =>
  fullDisk(t, 'queue'),
);
t.test('a full disk under the spool: likewise', (t) => fullDisk(t, 'spool'));
