import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { verifyAudit, type AuditFault } from '../observe/index.js';
import { CommandFailure, type ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

/** Status 0: the chain holds; 1: it is cut or edited, and where. */
export async function verifyFiles(
  files: readonly string[],
  options: { readonly json?: boolean; readonly head?: readonly string[] },
  terminal: Terminal,
): Promise<ExitStatus> {
  // A directory and what is in it may both be named.
  const segments = [...new Set(files.flatMap(segmentsOf).map((file) => resolve(file)))];
  const heads = (options.head ?? []).map((digest) => digest.toLowerCase());
  const verification = await verifyAudit(segments, heads).catch((error: unknown) => {
    throw new CommandFailure(2, error instanceof Error ? error.message : String(error));
  });
  if (options.json === true) terminal.out(JSON.stringify(verification, null, 2));
  else {
    for (const fault of verification.faults) terminal.out(`FAIL ${place(fault)}`);
    for (const note of verification.notes) terminal.out(`note ${place(note)}`);
    for (const { instance, digest } of verification.heads) terminal.out(`head of ${instance}: ${digest}`);
    const counts = `${verification.files} file(s), ${verification.lines} line(s)`;
    terminal.out(verification.ok ? `the chain holds: ${counts}` : `the chain does not hold: ${counts}`);
  }
  return verification.ok ? 0 : 1;
}

/** A directory stands for the segments in it. */
function segmentsOf(path: string): string[] {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined) throw new CommandFailure(2, `Cannot read ${path}: no such file or directory`);
  if (!entry.isDirectory()) return [path];
  const segments = readdirSync(path).filter((name) => name.endsWith('.jsonl'));
  if (segments.length === 0) throw new CommandFailure(2, `There is no audit segment (*.jsonl) in ${path}`);
  return segments.map((name) => join(path, name));
}

function place({ file, line, problem }: AuditFault): string {
  return line === 0 ? `${file}: ${problem}` : `${file}:${line}: ${problem}`;
}
