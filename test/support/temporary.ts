import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new directory that goes at the test's teardown. Ask for it before what lives in it, which is then closed first. */
export async function temporaryDirectory(t: { teardown(action: () => unknown): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'claims-gateway-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}
