import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { LastGoodStore, type Kept } from '../../../src/app/metadata/last-good.js';
import { temporaryDirectory } from '../../support/temporary.js';
import { documentOf, recordOf } from './last-good-documents.js';

const FINGERPRINT = 'b'.repeat(64);

t.test('what was saved is loaded again, by another process too, readable by its owner only', async (t) => {
  const directory = await temporaryDirectory(t);
  t.strictSame(await new LastGoodStore(directory, 'okta').load(), { kind: 'nothing' });
  await new LastGoodStore(directory, 'okta').save(recordOf(1), documentOf(1));
  const kept = await new LastGoodStore(directory, 'okta').load();
  t.match(kept, { kind: 'record', record: recordOf(1), matches: true });
  t.strictSame(await readFile(join(directory, 'metadata', 'okta.xml')), documentOf(1));
  for (const name of ['okta.xml', 'okta.json']) {
    t.equal((await stat(join(directory, 'metadata', name))).mode & 0o777, 0o600, name);
  }
});

t.test('the record alone can be renewed', async (t) => {
  const store = new LastGoodStore(await temporaryDirectory(t), 'okta');
  await store.save(recordOf(1), documentOf(1));
  await store.save({ ...recordOf(1), fetchedAt: 77 });
  t.match(await store.load(), { kind: 'record', record: { fetchedAt: 77 }, matches: true });
});

t.test('each IdP has files of its own, and a name cannot lead out of the directory', async (t) => {
  const directory = await temporaryDirectory(t);
  await new LastGoodStore(directory, 'okta').save(recordOf(1), documentOf(1));
  t.strictSame(await new LastGoodStore(directory, 'entra').load(), { kind: 'nothing' });
  for (const name of ['../okta', 'a/b', '.hidden', '']) t.throws(() => new LastGoodStore(directory, name), name);
});

t.test('a record that cannot be read is corrupt, not a first time', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = new LastGoodStore(directory, 'okta');
  await store.save(recordOf(1), documentOf(1));
  const path = join(directory, 'metadata', 'okta.json');
  const whole = await readFile(path, 'utf8');
  const broken = [
    '',
    '{',
    'null',
    '[]',
    whole.slice(0, 100),
    whole.replace('"version": 1', '"version": 2'),
    whole.replace('aaaa', 'XXXX'),
    '\0'.repeat(500),
  ];
  for (const text of broken) {
    await writeFile(path, text);
    t.strictSame(await store.load(), { kind: 'corrupt' }, JSON.stringify(text.slice(0, 20)));
  }
  await rm(path);
  await mkdir(path);
  t.strictSame(await store.load(), { kind: 'corrupt' }, 'a directory in its place');
});

t.test('a document that does not belong to its record is told, a missing one as well', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = new LastGoodStore(directory, 'okta');
  await store.save(recordOf(1), documentOf(1));
  await writeFile(join(directory, 'metadata', 'okta.xml'), documentOf(2));
  t.match(await store.load(), { kind: 'record', matches: false });
  await rm(join(directory, 'metadata', 'okta.xml'));
  t.match(await store.load(), { kind: 'record', document: null, matches: false });
});

t.test('a document without a record is what a killed first write leaves: it counts as nothing', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = new LastGoodStore(directory, 'okta');
  await store.save(recordOf(1), documentOf(1));
  await rm(join(directory, 'metadata', 'okta.json'));
  t.strictSame(await store.load(), { kind: 'nothing' });
});

function consistent(kept: Kept): boolean {
  if (kept.kind !== 'record' || kept.document === null) return false;
  const round = Number(/round="(\d+)"/.exec(Buffer.from(kept.document).toString())?.[1]);
  const whole = Buffer.from(documentOf(round)).equals(kept.document);
  // Cut off between its two files, the document is the record's or the next one.
  return whole && (kept.matches ? kept.record.fetchedAt === round : kept.record.fetchedAt === round - 1);
}

t.test('a process killed in the middle of writing leaves whole files, at most one step apart', async (t) => {
  const script = fileURLToPath(new URL('last-good-writer.js', import.meta.url));
  for (let round = 0; round < 8; round += 1) {
    const directory = await temporaryDirectory(t);
    const writer = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => writer.kill('SIGKILL'));
    await once(writer.stdout, 'data');
    const store = new LastGoodStore(directory, 'okta');
    while ((await store.load()).kind === 'nothing') await new Promise((resolve) => setTimeout(resolve, 2));
    await new Promise((resolve) => setTimeout(resolve, 7 * round));
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    t.ok(consistent(await store.load()), `killed after ${7 * round} ms`);
  }
});

t.test('what killed processes left is cleared away once nobody can be writing it any more', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = new LastGoodStore(directory, 'okta');
  await store.save(recordOf(1), documentOf(1));
  const inside = join(directory, 'metadata');
  for (const name of ['.okta.xml.0a1b.tmp', '.okta.json.0a1b.tmp', '.entra.xml.0a1b.tmp'])
    await writeFile(join(inside, name), '');
  const now = Date.now();
  await store.tidy(now);
  t.equal((await readdir(inside)).length, 5, 'too young');
  for (const name of await readdir(inside))
    await utimes(join(inside, name), new Date(now - 7_200_000), new Date(now - 7_200_000));
  await store.tidy(now);
  t.strictSame((await readdir(inside)).sort(), ['.entra.xml.0a1b.tmp', 'okta.json', 'okta.xml']);
});

t.test('approvals are files of their own, and whatever else lies there is no approval', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = new LastGoodStore(directory, 'okta');
  t.equal((await store.approved()).size, 0);
  const before = await store.stamp();
  await Promise.all([store.approve(FINGERPRINT), store.approve('c'.repeat(64)), store.approve(FINGERPRINT)]);
  await writeFile(join(directory, 'metadata', 'okta.approved', 'README'), '');
  t.strictSame([...(await store.approved())].sort(), [FINGERPRINT, 'c'.repeat(64)]);
  t.not(await store.stamp(), before);
});

t.test('the stamp stays while nothing changes', async (t) => {
  const store = new LastGoodStore(await temporaryDirectory(t), 'okta');
  await store.save(recordOf(1), documentOf(1));
  const stamp = await store.stamp();
  t.equal(await store.stamp(), stamp);
  await store.save(recordOf(1));
  t.not(await store.stamp(), stamp);
});

t.test('a directory that cannot be written has a code of its own', async (t) => {
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'file');
  await writeFile(file, '');
  const store = new LastGoodStore(file, 'okta');
  await t.rejects(store.save(recordOf(1), documentOf(1)), { code: 'METADATA_NOT_KEPT', message: /ENOTDIR/ });
  await t.rejects(store.approve(FINGERPRINT), { code: 'METADATA_NOT_KEPT' });
  t.match(await store.load(), { kind: 'nothing' });
});
