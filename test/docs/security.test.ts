import { existsSync } from 'node:fs';
import t from 'tap';
import { attacks } from '../../src/sandbox/attacks/index.js';
import { projectFile, projectRoot } from '../support/project.js';

/** A file that SECURITY.md points at, with what it names in it. */
interface Pointer {
  readonly file: string;
  readonly names: readonly string[];
}

const page = projectFile('SECURITY.md');
const rows = page.split('\n').filter((line) => line.startsWith('|') && line.includes('`test/'));

function pointersIn(row: string): Pointer[] {
  return row
    .split(/(?=`(?:test|bench)\/)/)
    .slice(1)
    .map((part) => ({
      file: /^`([^`]+)`/.exec(part)?.[1] ?? '',
      names: [...part.matchAll(/“([^”]+)”|\(([a-z-]+(?:, [a-z-]+)*)\)/g)].flatMap(([, quoted, families]) =>
        quoted === undefined ? (families ?? '').split(', ') : [quoted],
      ),
    }));
}

const pointers = rows.flatMap(pointersIn);

/** The names and families of the attacks that a file under test/attacks runs. */
function attacksOf(source: string): Set<string> {
  const own = attacks.filter(({ family }) => source.includes(`'${family}'`));
  return new Set(own.flatMap(({ name, family }) => [name, family]));
}

t.test('every rule and every vulnerability points at tests', (t) => {
  t.ok(rows.length > 60, `${rows.length} rows`);
  t.strictSame(
    page.split('\n').filter((line) => line.startsWith('| CVE-') && !line.includes('`test/')),
    [],
  );
  t.end();
});

for (const file of new Set(pointers.map((pointer) => pointer.file))) {
  t.test(`what SECURITY.md says of ${file} is there`, (t) => {
    t.ok(existsSync(`${projectRoot}${file}`), 'the file');
    const source = projectFile(file);
    const known = attacksOf(source);
    for (const name of pointers.filter((pointer) => pointer.file === file).flatMap(({ names }) => names)) {
      t.ok(known.has(name) || source.includes(name), name);
    }
    t.end();
  });
}
