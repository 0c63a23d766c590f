import { closeSync, openSync, readSync } from 'node:fs';

const CHUNK = 64 * 1024;

/** What a key, a document or a secret takes at most, in bytes; many times what any of them needs. */
export const MOST_OF_A_FILE = 1024 * 1024;

/**
 * Reads a whole file, or what comes out of a pipe, into memory, and gives up where there is more than `limit` bytes: a
 * device has no end.
 *
 * @throws what the file system throws, and Error with the code EFBIG
 */
export function readAtMost(path: string, limit: number = MOST_OF_A_FILE): Buffer {
  const file = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let total = 0; ;) {
      const chunk = Buffer.alloc(CHUNK);
      const length = readSync(file, chunk);
      if (length === 0) return Buffer.concat(chunks);
      total += length;
      if (total > limit) throw Object.assign(new Error(`it is larger than ${limit} bytes`), { code: 'EFBIG' });
      chunks.push(chunk.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
}
