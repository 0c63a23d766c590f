import { fileURLToPath } from 'node:url';
import { writeConfiguration, type TestConfiguration } from './configuration.js';
import { freePorts } from './ports.js';
import { startProgram, untilAnswers, type RunningProgram, type Teardown } from './program.js';
import { temporaryDirectory } from './temporary.js';

/** Where a gateway will be before it runs: configuration and the parties around it are written from these. */
export interface ServePlace {
  readonly publicUrl: string;
  readonly operationsUrl: string;
  /** Parent of the configuration directory; goes at teardown. */
  readonly root: string;
}

export interface ServeOptions {
  /** Keys of gateway.yaml over those of `writeConfiguration`; the addresses are filled in. */
  readonly gateway?: Readonly<Record<string, unknown>>;
  /** idps/NAME.yaml by name. */
  readonly idps?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Further files below `root`, such as `certs/scim-token`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Further arguments of `serve`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What is waited for: `/readyz` (default), `/livez` where it cannot be ready, or nothing. */
  readonly until?: 'ready' | 'live' | 'none';
}

export interface RunningServe extends ServePlace {
  readonly program: RunningProgram;
  /** To change it while the gateway runs. `gateway` then needs the addresses again: see `base`. */
  readonly configuration: TestConfiguration;
  /** What gateway.yaml was written with. */
  readonly base: Readonly<Record<string, unknown>>;
}

/** The program as it was compiled together with this test. */
export const mainFile = fileURLToPath(new URL('../../program/src/main.js', import.meta.url));

/** Free ports and a directory for one gateway of so many processes, each with an operations port of its own. */
export async function servePlace(t: Teardown, processes = 1): Promise<ServePlace> {
  const [port = 0, operationsPort = 0] = await freePorts(1 + processes);
  return {
    publicUrl: `http://127.0.0.1:${port}`,
    operationsUrl: `http://127.0.0.1:${operationsPort}`,
    root: await temporaryDirectory(t),
  };
}

/**
 * A real `serve` in a process of its own, ended at the test's teardown.
 *
 * @throws Error with its output where it does not start
 */
export async function startServe(t: Teardown, options: ServeOptions = {}, place?: ServePlace): Promise<RunningServe> {
  const here = place ?? (await servePlace(t));
  const base = {
    publicUrl: here.publicUrl,
    listen: { host: '127.0.0.1', port: Number(new URL(here.publicUrl).port) },
    operations: { host: '127.0.0.1', port: Number(new URL(here.operationsUrl).port) },
    audit: { directory: 'audit' },
    ...options.gateway,
  };
  const configuration = writeConfiguration(here.root);
  configuration.gateway(base);
  for (const [path, text] of Object.entries(options.files ?? {})) configuration.write(path, text);
  for (const [name, content] of Object.entries(options.idps ?? {})) configuration.idp(name, content);
  const program = await startProgram(
    t,
    [process.execPath, mainFile, 'serve', '--config', configuration.directory, ...(options.args ?? [])],
    options.env === undefined ? {} : { env: options.env },
  );
  if (options.until === 'none') return { ...here, program, configuration, base };
  const path = options.until === 'live' ? 'livez' : 'readyz';
  await untilAnswers(program, `${here.operationsUrl}/${path}`, { fits: (status) => status === 200 });
  return { ...here, program, configuration, base };
}

/** What a process tells when it takes logins. */
export interface Listening {
  readonly pid: number;
  readonly public: string;
  /** Address of its operations listener. */
  readonly operations: string;
}

/** What was told so far by each process of the gateway, in that order. */
export function listeningOf({ program }: RunningServe): Listening[] {
  // Without the last line, which may be half written.
  const lines = program.stderr().split('\n').slice(0, -1);
  const listening = lines.filter((line) => line.includes('"msg":"listening"'));
  return listening.map((line) => JSON.parse(line) as Listening);
}
