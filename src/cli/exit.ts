/** How a command ends: 0 yes or done, 1 refused or found faulty, 2 usage or configuration fault, 3 failure at run time. */
export type ExitStatus = 0 | 1 | 2 | 3;

/** Ends a command with a status; every line goes to standard error. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly status: ExitStatus;
  readonly lines: readonly string[];

  constructor(status: ExitStatus, ...lines: string[]) {
    super(lines.join('\n'));
    this.status = status;
    this.lines = lines;
  }
}
