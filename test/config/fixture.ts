import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import {
  formatFault,
  loadConfiguration,
  type GatewayConfig,
  type LoadedConfiguration,
} from '../../src/config/index.js';
import { generateKeyPair, keyInspector } from '../../src/keys/index.js';
import { systemRandom } from '../../src/shared/index.js';

/** A moment at which the example's second key has been published for three weeks. */
export const NOW = Date.UTC(2026, 10, 23, 9);
export const clock = { now: () => NOW };
export const DATA_KEY = Buffer.alloc(32, 7).toString('base64');

const SECRETS: Readonly<Record<string, string>> = {
  'operations-token': 'operations-token-planted',
  'data-key': DATA_KEY,
  'scim-token': 'scim-token-planted',
  'okta-domain-key': 'domain-key-planted',
  'domain-key': 'domain-key-planted',
  'example-net-domain-key': 'another-domain-key-planted',
  'example-net-scim-token': 'another-scim-token-planted',
};

/** A copy of the repository's config/, with all secrets beside it, that a test can spoil. */
export interface Fixture {
  readonly base: string;
  readonly config: string;
  readonly load: (env?: Readonly<Record<string, string>>) => LoadedConfiguration;
  /** The one configuration, where there are no faults. */
  readonly good: (env?: Readonly<Record<string, string>>) => GatewayConfig;
  /** Each fault without its place in the base directory. */
  readonly faults: (env?: Readonly<Record<string, string>>) => readonly string[];
  readonly warnings: (env?: Readonly<Record<string, string>>) => readonly string[];
  readonly write: (path: string, text: string) => void;
  /** Sets (or with undefined removes) a value in gateway.yaml or an IdP's file. */
  readonly set: (file: string, path: readonly (string | number)[], value: unknown) => void;
}

const wish = { type: 'rsa', days: 400, clock, random: systemRandom } as const;

// Made once per process: RSA keys are slow to make, and no test alters them.
const pairs = Promise.all(
  ['2026', '2027', 'google'].map(async (id) => [id, await generateKeyPair({ ...wish, commonName: id })] as const),
);

export async function fixture(base: string): Promise<Fixture> {
  const config = join(base, 'config');
  cpSync(resolve('config'), config, { recursive: true });
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), text, { mode: 0o600 });
  };
  for (const [name, secret] of Object.entries(SECRETS)) write(`certs/${name}`, `${secret}\n`);
  for (const [id, pair] of await pairs) {
    write(`certs/${id}.key`, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    write(`certs/${id}.crt`, pair.certificatePem);
  }
  const load: Fixture['load'] = (env = {}) => loadConfiguration(config, { env, keys: keyInspector, now: NOW });
  const shown = (text: string): string => text.replaceAll(`${base}/`, '');
  return {
    base,
    config,
    load,
    write,
    good(env) {
      const { config: loaded, faults } = load(env);
      if (loaded === undefined) throw new Error(faults.map(formatFault).join('\n'));
      return loaded;
    },
    faults: (env) => load(env).faults.map((fault) => shown(formatFault(fault))),
    warnings: (env) => load(env).warnings.map((fault) => shown(formatFault(fault))),
    set(file, path, value) {
      const whole = join('config', file);
      const document = parseDocument(readFileSync(join(base, whole), 'utf8'));
      if (value === undefined) document.deleteIn(path);
      else document.setIn(path, value);
      write(whole, document.toString({ lineWidth: 0 }));
    },
  };
}
