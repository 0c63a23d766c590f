import t from 'tap';
import { errorTable, GatewayError, type ErrorCode } from '../../src/shared/index.js';
import { projectFile, projectFiles } from '../support/project.js';

const codes = Object.keys(errorTable) as ErrorCode[];

t.test('every error code stands in the README with its status, and the README names no other', (t) => {
  const rows = new Map(
    [...projectFile('README.md').matchAll(/^\| `([A-Z][A-Z0-9_]+)` +\| (\d{3}) /gm)].map((row) => [row[1], row[2]]),
  );
  for (const code of codes) t.equal(rows.get(code), String(errorTable[code].status), code);
  t.strictSame(
    [...rows.keys()].filter((code) => !codes.includes(code as ErrorCode)),
    [],
    'a code that the program does not have',
  );
  t.end();
});

t.test('every error code is met by a test', (t) => {
  const tests = projectFiles('test', '.ts').filter((path) => !path.endsWith('shared/error-table.test.ts'));
  const texts = tests.map(projectFile);
  for (const code of codes)
    t.ok(
      texts.some((text) => new RegExp(`\\b${code}\\b`).test(text)),
      code,
    );
  t.end();
});

t.test('the public side of an error is one of few sentences, the detail stays inside', (t) => {
  const error = new GatewayError('INTERNAL', 'the detail', { evidence: { seen: 'x' }, cause: new Error('why') });
  t.equal(error.message, 'the detail');
  t.equal(error.entry.public, 'internal');
  t.strictSame(error.evidence, { seen: 'x' });
  t.match(error.cause, { message: 'why' });
  t.equal(new GatewayError('INTERNAL').message, errorTable.INTERNAL.meaning);
  t.end();
});

t.test('neither detail nor evidence grows with what came from outside', (t) => {
  const long = 'x'.repeat(100_000);
  const { message, evidence } = new GatewayError('INTERNAL', long, { evidence: { expected: long, seen: long } });
  for (const text of [message, evidence.expected, evidence.seen]) t.equal(text, `${'x'.repeat(2000)}…`);
  t.end();
});
