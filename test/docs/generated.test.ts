import t from 'tap';
import { errorTableRows, generatedTexts, withErrorTable } from '../support/generated.js';
import { projectFile } from '../support/project.js';

for (const [path, content] of generatedTexts()) {
  t.test(`${path} is what the code says`, (t) => {
    // Compared here, so that a stale schema of thousands of lines prints one line.
    t.ok(projectFile(path) === content, `${path} is current; if not, run: npm run generate`);
    t.end();
  });
}

t.test('the error table takes the place of what stood between its markers, and of nothing else', (t) => {
  const entry = { status: 403, public: 'refused', meaning: 'One | or the other.', remedy: 'Mend it.' } as const;
  const rows = errorTableRows({ SOME_CODE: entry });
  t.same(rows, ['| `SOME_CODE` | 403 | One \\| or the other. | Mend it. |']);
  const markers = projectFile('README.md').match(/<!-- error table: .*-->/g) ?? [];
  t.equal(markers.length, 2);
  const page = ['before', markers[0], '| `OLD` | 400 | x | y |', markers[1], 'after'].join('\n');
  const written = withErrorTable(page, rows);
  t.match(written, /^before\n/);
  t.match(written, /\nafter$/);
  t.match(written, `\n${rows.join('')}\n`);
  t.notMatch(written, 'OLD');
  t.equal(withErrorTable(written, rows), written, 'writing twice changes nothing');
  t.throws(() => withErrorTable('no markers', rows), /once each/);
  t.throws(() => withErrorTable(`${page}\n${page}`, rows), /once each/);
  t.throws(() => withErrorTable([...markers].reverse().join('\n'), rows), /once each/);
  t.end();
});
