import type { KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GatewayError } from '../shared/index.js';

/** The two files of a key. */
export interface WrittenKey {
  readonly id: string;
  readonly key: string;
  readonly cert: string;
}

/** Throws KEY_EXISTS, and KEY_REQUEST_INVALID for an id that is no file name. */
export function keyPaths(directory: string, id: string): WrittenKey {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id)) {
    throw new GatewayError(
      'KEY_REQUEST_INVALID',
      `"${id}" is no key id: use letters, digits, dots, dashes and underscores`,
    );
  }
  const paths = { id, key: join(directory, `${id}.key`), cert: join(directory, `${id}.crt`) };
  const existing = [paths.key, paths.cert].find((path) => existsSync(path));
  if (existing !== undefined) throw new GatewayError('KEY_EXISTS', `${existing} exists already`);
  return paths;
}

/**
 * Writes the private key (PKCS#8, mode 0600) and the certificate. Never writes over a file, nor leaves one of the two
 * alone. Throws KEY_EXISTS, FILE_UNWRITABLE.
 */
export function writeKeyFiles(paths: WrittenKey, privateKey: KeyObject, certificatePem: string): void {
  const directory = dirname(paths.key);
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw unwritable(directory, error);
  }
  create(paths.key, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  try {
    create(paths.cert, certificatePem, 0o644);
  } catch (error) {
    rmSync(paths.key);
    throw error;
  }
}

/** Takes back what `writeKeyFiles` wrote, where the step after it failed. */
export function removeKeyFiles({ key, cert }: WrittenKey): void {
  rmSync(key, { force: true });
  rmSync(cert, { force: true });
}

function create(path: string, content: string | Buffer, mode: number): void {
  try {
    // 'wx' fails where the file has appeared since it was looked for.
    writeFileSync(path, content, { mode, flag: 'wx' });
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (exists) throw new GatewayError('KEY_EXISTS', `${path} exists already`, { cause: error });
    throw unwritable(path, error);
  }
}

/** The reason of the file system, with the path; a GatewayError stays what it is. */
export function unwritable(path: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new GatewayError('FILE_UNWRITABLE', `cannot write ${path}: ${reason}`, { cause: error });
}
