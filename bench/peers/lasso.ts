import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, type Cost } from '../measure.js';
import { idpMetadata, receiverMetadata } from './metadata.js';

// Python is not compiled: the script is read where it stands in the sources.
const SCRIPT = join(import.meta.dirname, '../../../bench/peers/verify-with-lasso.py');

/** Verification alone by Lasso (C); `null` where Debian's python3-lasso is not installed. */
export async function lassoCost(response: Buffer, rounds: number, calls: number): Promise<Cost | null> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-lasso-'));
  const paths = ['response.xml', 'idp.xml', 'sp.xml'].map((name) => join(directory, name));
  const contents = [response, await idpMetadata(), await receiverMetadata()];
  try {
    for (const [index, path] of paths.entries()) writeFileSync(path, contents[index] ?? '');
    const output = execFileSync('/usr/bin/python3', [SCRIPT, ...paths, String(rounds), String(calls)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 60_000,
    });
    const costs = JSON.parse(output) as readonly Cost[];
    return {
      elapsed: median(costs.map((cost) => cost.elapsed)),
      processor: median(costs.map((cost) => cost.processor)),
    };
  } catch (fault) {
    const { status, code } = fault as { readonly status?: number | null; readonly code?: string };
    if (status === 3 || code === 'ENOENT') return null;
    throw fault;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
