import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Clock ticks per second, the unit of /proc/PID/stat. */
const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Processor time that the processes have used so far, all threads, in milliseconds (proc(5)). */
export function processorTime(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    // The name, field 2, may hold blanks; the fields behind it begin after its bracket.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return sum + ((Number(fields[11]) + Number(fields[12])) / TICKS) * 1000;
  }, 0);
}

export interface Memory {
  /** Bytes in memory, files that are mapped included. */
  readonly resident: number;
  /** Of them, what belongs to no file. */
  readonly anonymous: number;
}

/** Resident memory of a process (proc(5), /proc/PID/status). */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  return { resident: bytes('VmRSS'), anonymous: bytes('RssAnon') };
}

/** The processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}
