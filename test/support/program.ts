import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** What of a tap test is needed here. */
export interface Teardown {
  teardown(action: () => unknown): void;
}

/** A program in a process of its own. */
export interface RunningProgram {
  readonly pid: number;
  /** The exit status, once all that it wrote is here; 128 and the signal's number where a signal ended it. */
  readonly exited: Promise<number>;
  running(): boolean;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL where it takes longer than ten seconds. @returns the exit status */
  stop(): Promise<number>;
}

export interface ProgramOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

// The shell kills the program when its own standard input closes, so also when the test process is killed.
const WATCHED =
  'exec 5<&0 </dev/null; "$@" 3>&- 5<&- & p=$!; echo $p >&3; exec 3>&-; (read -r _ <&5; kill -9 $p) >/dev/null 2>&1 & wait $p';

const GRACE_MS = 10_000;

/** How long what it left running may hold its output open. */
const LAST_WORDS_MS = 5_000;

/** Starts a program that does not outlive the test. Programs that fork must be told to stay one process. */
export async function startProgram(
  t: Teardown,
  command: readonly string[],
  options: ProgramOptions = {},
): Promise<RunningProgram> {
  const shell = spawn('sh', ['-c', WATCHED, 'sh', ...command], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  });
  const stdout = collected(shell.stdout);
  const stderr = collected(shell.stderr);
  let status: number | null = null;
  // The end of a process may be told before its last words.
  const silent = Promise.all([once(shell.stdout, 'close'), once(shell.stderr, 'close')]);
  const exited = once(shell, 'exit').then(async ([ended]) => {
    const code = typeof ended === 'number' ? ended : 1;
    status = code;
    shell.stdin.end();
    await Promise.race([silent, new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS).unref())]);
    return code;
  });
  const [line] = (await once(shell.stdio[3] as Readable, 'data')) as [Buffer];
  const pid = Number(line.toString());
  const signal = (name: NodeJS.Signals) => {
    if (status !== null) return;
    try {
      process.kill(pid, name);
    } catch (error) {
      // It has just ended, and the shell has not said so yet.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  };
  const stop = async () => {
    signal('SIGTERM');
    const timer = setTimeout(() => {
      signal('SIGKILL');
    }, GRACE_MS);
    const code = await exited;
    clearTimeout(timer);
    return code;
  };
  t.teardown(stop);
  return { pid, exited, running: () => status === null, stdout, stderr, signal, stop };
}

function collected(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

/**
 * Waits until the address answers with a status that will do.
 *
 * @throws Error with what the program wrote where it ends before, or takes longer than `limit` ms
 */
export async function untilAnswers(
  program: RunningProgram,
  url: string,
  { fits = (status: number) => status < 500, limit = 60_000 } = {},
): Promise<void> {
  const deadline = Date.now() + limit;
  while (program.running() && Date.now() < deadline) {
    const status = await statusOf(url);
    if (status !== null && fits(status)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const how = program.running() ? `did not answer at ${url} in time` : 'ended';
  throw new Error(`the program ${how}:\n${program.stdout()}${program.stderr()}`);
}

async function statusOf(url: string): Promise<number | null> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  }
}
