import { createHash, X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verificationKeyOf } from '../../src/xml/index.js';
import { projectRoot } from '../support/project.js';
import { idpPair } from '../attacks/good-responses.js';
import type { Crash } from './fuzzer.js';
import type { World } from './targets.js';

export const VECTORS = `${projectRoot}test/vectors`;

/** A crasher as a file: with the public certificates that were trusted, so that its signatures still verify. */
export interface Vector {
  readonly target: string;
  readonly reason: string;
  readonly detail: string;
  /** Base64. */
  readonly input: string;
  /** PEM. */
  readonly certificates: readonly string[];
}

/** @returns the file's path */
export async function writeVector({ target, reason, detail, input }: Crash): Promise<string> {
  const certificates = (['rsa', 'ecdsa'] as const).map((kind) => idpPair(kind).certificatePem);
  const vector: Vector = { target, reason, detail, input: input.toString('base64'), certificates };
  const name = createHash('sha256').update(input).digest('hex').slice(0, 12);
  await mkdir(VECTORS, { recursive: true });
  const file = join(VECTORS, `${target}-${reason}-${name}.json`);
  await writeFile(file, `${JSON.stringify(vector, null, 2)}\n`);
  return file;
}

export async function readVectors(): Promise<readonly (Vector & { readonly file: string })[]> {
  const files = (await readdir(VECTORS)).filter((file) => file.endsWith('.json'));
  return Promise.all(
    files.map(async (file) => ({ file, ...(JSON.parse(await readFile(join(VECTORS, file), 'utf8')) as Vector) })),
  );
}

/** Where only those certificates are trusted, and nobody ever said anything. */
export function worldOf({ certificates }: Vector): World {
  const idpKeys = certificates.map((pem) => verificationKeyOf(new X509Certificate(pem)));
  return { idpKeys, spKeys: idpKeys, said: new Set() };
}
