import { runCommandLine } from '../../src/cli/command-line.js';
import type { ExitStatus } from '../../src/cli/exit.js';

export interface CommandResult {
  readonly status: ExitStatus;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process, as a shell would call it. */
export async function claimsGateway(
  args: readonly string[],
  options: { readonly stdin?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<CommandResult> {
  const out: string[] = [];
  const err: string[] = [];
  const status = await runCommandLine(args, {
    out: (line) => {
      out.push(line);
    },
    err: (line) => {
      err.push(line);
    },
    readStandardInput: () => Promise.resolve(options.stdin ?? ''),
    closed: new AbortController().signal,
    env: options.env ?? {},
    columns: 100,
  });
  return { status, out: out.join('\n'), err: err.join('\n') };
}
