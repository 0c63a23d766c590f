import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePorts } from './ports.js';

/** What of a tap test is needed here. */
interface Teardown {
  teardown(action: () => unknown): void;
}

export interface RedisOptions {
  /** Further arguments, for example `['--appendonly', 'yes']`. Default: nothing is written to disk. */
  readonly args?: readonly string[];
  /** Port to listen on, to bring a stopped server back at its place. Default: a free one. */
  readonly port?: number;
  /** Working directory, to bring a server back with its data. Default: a new one, removed at teardown. */
  readonly dir?: string;
  /** Runs as a Sentinel with these lines of configuration; `args` do not count then. */
  readonly sentinel?: readonly string[];
}

export interface RunningRedis {
  readonly port: number;
  readonly url: string;
  readonly dir: string;
  /** Orderly end (SIGTERM). */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** SIGSTOP: the server keeps its connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** Starts another server at the same port, in the same directory, with the same arguments. */
  restart(): Promise<void>;
}

/** A real redis-server on a free port of the loopback interface, killed at the test's teardown. */
export async function startRedis(t?: Teardown, options: RedisOptions = {}): Promise<RunningRedis> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'claims-gateway-redis-')));
  let server = await launch(dir, options);
  const { port } = server;
  t?.teardown(async () => {
    await server.end('SIGKILL');
    // A child that rewrites the append-only file outlives the killed server and may still write for a moment.
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true, maxRetries: 20 });
  });
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    dir,
    stop: () => server.end('SIGTERM'),
    kill: () => server.end('SIGKILL'),
    pause: () => {
      server.signal('SIGSTOP');
    },
    resume: () => {
      server.signal('SIGCONT');
    },
    restart: async () => {
      await server.end('SIGKILL');
      server = await launch(dir, { ...options, port });
    },
  };
}

interface Server {
  readonly port: number;
  signal(signal: NodeJS.Signals): void;
  end(signal: NodeJS.Signals): Promise<void>;
}

async function launch(dir: string, options: RedisOptions): Promise<Server> {
  // Another program may take the free port before redis-server does; then the next free one is tried.
  for (let attempt = 0; attempt < 20; attempt++) {
    const [port = 0] = options.port === undefined ? await freePorts(1) : [options.port];
    const server = await spawnServer(port, await argumentsFor(port, dir, options));
    if (server !== null) return server;
  }
  throw new Error('redis-server could not be started; is it installed?');
}

async function argumentsFor(port: number, dir: string, { args, sentinel }: RedisOptions): Promise<string[]> {
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir];
  if (sentinel === undefined) return [...place, '--save', '', ...(args ?? [])];
  // A Sentinel keeps what it learns in its configuration file.
  const file = join(dir, 'sentinel.conf');
  await writeFile(file, `${sentinel.join('\n')}\n`);
  return [file, '--sentinel', ...place];
}

// The shell kills the server when its standard input closes, so also when the test process is killed.
const WATCHED = 'exec 3<&0; redis-server "$@" >/dev/null 2>&1 & p=$!; echo $p; (read -r _ <&3; kill -9 $p) & wait $p';

async function spawnServer(port: number, args: readonly string[]): Promise<Server | null> {
  const shell = spawn('sh', ['-c', WATCHED, 'sh', ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(shell, 'exit');
  const [line] = (await once(shell.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  const running = (): boolean => shell.exitCode === null && shell.signalCode === null;
  const signal = (name: NodeJS.Signals): void => {
    if (!running()) return;
    try {
      process.kill(pid, name);
    } catch (error) {
      // It has just ended, and the shell has not said so yet.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  };
  const end = async (name: NodeJS.Signals): Promise<void> => {
    signal(name);
    // A stopped process takes SIGTERM only once it runs again.
    if (name !== 'SIGKILL') signal('SIGCONT');
    await exited;
    shell.stdin.end();
  };
  if (await answers(port, pid, running)) return { port, signal, end };
  await end('SIGKILL');
  return null;
}

async function answers(port: number, pid: number, running: () => boolean): Promise<boolean> {
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  try {
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline && running()) {
      if (await pings(client, pid)) return true;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return false;
  } finally {
    client.disconnect();
  }
}

/** Whether it is this very process that answers: one that found the port taken by another server is about to end. */
async function pings(client: Redis, pid: number): Promise<boolean> {
  // A server that is still reading its data answers LOADING, which throws.
  const ask = async (): Promise<boolean> => {
    await client.ping();
    return (await client.info('server')).includes(`process_id:${pid}\r\n`);
  };
  try {
    return await Promise.race([
      ask(),
      new Promise<never>((_, reject) => {
        setTimeout(reject, 500);
      }),
    ]);
  } catch {
    return false;
  }
}
