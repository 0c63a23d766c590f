import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { programVersion } from '../shared/index.js';
import type { DeadLetterOptions, DismissOptions, RetryOptions } from './dead-letters.js';
import type { ExitStatus } from './exit.js';
import type { GenerateOptions, ImportOptions, RotateOptions } from './keys.js';
import type { Terminal } from './terminal.js';

type Ends = (run: () => Promise<ExitStatus>) => Promise<void>;

/**
 * The commands with their options. The file of a command is imported when it is called, so that none pays for what
 * another one needs.
 */
export function createProgram(terminal: Terminal, ends: Ends): Command {
  const program = new Command('claims-gateway')
    .description('SAML gateway between an identity provider and Zivver')
    .version(programVersion())
    .exitOverride()
    .showHelpAfterError('(claims-gateway --help lists the commands)')
    .configureOutput({
      writeOut: (text) => {
        terminal.out(text.trimEnd());
      },
      writeErr: (text) => {
        terminal.err(text.trimEnd());
      },
      getOutHelpWidth: () => terminal.columns,
    });
  const command = (parent: Command, nameAndArgs: string, description: string, example: string): Command =>
    parent
      .command(nameAndArgs)
      .description(description)
      .addHelpText('after', `\nExample:\n  claims-gateway ${example}`);
  addServing(command, program, terminal, ends);
  addLooking(command, program, terminal, ends);
  addKeys(command, program, terminal, ends);
  addDeadLetters(command, program, terminal, ends);
  addOperating(command, program, terminal, ends);
  return program;
}

type Add = (parent: Command, nameAndArgs: string, description: string, example: string) => Command;

const configOption = () => new Option('--config <dir>', 'configuration directory').default('./config');
const jsonOption = () => new Option('--json', 'print one JSON document');

function addServing(command: Add, program: Command, terminal: Terminal, ends: Ends): void {
  command(program, 'serve', 'run the gateway', 'serve --with-worker')
    .addOption(configOption())
    .option('--with-worker', 'also run the provisioning worker (default with the embedded store)')
    .option('--no-with-worker', 'do not run the provisioning worker')
    .addOption(new Option('--processes <n>', 'processes that share the port').default(1).argParser(processCount))
    .action((options: { config: string; withWorker?: boolean; processes: number }) =>
      ends(async () => (await import('./serve.js')).serve(options, terminal)),
    );
  command(program, 'worker', 'run the provisioning worker', 'worker --config /etc/claims-gateway')
    .addOption(configOption())
    .action((options: { config: string }) => ends(async () => (await import('./worker.js')).worker(options, terminal)));
  command(program, 'demo', 'the whole program against a sandbox on this machine', 'demo --once')
    .option('--once', 'stop after the login')
    .addOption(jsonOption())
    .option('--redis <url>', 'use this Redis in place of the embedded store')
    .action((options: { once?: boolean; json?: boolean; redis?: string }) =>
      ends(async () => (await import('./demo.js')).demo(options, terminal)),
    );
}

function addLooking(command: Add, program: Command, terminal: Terminal, ends: Ends): void {
  command(program, 'check-config', 'all faults of the configuration at once', 'check-config --online')
    .addOption(configOption())
    .addOption(jsonOption())
    .option('--online', 'also ask the store, the IdP metadata, the SCIM key and the clock')
    .action((options: { config: string; json?: boolean; online?: boolean }) =>
      ends(async () => (await import('./check-config.js')).checkConfig(options, terminal)),
    );
  command(
    program,
    'inspect [file]',
    'what would become of a response (XML, base64 or form body; - is standard input)',
    'inspect --idp okta response.xml',
  )
    .addOption(configOption())
    .requiredOption('--idp <name>', 'the identity provider that it came from')
    .option('--now <time>', 'judge it as of this time (ISO 8601)')
    .option('--in-response-to <id>', 'take this as the ID of a request that we sent')
    .addOption(jsonOption())
    .action(
      (
        file: string | undefined,
        options: { config: string; idp: string; now?: string; inResponseTo?: string; json?: boolean },
      ) => ends(async () => (await import('./inspect.js')).inspect(file ?? '-', options, terminal)),
    );
  command(program, 'metadata', 'our metadata, for an identity provider or for Zivver', 'metadata --idp okta')
    .addOption(configOption())
    .option('--idp <name>', 'ours as the service provider of this identity provider')
    .option('--sp', 'ours as the identity provider of the service provider')
    .action((options: { config: string; idp?: string; sp?: boolean }) =>
      ends(async () => (await import('./metadata.js')).metadata(options, terminal)),
    );
  const audit = program.command('audit').description('the audit log');
  command(audit, 'verify <files...>', 'whether the hash chain holds', 'audit verify data/audit/*.jsonl')
    .addOption(
      new Option('--head <digest>', 'of a line that must be there, as /healthz told it; may be repeated').argParser(
        digests,
      ),
    )
    .addOption(jsonOption())
    .action((files: string[], options: { json?: boolean; head?: readonly string[] }) =>
      ends(async () => (await import('./audit.js')).verifyFiles(files, options, terminal)),
    );
}

