import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { GatewayConfig } from '../config/index.js';

/**
 * A digest over the files that the configuration names and does not hold: keys and certificates. A certificate that
 * is renewed in its place changes it. Stays in the process.
 */
export function readKeyMaterial({ signing, decryption, listen }: GatewayConfig): string {
  const pairs = [...signing.keys, ...decryption.keys, ...(listen.tls === undefined ? [] : [listen.tls])];
  const hash = createHash('sha256');
  for (const path of pairs.flatMap(({ key, cert }) => [key, cert])) {
    hash.update(path).update('\0').update(contentOf(path)).update('\0');
  }
  return hash.digest('hex');
}

/** What cannot be read is told by those who need it. */
function contentOf(path: string): Buffer {
  try {
    return createHash('sha256').update(readFileSync(path)).digest();
  } catch {
    return Buffer.alloc(0);
  }
}
