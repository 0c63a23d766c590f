import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { debianFile } from '../support/debian.js';
import { rsaKeyPair, type TestKeyPair } from '../support/pki.js';
import { freePorts } from '../support/ports.js';
import { startProgram, untilAnswers, type Teardown } from '../support/program.js';
import { temporaryDirectory } from '../support/temporary.js';

/** Where an Apache will be, and its files. */
export interface ApachePlace {
  readonly url: string;
  readonly root: string;
  readonly keys: TestKeyPair;
  /** Writes a file that Apache's own user can read. @returns its path */
  readonly write: (path: string, text: string) => Promise<string>;
}

export async function apachePlace(t: Teardown): Promise<ApachePlace> {
  const root = await temporaryDirectory(t);
  // Started by root, Apache serves as www-data.
  await chmod(root, 0o755);
  const [port = 0] = await freePorts(1);
  const keys = rsaKeyPair(2048, 'apache');
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
    return join(root, path);
  };
  await write('sp.key', keys.privateKeyPem);
  await write('sp.crt', keys.certificatePem);
  return { url: `http://127.0.0.1:${port}`, root, keys, write };
}

export interface ApacheOptions {
  /** The module under test: its name, and its file below the modules directory. */
  readonly module: readonly [name: string, file: string];
  /** Configuration beside the listener. */
  readonly directives: string;
  /** Environment variables of a request that the page at `/private/` shows, each as a line `NAME=value`. */
  readonly shown: readonly string[];
}

const MODULES = '/usr/lib/apache2/modules';
const BASE_MODULES = ['authn_core', 'authz_core', 'authz_user', 'dir', 'include', 'mime', 'mpm_event'];

/** Debian's Apache as one process of this test, with a configuration of its own. */
export async function startApache(t: Teardown, place: ApachePlace, options: ApacheOptions): Promise<void> {
  const { url, root, write } = place;
  const lines = options.shown.map((name) => `${name}=<!--#echo encoding="none" var="${name}" -->`);
  await write('www/private/index.shtml', `${lines.join('\n')}\n`);
  await write('www/index.shtml', 'public\n');
  const [name, file] = options.module;
  const modules = [...BASE_MODULES.map((each) => [`${each}_module`, `mod_${each}.so`]), [name, file]];
  const configuration = await write(
    'apache.conf',
    `ServerRoot "${root}"
ServerName ${url}
UseCanonicalName On
Listen ${new URL(url).host}
PidFile "${root}/apache.pid"
ErrorLog "${root}/error.log"
LogLevel warn
User www-data
Group www-data
${modules.map(([each = '', path = '']) => `LoadModule ${each} ${MODULES}/${path}`).join('\n')}
TypesConfig /dev/null
DocumentRoot "${root}/www"
DirectoryIndex index.shtml
AddType text/plain .shtml
AddOutputFilter INCLUDES .shtml
<Directory "${root}/www">
  Options +Includes
</Directory>
${options.directives}
`,
  );
  const apache = debianFile('/usr/sbin/apache2');
  const program = await startProgram(t, [apache, '-X', '-d', root, '-f', configuration]);
  try {
    await untilAnswers(program, `${url}/index.shtml`, { fits: (status) => status === 200 });
  } catch (error) {
    throw new Error(await readFile(join(root, 'error.log'), 'utf8'), { cause: error });
  }
}

/** The lines of the private page. */
export function shownOn(html: string): Record<string, string> {
  return Object.fromEntries(
    html
      .trim()
      .split('\n')
      .map((line) => {
        const equals = line.indexOf('=');
        return [line.slice(0, equals), line.slice(equals + 1)];
      }),
  );
}
