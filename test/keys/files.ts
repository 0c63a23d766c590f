import { execFileSync } from 'node:child_process';
import { generateKeyPair, type KeyWish } from '../../src/keys/index.js';
import { systemRandom } from '../../src/shared/index.js';

export const NOW = Date.UTC(2026, 10, 23, 9);
export const DAY = 86_400_000;
export const clock = { now: () => NOW };

/** What most keys of the tests are made with. */
export const wish: KeyWish = { type: 'rsa', commonName: 'sso.example.org', days: 365, clock, random: systemRandom };

export const ecWish: KeyWish = { ...wish, type: 'ec' };

/** Runs openssl in `cwd`; gives its standard output. */
export function openssl(cwd: string, ...args: string[]): string {
  return execFileSync('openssl', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export async function privatePem(of: KeyWish): Promise<{ readonly key: string; readonly cert: string }> {
  const { privateKey, certificatePem } = await generateKeyPair(of);
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: certificatePem };
}
