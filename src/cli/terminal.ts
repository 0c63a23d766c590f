/** What a command sees of the process: handed in, so that a test reads the answer. */
export interface Terminal {
  /** Standard output: the answer, a line end is added. */
  out(line: string): void;
  /** Standard error: what is said about the answer. */
  err(line: string): void;
  /** Standard input as text, cut off soon after `limit` bytes: what comes after them is not waited for. */
  readStandardInput(limit: number): Promise<string>;
  /** Aborted when nobody reads the answer any more. */
  readonly closed: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Columns of the terminal; 80 where there is none. */
  readonly columns: number;
}

export function processTerminal(): Terminal {
  const closed = new AbortController();
  // `| head -1` has read enough. That is no fault: the command ends as it would, and cleans up.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (stream === process.stdout) closed.abort();
    });
  }
  return {
    out: (line) => {
      if (!closed.signal.aborted) process.stdout.write(`${line}\n`);
    },
    err: (line) => process.stderr.write(`${line}\n`),
    readStandardInput,
    closed: closed.signal,
    env: process.env,
    columns: process.stdout.columns || 80,
  };
}

/** Resolves when nobody reads the answer any more. */
export function untilUnread({ closed }: Terminal): Promise<void> {
  if (closed.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    closed.addEventListener('abort', () => {
      resolve();
    });
  });
}

async function readStandardInput(limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    total += chunk.length;
    if (total > limit) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
