import { verifyAudit, type AuditFault } from '../observe/index.js';
import { CommandFailure, type ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

/** Status 0: the chain holds; 1: it is cut or edited, and where. */
export async function verifyFiles(
  files: readonly string[],
  options: { readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitStatus> {
  const verification = await verifyAudit(files).catch((error: unknown) => {
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

function place({ file, line, problem }: AuditFault): string {
  return line === 0 ? `${file}: ${problem}` : `${file}:${line}: ${problem}`;
}
