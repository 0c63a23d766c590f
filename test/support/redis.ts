import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

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
  const { child: first, port } = await launch(dir, options);
  let child = first;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    // A stopped process takes SIGTERM only once it runs again.
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    await exited;
  };
  t?.teardown(async () => {
    await end('SIGKILL');
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  });
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    dir,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    restart: async () => {
      await end('SIGKILL');
      child = (await launch(dir, { ...options, port })).child;
    },
  };
}

async function launch(dir: string, options: RedisOptions): Promise<{ child: ChildProcess; port: number }> {
  // Another process may take the free port before redis-server does; then the next free one is tried.
  for (let attempt = 0; attempt < 5; attempt++) {
    const port = options.port ?? (await freePort());
    const child = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', ...(options.args ?? [])],
      { stdio: 'ignore' },
    );
    child.on('error', () => undefined);
    if (await answers(child, port)) return { child, port };
    child.kill('SIGKILL');
  }
  throw new Error('redis-server could not be started; is it installed?');
}

async function answers(child: ChildProcess, port: number): Promise<boolean> {
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  try {
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline && isAlive(child)) {
      // A child that found the port taken is dead, and the answer came from another server.
      if (await pings(client)) return isAlive(child);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return false;
  } finally {
    client.disconnect();
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

async function pings(client: Redis): Promise<boolean> {
  try {
    // A server that is still reading its data answers LOADING, which throws.
    await Promise.race([client.ping(), new Promise((_, reject) => setTimeout(reject, 500))]);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
