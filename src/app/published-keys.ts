import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../shared/index.js';
import { writeFileAtomically } from './metadata/atomic-file.js';

/** SHA-256 fingerprint of a certificate → since when it has stood in our metadata, milliseconds since 1970. */
export type PublishedKeys = Readonly<Record<string, number>>;

const schema = z.record(z.string(), z.number());

function fileOf(dataDirectory: string): string {
  return join(dataDirectory, 'published-keys.json');
}

/**
 * What this machine's gateways have in their metadata, and since when: an entry in gateway.yaml alone publishes nothing.
 *
 * @returns null where none has run with this data directory
 * @throws GatewayError FILE_UNREADABLE, also where it is damaged
 */
export function readPublishedKeys(dataDirectory: string): PublishedKeys | null {
  const path = fileOf(dataDirectory);
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new GatewayError('FILE_UNREADABLE', `cannot read ${path}, or it is damaged`, { cause });
  }
}

/**
 * Writes down that these certificates stand in the metadata now, and no others. One that went out and comes again counts
 * anew, since others may have forgotten it.
 *
 * @throws what the file system throws
 */
export async function recordPublishedKeys(
  dataDirectory: string,
  fingerprints: readonly string[],
  now: number,
): Promise<void> {
  const before = knownBefore(dataDirectory);
  const entries = fingerprints.map((fingerprint) => [fingerprint, before[fingerprint] ?? now] as const);
  if (entries.length === Object.keys(before).length && entries.every(([key]) => key in before)) return;
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  await writeFileAtomically(fileOf(dataDirectory), `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
}

/** Of a damaged file nothing counts: too late is no harm. */
function knownBefore(dataDirectory: string): PublishedKeys {
  try {
    return readPublishedKeys(dataDirectory) ?? {};
  } catch {
    return {};
  }
}
