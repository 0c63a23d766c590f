import { text } from 'node:stream/consumers';

/** What a command sees of the process: handed in, so that a test reads the answer. */
export interface Terminal {
  /** Standard output: the answer, a line end is added. */
  out(line: string): void;
  /** Standard error: what is said about the answer. */
  err(line: string): void;
  readStandardInput(): Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Columns of the terminal; 80 where there is none. */
  readonly columns: number;
}

export function processTerminal(): Terminal {
  return {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    readStandardInput: () => text(process.stdin),
    env: process.env,
    columns: process.stdout.columns || 80,
  };
}
