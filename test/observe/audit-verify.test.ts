import { createHash } from 'node:crypto';
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { AuditLog, auditSegmentFiles, verifyAudit } from '../../src/observe/index.js';
import { systemClock } from '../../src/shared/index.js';

/** Three segments of one instance: two processes that ended well, then one that runs no more. */
async function chain(directory: string): Promise<string[]> {
  const file = path.join(directory, 'audit.jsonl');
  for (const run of [1, 2, 3]) {
    const log = await AuditLog.open({ file, instance: 'serve', clock: systemClock });
    for (const step of [1, 2, 3]) await log.append({ event: 'login', code: 'OK', reference: `r${run}${step}` });
    await log.close();
  }
  return auditSegmentFiles(file);
}

async function edit(file: string, change: (lines: string[]) => string[]): Promise<void> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  await writeFile(
    file,
    change(lines)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

t.test('an untouched chain holds, in whatever order the files are named', async (t) => {
  const files = await chain(t.testdir());
  const result = await verifyAudit(files.toReversed());
  t.match(result, { ok: true, files: 3, lines: 15, faults: [], notes: [] });
  t.match(result.heads, [{ instance: 'serve', file: files[2] }]);
});

const cases: {
  name: string;
  damage: (files: string[]) => Promise<unknown>;
  found: [segment: number, line: number, RegExp];
}[] = [
  {
    name: 'an edited line',
    damage: ([, second = '']) => edit(second, (lines) => lines.map((line) => line.replace('r21', 'r99'))),
    found: [1, 3, /edited/],
  },
  {
    name: 'a line cut out',
    damage: ([, second = '']) => edit(second, (lines) => lines.toSpliced(2, 1)),
    found: [1, 3, /cut/],
  },
  {
    name: 'two lines exchanged',
    damage: ([, second = '']) => edit(second, ([a = '', b = '', c = '', ...more]) => [a, c, b, ...more]),
    found: [1, 2, /edited/],
  },
  {
    name: 'lines cut off at the end of a segment that has a successor',
    damage: ([, second = '']) => edit(second, (lines) => lines.slice(0, -2)),
    found: [1, 3, /cut/],
  },
  {
    name: 'an edited last line of a segment that has a successor',
    damage: ([, second = '']) =>
      edit(second, (lines) => [...lines.slice(0, -1), String(lines.at(-1)).replace('shutdown', 'rotation')]),
    found: [1, 5, /edited/],
  },
  {
    name: 'lines cut off at the beginning',
    damage: ([, second = '']) => edit(second, (lines) => lines.slice(1)),
    found: [1, 1, /first line/],
  },
  {
    name: 'a segment taken away',
    damage: ([, second = '']) => rm(second),
    found: [2, 0, /segments 2 to 2 are missing/],
  },
  {
    name: 'a segment put under another name',
    damage: async ([, second = '', third = '']) => {
      await rm(third);
      await rename(second, third);
    },
    found: [2, 1, /renamed/],
  },
  {
    name: 'a line added after the end line',
    damage: ([, , third = '']) => appendFile(third, '{"event":"login"}\n'),
    found: [2, 6, /after the end line/],
  },
  {
    name: 'half a line added to a segment that was ended',
    damage: ([, second = '']) => appendFile(second, '{"event":"lo'),
    found: [1, 6, /torn line/],
  },
  {
    name: 'something that is no JSON',
    damage: ([, second = '']) => edit(second, (lines) => lines.toSpliced(2, 1, 'x')),
    found: [1, 3, /JSON/],
  },
];

for (const { name, damage, found } of cases) {
  t.test(`finds ${name}, and says where`, async (t) => {
    const directory = t.testdir();
    const files = await chain(directory);
    await damage([...files]);
    const result = await verifyAudit(await auditSegmentFiles(path.join(directory, 'audit.jsonl')));
    const [segment, line, problem] = found;
    t.notOk(result.ok);
    t.match(result.faults[0], { file: files[segment], line, problem });
  });
}

t.test('a chain begun anew in the middle is found', async (t) => {
  const directory = t.testdir({ one: {}, two: {} });
  const files = await chain(path.join(directory, 'one'));
  const fresh = await chain(path.join(directory, 'two'));
  await writeFile(files[0] ?? '', await readFile(fresh[0] ?? ''));
  const result = await verifyAudit(files);
  t.match(result.faults, [{ problem: /is not the last line that audit\.serve\.000002\.jsonl saw/ }]);
});

t.test('old segments that were put away are a note, not a fault', async (t) => {
  const files = await chain(t.testdir());
  const result = await verifyAudit(files.slice(1));
  t.ok(result.ok);
  t.match(result.notes, [{ file: files[1], problem: /follows audit\.serve\.000001\.jsonl, which was not given/ }]);
});

t.test('a file that is no segment is refused by name', async (t) => {
  const directory = t.testdir({ 'notes.txt': '' });
  await t.rejects(verifyAudit([path.join(directory, 'notes.txt')]), /is not named as an audit segment/);
});

t.test(
  'a chain that was computed anew, and one whose newest segments are gone, lack the digests that were noted',
  async (t) => {
    const files = await chain(t.testdir());
    const [first = '', second = '', third = ''] = files;
    const { heads } = await verifyAudit([first, second]);
    const noted = heads.map(({ digest }) => digest);
    t.match(await verifyAudit(files, noted), { ok: true }, 'any line will do, not the last one alone');
    t.match(await verifyAudit([first], noted), { ok: false, faults: [{ line: 0, problem: /no line has it/ }] });
    let before = '';
    for (const file of [second, third]) {
      await edit(file, (lines) =>
        lines.map((line) => {
          const changed = line.replace('r21', 'r99');
          const { prev } = JSON.parse(changed) as { prev: string };
          const chained = before === '' ? changed : changed.replace(prev, before);
          before = createHash('sha256').update(chained).digest('hex');
          return chained;
        }),
      );
    }
    t.match(await verifyAudit(files), { ok: true }, 'the chain alone does not tell');
    t.match(await verifyAudit(files, noted), { ok: false, faults: [{ problem: /no line has it/ }] });
  },
);
