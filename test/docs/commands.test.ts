import type { Command } from 'commander';
import t from 'tap';
import { parse } from 'yaml';
import { createProgram } from '../../src/cli/program.js';
import type { Terminal } from '../../src/cli/terminal.js';
import { codeSpansOf, fencesOf, markdownPages } from '../support/markdown.js';
import { projectFile } from '../support/project.js';

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

const manifest = parse(projectFile('package.json')) as Manifest;
const pages = markdownPages();

function program(): { program: Command; said: string[]; reached: () => boolean } {
  const said: string[] = [];
  const say = (line: string): void => {
    said.push(line);
  };
  const terminal: Terminal = {
    out: say,
    err: say,
    readStandardInput: () => Promise.resolve(''),
    closed: new AbortController().signal,
    env: {},
    columns: 80,
  };
  let reached = false;
  // Stops where a command would begin its work: what is asked here is only whether it is accepted.
  const made = createProgram(terminal, () => {
    reached = true;
    return Promise.resolve();
  });
  return { program: made, said, reached: () => reached };
}

/** What a shell hands to the program: up to a pipe, a redirection, a comment or the end of the command. */
function argumentsOf(line: string): string[] {
  const [own = ''] = line.split(/ (?:[|>#]|&&)/);
  return own.trim().split(/\s+/).slice(1);
}

/** Runs a whole command line as far as the program accepts it. */
async function complaint(line: string): Promise<string | null> {
  const { program: made, said, reached } = program();
  try {
    await made.parseAsync(argumentsOf(line), { from: 'user' });
  } catch (error) {
    if (argumentsOf(line).includes('--help') && said.join('\n').includes('Usage')) return null;
    return said.join(' ') || String(error);
  }
  return reached() ? null : 'is no whole command';
}

/** For a mention in the prose, which may leave arguments out: do its command and its options exist? */
function unknownPart(mention: string): string | null {
  let command: Command = program().program;
  for (const word of argumentsOf(mention)) {
    if (word.startsWith('--')) {
      const known = command.options.some(({ long }) => long === word) || word === '--help';
      if (!known) return word;
    } else if (/^[a-z-]+$/.test(word) && command.commands.length > 0) {
      const found = command.commands.find((candidate) => candidate.name() === word);
      if (found === undefined) return word;
      command = found;
    }
  }
  return null;
}

t.test('every `npm run` script that a page names is in package.json', (t) => {
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map((match) => ({ path, script: match[1] ?? '' })),
  );
  t.ok(named.length > 5);
  for (const { path, script } of named) t.ok(script in manifest.scripts, `${path} names npm run ${script}`);
  t.end();
});

t.test('every command line of a shell block is accepted by the program', async (t) => {
  const lines = pages.flatMap(({ path, text }) =>
    fencesOf(text, 'sh')
      .flatMap((block) => block.split('\n'))
      .filter((line) => line.startsWith('claims-gateway '))
      .map((line) => ({ path, line })),
  );
  t.ok(lines.length > 5);
  for (const { path, line } of lines) {
    t.equal(unknownPart(line), null, `${path}: ${line}`);
    t.equal(await complaint(line), null, `${path}: ${line}`);
  }
});

t.test('every command and option that a page mentions exists', (t) => {
  const mentions = pages.flatMap(({ path, text }) =>
    codeSpansOf(text)
      .filter((span) => span.startsWith('claims-gateway '))
      .map((mention) => ({ path, mention })),
  );
  t.ok(mentions.length > 10);
  for (const { path, mention } of mentions) t.equal(unknownPart(mention), null, `${path}: ${mention}`);
  t.end();
});

t.test('the systemd unit starts the program with a command that it accepts', async (t) => {
  const [, script = '', rest = ''] =
    /^ExecStart=\/usr\/bin\/node \/opt\/claims-gateway\/(\S+) (.+)$/m.exec(
      projectFile('deploy/claims-gateway.service'),
    ) ?? [];
  t.equal(script, manifest.bin['claims-gateway']);
  t.equal(await complaint(`claims-gateway ${rest}`), null);
});

t.test('what does not exist is found', async (t) => {
  t.equal(unknownPart('claims-gateway no-such'), 'no-such');
  t.equal(unknownPart('claims-gateway serve --no-such'), '--no-such');
  t.equal(unknownPart('claims-gateway keys no-such'), 'no-such');
  t.equal(unknownPart('claims-gateway inspect --idp NAME --now TIME'), null);
  t.match(await complaint('claims-gateway serve --no-such'), /unknown option/);
  t.match(await complaint('claims-gateway inspect response.xml'), /--idp/, 'a required option is missing');
  t.match(await complaint('claims-gateway keys'), /Usage|whole command/);
  t.equal(await complaint('claims-gateway metadata --sp > for-zivver.xml'), null);
});
