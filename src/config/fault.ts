/** One thing wrong with the configuration, and where it is written. */
export interface ConfigFault {
  /** Path of the file as the operator would write it: beginning with the configuration directory as it was given. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Full dotted path within the file: `signing.keys[0].cert`. */
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
}

/** `file:line:column: path: what is wrong; what to do` */
export function formatFault(fault: ConfigFault): string {
  const { file, line, column, path, problem, remedy } = fault;
  return `${file}:${String(line)}:${String(column)}: ${path}: ${problem}; ${remedy}`;
}
