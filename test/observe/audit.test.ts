import { open, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import {
  AuditLog,
  auditSegmentFiles,
  HealthRegistry,
  Metrics,
  openNewFile,
  verifyAudit,
  type AuditOptions,
  type OpenSegment,
} from '../../src/observe/index.js';
import { systemClock } from '../../src/shared/index.js';

const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) };

/** On a busy machine a disk that is well may take its time; whoever has it fail sets a wait of their own. */
function settings(directory: string, more: Partial<AuditOptions> = {}): AuditOptions {
  return { file: path.join(directory, 'audit.jsonl'), instance: 'serve', clock, maxWait: 15_000, ...more };
}

async function records(directory: string): Promise<Record<string, unknown>[]> {
  const files = await auditSegmentFiles(path.join(directory, 'audit.jsonl'));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}

/** Opens /dev/full, whose every write is refused by the kernel with ENOSPC, for as long as the disk is full. */
function diskThatIs(state: { full: boolean }): OpenSegment {
  return async (file) => {
    const real = await openNewFile(file);
    const full = await open('/dev/full', 'w');
    return {
      write: (bytes, offset) => (state.full ? full : real).write(bytes, offset),
      datasync: () => real.datasync(),
      close: async () => {
        await full.close();
        await real.close();
      },
    };
  };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!condition() && performance.now() < deadline) await sleep(10);
}

t.test('events become lines in the order of their appending, between a start and an end line', async (t) => {
  const directory = t.testdir();
  const log = await AuditLog.open(settings(directory));
  const written = await Promise.all(
    Array.from({ length: 600 }, (_, index) => log.append({ event: 'login', code: 'OK', reference: `r${index}` })),
  );
  t.ok(written.every(Boolean));
  t.equal(await log.close(), 0);
  const lines = await records(directory);
  t.match(lines[0], { event: 'segment-start', reason: 'first', instance: 'serve', segment: 1, pid: process.pid });
  t.match(lines[1], { time: '2026-01-02T03:04:05.000Z', event: 'login', code: 'OK', reference: 'r0' });
  t.same(
    lines.slice(1, -1).map((line) => line['reference']),
    Array.from({ length: 600 }, (_, index) => `r${index}`),
  );
  t.match(lines.at(-1), { event: 'segment-end', reason: 'shutdown' });
});

t.test('the file is only for its owner, long text is cut, and secrets are masked', async (t) => {
  const directory = t.testdir();
  const log = await AuditLog.open(settings(directory));
  await log.append({ event: 'login', detail: 'long '.repeat(1000) });
  await log.append({ event: 'login', detail: 'cannot reach redis://me:hunter2@db' });
  await log.close();
  const [file = ''] = await auditSegmentFiles(path.join(directory, 'audit.jsonl'));
  t.equal((await stat(file)).mode & 0o777, 0o600);
  t.equal(String((await records(directory))[1]?.['detail']).length, 1001);
  t.match((await records(directory))[2], { detail: 'cannot reach redis://[secret]@db' });
});

t.test('a line is in the file when append resolves, before any flush', async (t) => {
  const directory = t.testdir();
  const log = await AuditLog.open(settings(directory));
  t.teardown(() => log.close());
  t.ok(await log.append({ event: 'login', reference: 'now' }));
  t.match((await records(directory)).at(-1), { reference: 'now' });
});

t.test('a segment that is full is ended and followed by the next', async (t) => {
  const directory = t.testdir();
  const log = await AuditLog.open(settings(directory, { maxBytes: 1000 }));
  for (let index = 0; index < 30; index += 1) await log.append({ event: 'login', reference: `r${index}` });
  await log.close();
  const files = await auditSegmentFiles(path.join(directory, 'audit.jsonl'));
  t.ok(files.length > 3);
  const result = await verifyAudit(files);
  t.same([result.ok, result.faults, result.notes], [true, [], []]);
  t.equal((await records(directory)).filter((line) => line['event'] === 'login').length, 30);
});

t.test('a restart goes on with the chain', async (t) => {
  const directory = t.testdir();
  for (const event of ['start', 'stop'] as const) {
    const log = await AuditLog.open(settings(directory));
    await log.append({ event });
    await log.close();
  }
  const starts = (await records(directory)).filter((line) => line['event'] === 'segment-start');
  t.match(starts, [{ reason: 'first' }, { reason: 'continued', follows: 'audit.serve.000001.jsonl' }]);
  t.ok((await verifyAudit(await auditSegmentFiles(path.join(directory, 'audit.jsonl')))).ok);
});

