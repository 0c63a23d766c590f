import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The last processor that this process may run on; the first ones serve the machine's interrupts. `null`: not Linux. */
function lastProcessor(): string | null {
  try {
    return /^Cpus_allowed_list:.*?(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}

/**
 * Runs a program of ours in a process of its own and gives what it prints. On Linux it has one processor: threads that
 * move from one to another cost more than some of what is measured, and differently from run to run.
 *
 * @throws Error where it fails
 */
export function onOneProcessor(program: string, options: readonly string[]): string {
  const processor = lastProcessor();
  const node = [process.execPath, program, ...options];
  const [command = '', ...rest] = processor === null ? node : ['taskset', '-c', processor, ...node];
  const { status, stdout, error } = spawnSync(command, rest, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with status ${String(status)}.`);
  return stdout;
}
