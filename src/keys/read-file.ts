import { statSync } from 'node:fs';
import { GatewayError, readAtMost } from '../shared/index.js';

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

/** The text of a key or certificate file. Throws KEY_UNREADABLE with the file and the reason. */
export function readKeyFile(path: string): string {
  try {
    return readAtMost(path).toString('utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = WORDS[code] ?? (error instanceof Error ? error.message : String(error));
    throw new GatewayError('KEY_UNREADABLE', `cannot read ${path}: ${reason}`, { cause: error });
  }
}

/** Did it fail because this account may not read the file? */
export function isForbidden(error: GatewayError): boolean {
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && (cause.code === 'EACCES' || cause.code === 'EPERM');
}

/** May users outside the owner and the group read or write the file? */
export function isOpenToOthers(path: string): boolean {
  return (statSync(path).mode & 0o006) !== 0;
}