t.test('two processes that were given one instance name do not share a file', async (t) => {
  const directory = t.testdir();
  const [one, two] = [await AuditLog.open(settings(directory)), await AuditLog.open(settings(directory))];
  await one.append({ event: 'login', reference: 'one' });
  await two.append({ event: 'login', reference: 'two' });
  await one.close();
  await two.close();
  const result = await verifyAudit(await auditSegmentFiles(path.join(directory, 'audit.jsonl')));
  t.ok(result.ok);
  t.match(result.notes, [{ problem: /two processes had one instance name/ }]);
});

t.test('a full disk stops no login, shows in health, and heals by itself with nothing lost or doubled', async (t) => {
  const directory = t.testdir();
  const disk = { full: false };
  const metrics = new Metrics({ clock, version: '1', processMetrics: false });
  const more = { openSegment: diskThatIs(disk), retryAfter: 20, maxWait: 2_000, metrics, clock: systemClock };
  const log = await AuditLog.open(settings(directory, more));
  const health = new HealthRegistry({ clock: systemClock, freshFor: 0 });
  health.register(log.check());
  t.ok(await log.append({ event: 'login', reference: 'before' }));
  disk.full = true;
  t.notOk(await log.append({ event: 'login', reference: 'during-1' }));
  const started = performance.now();
  t.notOk(await log.append({ event: 'login', reference: 'during-2' }));
  t.ok(performance.now() - started < 1_500, 'answered without the wait while it is known to fail');
  const sick = await health.report();
  t.ok(sick.ready, 'logins go on');
  t.match(sick.checks[0], { state: 'fail', detail: /ENOSPC.*2 events wait.*0 are lost/, remedy: /Make room/ });
  await sleep(100);
  t.ok((await readdir(directory)).length <= 2, 'tries on a full disk leave no files behind');
  disk.full = false;
  await until(() => log.failure === null);
  t.match((await health.report()).checks[0], { state: 'pass' });
  await log.close();
  const references = (await records(directory)).flatMap((line) => line['reference'] ?? []);
  t.same(references, ['before', 'during-1', 'during-2']);
  const result = await verifyAudit(await auditSegmentFiles(path.join(directory, 'audit.jsonl')));
  t.ok(result.ok, JSON.stringify(result.faults));
  t.match(await metrics.render(), 'claims_gateway_audit_events_total{result="written"} 3');
});

