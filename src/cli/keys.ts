import { dirname, join, relative, resolve } from 'node:path';
import { readPublishedKeys } from '../app/index.js';
import type { GatewayConfig } from '../config/index.js';
import {
  editFile,
  expiryOf,
  generateSigningKey,
  planPromotion,
  planRetirement,
  readCertificate,
  readGatewayYaml,
  readPemBundle,
  readPkcs12,
  removeKeyFiles,
  storeImportedKey,
  withNextKey,
  withStates,
  type ServedSince,
  type StateChange,
  type WrittenKey,
} from '../keys/index.js';
import { systemClock, systemRandom } from '../shared/index.js';
import { loadOrFail } from './configuration.js';
import { CommandFailure, type ExitStatus } from './exit.js';
import { readOrFail } from './read-input.js';
import type { Terminal } from './terminal.js';

interface KeyLine {
  readonly use: 'signing' | 'decryption';
  readonly id: string;
  readonly state: string;
  readonly type: string;
  readonly fingerprint: string;
  readonly notAfter: string;
  readonly daysLeft: number;
  readonly publishedAt: string | null;
}

export function listKeys(
  options: { readonly config: string; readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitStatus> {
  const config = loadOrFail(options.config, terminal);
  const lines = keyLines(config);
  if (options.json === true) terminal.out(JSON.stringify({ keys: lines }, null, 2));
  else {
    for (const { use, id, state, type, notAfter, daysLeft, fingerprint } of lines) {
      terminal.out(`${use} ${id} ${state}: ${type}, until ${notAfter} (${daysLeft} days), SHA-256 ${fingerprint}`);
    }
  }
  return Promise.resolve(0);
}

function keyLines({ signing, decryption }: GatewayConfig): KeyLine[] {
  const now = systemClock.now();
  const line = (
    use: KeyLine['use'],
    entry: { id: string; cert: string; state: string; publishedAt?: number | undefined },
  ) => {
    const { fingerprint, notAfter, keyKind } = readCertificate(entry.cert);
    return {
      use,
      id: entry.id,
      state: entry.state,
      type: keyKind,
      fingerprint,
      notAfter: new Date(notAfter).toISOString(),
      daysLeft: expiryOf(notAfter, now).days,
      publishedAt: entry.publishedAt === undefined ? null : new Date(entry.publishedAt).toISOString(),
    };
  };
  return [
    ...signing.keys.map((entry) => line('signing', entry)),
    ...decryption.keys.map((entry) => line('decryption', entry)),
  ];
}

export interface GenerateOptions {
  readonly config: string;
  readonly type: 'rsa' | 'ec';
  readonly bits?: number;
  readonly days: number;
  readonly commonName: string;
  readonly directory?: string;
  readonly add?: boolean;
}

/** Makes `ID.key` and `ID.crt`; with `--add` also the entry in gateway.yaml, in state next. */
export async function generateKey(id: string, options: GenerateOptions, terminal: Terminal): Promise<ExitStatus> {
  const { type, bits, days, commonName } = options;
  const directory = keyDirectory(options);
  foresee(id, options);
  const written = await generateSigningKey({
    id,
    directory,
    type,
    bits,
    days,
    commonName,
    clock: systemClock,
    random: systemRandom,
  });
  announce(written, options, terminal);
  return 0;
}

export interface ImportOptions {
  readonly config: string;
  readonly passphraseFile?: string;
  readonly directory?: string;
  readonly add?: boolean;
}

/** Takes a key and its certificate out of a PEM or PKCS#12 file. */
export async function importKey(
  id: string,
  file: string,
  options: ImportOptions,
  terminal: Terminal,
): Promise<ExitStatus> {
  foresee(id, options);
  const bytes = readOrFail(file);
  const passphrase =
    options.passphraseFile === undefined ? undefined : readOrFail(options.passphraseFile).toString('utf8').trim();
  const text = bytes.toString('latin1');
  const isPem = text.includes('-----BEGIN ');
  const imported = isPem ? readPemBundle(text, passphrase) : await readPkcs12(bytes, passphrase);
  announce(storeImportedKey(keyDirectory(options), id, imported), options, terminal);
  return 0;
}

export interface RotateOptions {
  readonly config: string;
  readonly force?: string;
}

/** Makes a next key the one that signs; refused before it was published for 48 hours, unless forced with a reason. */
export function promoteKey(id: string, options: RotateOptions, terminal: Terminal): Promise<ExitStatus> {
  if (options.force?.trim() === '') {
    throw new CommandFailure(2, '--force needs a reason, such as --force "loaded in Zivver by hand"');
  }
  return change(options, terminal, (config) =>
    planPromotion(config.signing.keys, id, systemClock.now(), {
      forcedBecause: options.force,
      servedSince: servedSince(config, id, options.force !== undefined),
    }),
  );
}

/** As the gateway of this machine has written it down. @throws GatewayError FILE_UNREADABLE, unless `forced` */
function servedSince({ dataDirectory, signing }: GatewayConfig, id: string, forced: boolean): ServedSince {
  try {
    const entry = signing.keys.find((key) => key.id === id);
    const served = readPublishedKeys(dataDirectory);
    if (served === null || entry === undefined) return undefined;
    return served[readCertificate(entry.cert).fingerprint] ?? null;
  } catch (error) {
    if (!forced) throw error;
    return null;
  }
}

/** Takes a next key out of the metadata. */
export function retireKey(id: string, options: RotateOptions, terminal: Terminal): Promise<ExitStatus> {
  return change(options, terminal, ({ signing }) => planRetirement(signing.keys, id));
}

function change(
  options: RotateOptions,
  terminal: Terminal,
  plan: (config: GatewayConfig) => readonly StateChange[],
): Promise<ExitStatus> {
  const changes = plan(loadOrFail(options.config, terminal));
  editFile(gatewayYaml(options.config), (text) => withStates(text, changes));
  for (const { id, state } of changes) terminal.out(`${id} is now ${state}`);
  return Promise.resolve(0);
}

interface Addition {
  readonly config: string;
  readonly add?: boolean;
}

/** Finds out that gateway.yaml would not take the key before there is one. */
function foresee(id: string, { config, add }: Addition): void {
  if (add === true) withNextKey(readGatewayYaml(gatewayYaml(config)), { id, key: id, cert: id }, systemClock.now());
}

function announce(written: WrittenKey, { config, add }: Addition, terminal: Terminal): void {
  const { id, key, cert } = written;
  if (add === true) {
    const base = dirname(resolve(config));
    const entry = { id, key: relative(base, key), cert: relative(base, cert) };
    try {
      editFile(gatewayYaml(config), (text) => withNextKey(text, entry, systemClock.now()));
    } catch (error) {
      removeKeyFiles(written);
      throw error;
    }
  }
  terminal.out(`${key} (private, mode 0600)`);
  terminal.out(cert);
  if (add === true) terminal.out(`${gatewayYaml(config)} names it, in state next`);
}

/** Beside the configuration directory, as the examples have it. */
function keyDirectory({ config, directory }: { readonly config: string; readonly directory?: string }): string {
  return directory === undefined ? join(dirname(resolve(config)), 'certs') : resolve(directory);
}

function gatewayYaml(config: string): string {
  return join(config, 'gateway.yaml');
}
