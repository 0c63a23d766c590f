import type { ErrorCode, GatewayError } from '../shared/index.js';

/** How a command ends: 0 yes or done, 1 refused or found faulty, 2 usage or configuration fault, 3 failure at run time. */
export type ExitStatus = 0 | 1 | 2 | 3;

/** Those that are no failure at run time. What a login is refused with does not end a command: `inspect` tells it. */
const ENDS: Readonly<Partial<Record<ErrorCode, ExitStatus>>> = {
  KEY_EXISTS: 1,
  KEY_IMPORT_FAILED: 1,
  KEY_STATE: 1,
  KEY_TOO_YOUNG: 1,
  KEY_UNFIT: 1,
  DEAD_LETTER_UNKNOWN: 1,
  METADATA_CANDIDATE_UNKNOWN: 1,
  CONFIG_INVALID: 2,
  KEY_REQUEST_INVALID: 2,
  KEY_UNKNOWN: 2,
  KEY_UNREADABLE: 2,
};

export function exitStatusOf({ code }: GatewayError): ExitStatus {
  return ENDS[code] ?? 3;
}

/** Code, what happened and what to do, on one line. */
export function describeError({ code, message, entry }: GatewayError): string {
  return `${code}: ${/[.!?]$/.test(message) ? message : `${message}.`} ${entry.remedy}`;
}

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
