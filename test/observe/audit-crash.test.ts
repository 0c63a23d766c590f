import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { AuditLog, auditSegmentFiles, verifyAudit } from '../../src/observe/index.js';
import { systemClock } from '../../src/shared/index.js';

const WRITER = fileURLToPath(new URL('./audit-writer.js', import.meta.url));

t.test('a line torn by kill -9 is left as it is and mended by a new segment that says so', async (t) => {
  const file = path.join(t.testdir(), 'audit.jsonl');
  const child = spawn(process.execPath, [WRITER, file, 'serve', 'tear'], { stdio: 'inherit' });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  t.equal(signal, 'SIGKILL');

  const [torn = ''] = await auditSegmentFiles(file);
  const left = await readFile(torn, 'utf8');
  t.notOk(left.endsWith('\n'), 'the file ends in the middle of a line');
  const before = await verifyAudit([torn]);
  t.ok(before.ok);
  t.match(before.notes, [{ problem: /was killed/ }]);

  const log = await AuditLog.open({ file, instance: 'serve', clock: systemClock, maxWait: 15_000 });
  t.ok(await log.append({ event: 'start' }));
  t.equal(await log.close(), 0);
  t.equal(await readFile(torn, 'utf8'), left, 'evidence is not touched');

  const files = await auditSegmentFiles(file);
  const [first = ''] = (await readFile(files[1] ?? '', 'utf8')).split('\n');
  const bytes = Buffer.byteLength(left.slice(left.lastIndexOf('\n') + 1));
  t.match(JSON.parse(first), {
    event: 'segment-start',
    reason: 'mended',
    follows: path.basename(torn),
    torn: { bytes },
  });
  const after = await verifyAudit(files);
  t.ok(after.ok, JSON.stringify(after.faults));
  t.match(after.notes, [{ file: torn, problem: new RegExp(`${bytes} bytes`) }]);
});

t.test('every line that was acknowledged before kill -9 is there, and the chain holds', async (t) => {
  const file = path.join(t.testdir(), 'audit.jsonl');
  const child = spawn(process.execPath, [WRITER, file, 'serve', 'hammer'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let acknowledged = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    if (acknowledged === 200) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  t.ok(acknowledged >= 200);
  const log = await AuditLog.open({ file, instance: 'serve', clock: systemClock });
  await log.close();
  const files = await auditSegmentFiles(file);
  const result = await verifyAudit(files);
  t.ok(result.ok, JSON.stringify(result.faults));
  t.match(await readFile(files[0] ?? '', 'utf8'), `"reference":"r${acknowledged}"`);
});

t.test('two processes write at once, each its own chain', async (t) => {
  const file = path.join(t.testdir(), 'audit.jsonl');
  const children = ['serve-1', 'serve-2'].map((instance) =>
    spawn(process.execPath, [WRITER, file, instance, 'hammer'], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  await Promise.all(
    children.map(async (child) => {
      for await (const line of createInterface({ input: child.stdout })) if (line === '50') child.kill('SIGKILL');
    }),
  );
  const files = await auditSegmentFiles(file);
  t.same(
    files.map((found) => path.basename(found)),
    ['audit.serve-1.000001.jsonl', 'audit.serve-2.000001.jsonl'],
  );
  const result = await verifyAudit(files);
  t.ok(result.ok, JSON.stringify(result.faults));
  t.equal(result.heads.length, 2);
});