function addKeys(command: Add, program: Command, terminal: Terminal, ends: Ends): void {
  const keys = program.command('keys').description('the signing and decryption keys');
  const directory = () =>
    new Option('--directory <dir>', 'where the files go (default: certs beside the configuration)');
  const add = () => new Option('--add', 'also name it in gateway.yaml, in state next');
  command(keys, 'generate <id>', 'make a key and a self-signed certificate', 'keys generate 2027 --add')
    .addOption(configOption())
    .addOption(new Option('--type <type>', 'kind of key').choices(['rsa', 'ec']).default('rsa'))
    .addOption(new Option('--bits <n>', 'RSA: 2048 to 8192; EC: 256, 384 or 521').argParser(positiveInteger))
    .addOption(new Option('--days <n>', 'validity of the certificate').default(1096).argParser(positiveInteger))
    .option('--common-name <name>', 'common name of the certificate', 'claims-gateway')
    .addOption(directory())
    .addOption(add())
    .action((id: string, options: GenerateOptions) =>
      ends(async () => (await import('./keys.js')).generateKey(id, options, terminal)),
    );
  command(keys, 'import <id> <file>', 'take a key out of a PEM or PKCS#12 file', 'keys import 2027 key.p12')
    .addOption(configOption())
    .option('--passphrase-file <file>', 'file that holds the passphrase')
    .addOption(directory())
    .addOption(add())
    .action((id: string, file: string, options: ImportOptions) =>
      ends(async () => (await import('./keys.js')).importKey(id, file, options, terminal)),
    );
  command(keys, 'list', 'the configured keys with state and expiry', 'keys list')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: { config: string; json?: boolean }) =>
      ends(async () => (await import('./keys.js')).listKeys(options, terminal)),
    );
  command(keys, 'promote <id>', 'make a next key the one that signs', 'keys promote 2027')
    .addOption(configOption())
    .option('--force <reason>', 'although it has not been published for 48 hours; the reason is recorded')
    .action((id: string, options: RotateOptions) =>
      ends(async () => (await import('./keys.js')).promoteKey(id, options, terminal)),
    );
  command(keys, 'retire <id>', 'take a next key out of the metadata', 'keys retire 2027')
    .addOption(configOption())
    .action((id: string, options: RotateOptions) =>
      ends(async () => (await import('./keys.js')).retireKey(id, options, terminal)),
    );
}

function addOperating(command: Add, program: Command, terminal: Terminal, ends: Ends): void {
  const trace = program.command('trace').description('the login traces');
  command(trace, 'show <reference>', 'what became of one login', 'trace show 7Q3K-9M2X-TB4W')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((reference: string, options: { config: string; json?: boolean }) =>
      ends(async () => (await import('./trace.js')).showTrace(reference, options, terminal)),
    );
  const idp = program.command('idp').description('the identity providers');
  command(idp, 'candidates <name>', 'new signing certificates that wait for approval', 'idp candidates okta')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((name: string, options: { config: string; json?: boolean }) =>
      ends(async () => (await import('./idp.js')).candidates(name, options, terminal)),
    );
  command(
    idp,
    'approve <name> <fingerprint>',
    'let a new signing certificate verify, after comparing its fingerprint with the identity provider',
    `idp approve okta ${'3f:'.repeat(31)}3f`,
  )
    .addOption(configOption())
    .action((name: string, fingerprint: string, options: { config: string }) =>
      ends(async () => (await import('./idp.js')).approve(name, fingerprint, options, terminal)),
    );
}

function addDeadLetters(command: Add, program: Command, terminal: Terminal, ends: Ends): void {
  const letters = program.command('dead-letters').description('provisioning that needs a person');
  command(letters, 'list', 'what needs a person, oldest first', 'dead-letters list --json')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: DeadLetterOptions) =>
      ends(async () => (await import('./dead-letters.js')).listDeadLetters(options, terminal)),
    );
  command(letters, 'show <id>', 'one of them with reason and remedy', 'dead-letters show ID')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((id: string, options: DeadLetterOptions) =>
      ends(async () => (await import('./dead-letters.js')).showDeadLetter(id, options, terminal)),
    );
  command(letters, 'retry [id]', 'put one back in the queue, or all', 'dead-letters retry --all')
    .addOption(configOption())
    .option('--all', 'every one of every tenant')
    .addOption(jsonOption())
    .action((id: string | undefined, options: RetryOptions) =>
      ends(async () => (await import('./dead-letters.js')).retryDeadLetters(id, options, terminal)),
    );
  command(letters, 'dismiss <id>', 'settled by hand', 'dead-letters dismiss ID --note "has left"')
    .addOption(configOption())
    .requiredOption('--note <text>', 'how it was settled; goes to the audit log')
    .addOption(jsonOption())
    .action((id: string, options: DismissOptions) =>
      ends(async () => (await import('./dead-letters.js')).dismissDeadLetter(id, options, terminal)),
    );
  const followUps = program.command('follow-ups').description('accounts that differ from what a login says');
  command(followUps, 'list', 'what differs, for a person to settle in Zivver', 'follow-ups list --json')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: DeadLetterOptions) =>
      ends(async () => (await import('./follow-ups.js')).listFollowUps(options, terminal)),
    );
  command(followUps, 'settle <id>', 'settled by hand', 'follow-ups settle ID --note "name changed in Zivver"')
    .addOption(configOption())
    .requiredOption('--note <text>', 'how they were settled; goes to the audit log')
    .addOption(jsonOption())
    .action((id: string, options: DismissOptions) =>
      ends(async () => (await import('./follow-ups.js')).settleFollowUps(id, options, terminal)),
    );
}

function digests(value: string, before: readonly string[] = []): readonly string[] {
  if (!/^[0-9a-f]{64}$/i.test(value)) throw new InvalidArgumentError('a digest has 64 hexadecimal digits');
  return [...before, value];
}

// One for each core is enough; a slip of the finger must not take the machine down.
function processCount(text: string): number {
  const count = positiveInteger(text);
  const most = 4 * availableParallelism();
  if (count > most) throw new InvalidArgumentError(`at most ${most} on this machine, which is four for each core`);
  return count;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number, 1 or more');
  return value;
}
