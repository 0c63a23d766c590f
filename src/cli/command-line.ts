import { CommanderError } from 'commander';
import { GatewayError } from '../shared/index.js';
import { CommandFailure, describeError, exitStatusOf, type ExitStatus } from './exit.js';
import { createProgram } from './program.js';
import type { Terminal } from './terminal.js';

/** Runs one command and says with which status the process should end. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const ends = async (run: () => Promise<ExitStatus>): Promise<void> => {
    status = await run();
  };
  try {
    await createProgram(terminal, ends).parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    return statusOf(error, terminal);
  }
}

function statusOf(error: unknown, terminal: Terminal): ExitStatus {
  // commander has printed its help or its complaint already
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CommandFailure) {
    error.lines.forEach((line) => {
      terminal.err(line);
    });
    return error.status;
  }
  if (error instanceof GatewayError) {
    terminal.err(describeError(error));
    return exitStatusOf(error);
  }
  // What the operating system refuses is no fault of the program, and a trace says nothing of it.
  if (error instanceof Error && 'syscall' in error) {
    terminal.err(error.message);
    return 3;
  }
  terminal.err(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 3;
}