t.test('a write that stops in the middle of a line is mended in a new segment, once', async (t) => {
  const directory = t.testdir();
  const disk = { full: false };
  let torn = false;
  const openSegment: OpenSegment = async (file) => {
    const real = await diskThatIs(disk)(file);
    return {
      ...real,
      write: async (bytes, offset) => {
        if (torn || !Buffer.from(bytes).includes('"reference":"b"')) return real.write(bytes, offset);
        torn = true;
        const cut = Buffer.from(bytes).indexOf('"reference":"b"');
        disk.full = true;
        return (await openAppend(file)).write(bytes, offset, cut - offset);
      },
    };
  };
  const handles: Awaited<ReturnType<typeof open>>[] = [];
  const openAppend = async (file: string) => {
    const handle = await open(file, 'a');
    handles.push(handle);
    return handle;
  };
  t.teardown(() => Promise.all(handles.map((handle) => handle.close())));
  const log = await AuditLog.open(settings(directory, { openSegment, retryAfter: 20 }));
  const appended = Promise.all(['a', 'b', 'c'].map((reference) => log.append({ event: 'login', reference })));
  await until(() => log.failure !== null);
  disk.full = false;
  await appended;
  await log.close();
  const files = await auditSegmentFiles(path.join(directory, 'audit.jsonl'));
  const result = await verifyAudit(files);
  t.ok(result.ok, JSON.stringify(result.faults));
  t.match(result.notes, [{ problem: /bytes of a line/ }]);
  const all = (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('');
  for (const reference of ['a', 'b', 'c']) t.equal(all.split(`"reference":"${reference}"}\n`).length - 1, 1, reference);
});

t.test('what finds no room in memory is counted, and the count is written', async (t) => {
  const directory = t.testdir();
  const disk = { full: true };
  const more = { openSegment: diskThatIs(disk), retryAfter: 20, maxWaiting: 2 };
  const log = await AuditLog.open(settings(directory, more));
  t.ok(log.failure, 'full from the start is a failing check, not a failing start');
  for (const reference of ['a', 'b', 'c', 'd', 'e']) await log.append({ event: 'login', reference });
  disk.full = false;
  await until(() => log.failure === null);
  await log.append({ event: 'login', reference: 'f' });
  await log.close();
  const lines = (await records(directory)).map(({ event, reference, count }) => reference ?? count ?? event);
  t.same(lines, ['segment-start', 'a', 'b', 3, 'f', 'segment-end']);
});

t.test('what comes while the disk recovers is written, though nothing comes after it', async (t) => {
  const directory = t.testdir();
  const disk = { full: false, slow: false };
  let release: (() => void) | null = null;
  const openSegment: OpenSegment = async (file) => {
    const real = await diskThatIs(disk)(file);
    return {
      ...real,
      datasync: async () => {
        if (disk.slow) {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }
        await real.datasync();
      },
    };
  };
  const log = await AuditLog.open(settings(directory, { openSegment, retryAfter: 20, maxWait: 250 }));
  t.teardown(() => log.close());
  disk.full = true;
  t.notOk(await log.append({ event: 'login', reference: 'a' }));
  disk.slow = true;
  disk.full = false;
  await until(() => release !== null);
  t.notOk(await log.append({ event: 'login', reference: 'b' }), 'not known yet to be well');
  disk.slow = false;
  (release as (() => void) | null)?.();
  await until(() => log.failure === null);
  const references = async () => (await records(directory)).flatMap((line) => line['reference'] ?? []);
  const deadline = performance.now() + 15_000;
  while ((await references()).length < 2 && performance.now() < deadline) await sleep(10);
  t.same(await references(), ['a', 'b']);
});

t.test('close tells how many events could not be written', async (t) => {
  const log = await AuditLog.open(settings(t.testdir(), { openSegment: diskThatIs({ full: true }), maxWaiting: 2 }));
  for (const reference of ['a', 'b', 'c']) await log.append({ event: 'login', reference });
  t.equal(await log.close(), 3);
  t.notOk(await log.append({ event: 'login' }), 'nothing is taken after it');
});

t.test('a disk that hangs holds a login no longer than the limit', async (t) => {
  const openSegment: OpenSegment = async (file) => {
    const real = await openNewFile(file);
    return {
      write: (bytes, offset) =>
        Buffer.from(bytes).includes('login') ? new Promise(() => undefined) : real.write(bytes, offset),
      datasync: () => real.datasync(),
      close: () => real.close(),
    };
  };
  const log = await AuditLog.open(settings(t.testdir(), { openSegment, maxWait: 30 }));
  const started = performance.now();
  t.notOk(await log.append({ event: 'login' }));
  t.ok(performance.now() - started < 5_000);
});

t.test('written lines are synchronised within their time, and by flush', async (t) => {
  let synchronised = 0;
  const openSegment: OpenSegment = async (file) => {
    const real = await openNewFile(file);
    return {
      write: (bytes, offset) => real.write(bytes, offset),
      datasync: () => {
        synchronised += 1;
        return real.datasync();
      },
      close: () => real.close(),
    };
  };
  const log = await AuditLog.open(settings(t.testdir(), { openSegment, syncEvery: 30 }));
  await log.append({ event: 'login' });
  await until(() => synchronised === 1);
  t.equal(synchronised, 1);
  await log.append({ event: 'login' });
  await log.flush();
  t.equal(synchronised, 2);
  await log.flush();
  t.equal(synchronised, 2, 'nothing new, nothing to do');
  await log.close();
});

t.test('a directory that cannot be made fails the check, not the start', async (t) => {
  const directory = t.testdir({ file: 'not a directory' });
  const log = await AuditLog.open(settings(path.join(directory, 'file'), {}));
  t.match(log.failure, { reason: /EEXIST|ENOTDIR/ });
  await rm(path.join(directory, 'file'));
  await log.flush();
  t.equal(log.failure, null, 'it heals');
  await log.close();
});

t.test('an instance name that makes no file name is refused', async (t) => {
  await t.rejects(AuditLog.open(settings(t.testdir(), { instance: '../x' })), /cannot be the name/);
});
