import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { metadataCheck, type MetadataStatus } from '../../../src/app/metadata/index.js';
import { a, b, HOUR, printA, printB, publish, until, usable } from './published-idp.js';
import { ENTITY, metadataXml } from './support.js';

t.test('without network the last good copy is used; without a copy the program starts all the same', async (t) => {
  const { gateway, server, clock } = await publish(t, metadataXml([a]));
  await gateway().refresh();
  await server.close();
  clock.advance(HOUR);
  const live = gateway();
  await live.start();
  t.strictSame(usable(live), [printA]);
  t.match(await live.refresh(), { state: 'current', lastError: { code: 'METADATA_UNREACHABLE' } });

  const bare = gateway({ name: 'entra' });
  await bare.start();
  t.match(await bare.refresh(), { state: 'none', lastError: { code: 'METADATA_UNREACHABLE' } });
  t.throws(() => bare.require(), { code: 'METADATA_UNAVAILABLE', message: /entra is none.*METADATA_UNREACHABLE/ });
});

t.test('past validUntil even the last good copy is not used, and a fresh one brings it back', async (t) => {
  const { gateway, served, clock } = await publish(t, '');
  const end = clock.now() + 2 * HOUR;
  served.xml = metadataXml([a], { validUntil: end });
  const live = gateway();
  await live.refresh();
  t.match(live.require(), { metadata: { validUntil: end } });
  clock.advance(2 * HOUR - 1);
  t.not(live.current(), null);
  clock.advance(1);
  t.equal(live.current(), null);
  t.match(live.status(), { state: 'lapsed', lastError: { code: 'METADATA_EXPIRED' } });
  t.match(
    await live.refresh(),
    { state: 'lapsed', lastError: { code: 'METADATA_EXPIRED' } },
    'the same document again does not prolong it',
  );
  t.throws(() => live.require(), { code: 'METADATA_UNAVAILABLE', message: /lapsed.*METADATA_EXPIRED/ });

  const restarted = gateway();
  await restarted.start();
  t.equal(restarted.status().state, 'lapsed', 'nor does a restart');
  served.xml = metadataXml([a], { validUntil: end + HOUR });
  t.match(await live.refresh(), { state: 'current', lastError: null });
});

t.test('a lapsed document is not asked for by its ETag, which would only confirm it', async (t) => {
  const { gateway, served, clock } = await publish(t, '');
  served.xml = metadataXml([a], { validUntil: clock.now() + HOUR });
  served.etag = '"always"';
  const live = gateway();
  await live.refresh();
  clock.advance(HOUR);
  served.xml = metadataXml([a], { validUntil: clock.now() + HOUR });
  t.match(await live.refresh(), { state: 'current', lastError: null });
});

t.test('an expired document does not replace one that is in force', async (t) => {
  const { gateway, served, clock } = await publish(t, metadataXml([a]));
  const live = gateway({ policy: 'trust' });
  await live.refresh();
  served.xml = metadataXml([b], { validUntil: clock.now() - 1 });
  t.match(await live.refresh(), { state: 'current', lastError: { code: 'METADATA_EXPIRED' } });
  t.strictSame(usable(live), [printA]);
});

t.test('rubbish, an unusable document and an error status leave the last good one in use', async (t) => {
  const { gateway, served } = await publish(t, metadataXml([a]));
  const live = gateway({ policy: 'trust' });
  await live.refresh();
  for (const [xml, code] of [
    ['<html>', 'XML_MALFORMED'],
    ['<html/>', 'METADATA_INVALID'],
    [metadataXml([]), 'METADATA_INVALID'],
  ]) {
    served.xml = xml ?? '';
    t.match(await live.refresh(), { state: 'current', lastError: { code } });
    t.strictSame(usable(live), [printA]);
  }
});

t.test('a reader that throws anything else still leaves an error with a code', async (t) => {
  const { gateway } = await publish(t, metadataXml([a]));
  const live = gateway({ read: () => Promise.reject(new RangeError('odd')) });
  t.match(await live.refresh(), { state: 'none', lastError: { code: 'METADATA_INVALID' } });
});

t.test('the entity does not change silently: by pin, across restarts, and by the configured id', async (t) => {
  const { gateway, served } = await publish(t, metadataXml([a]));
  await gateway({ policy: 'trust' }).refresh();
  served.xml = metadataXml([b], { entityId: 'https://other.example.org' });
  const live = gateway({ policy: 'trust' });
  await live.start();
  t.match(await live.refresh(), { entityId: ENTITY, lastError: { code: 'METADATA_ENTITY_CHANGED' } });
  t.strictSame(usable(live), [printA]);

  const told = gateway({ expectedEntityId: 'https://other.example.org' });
  t.match(await told.refresh(), { entityId: 'https://other.example.org', lastError: null });
  t.strictSame(usable(told), [printB], 'the operator has named it: a new beginning');
  const other = gateway({ expectedEntityId: 'https://third.example.org' });
  t.match(await other.refresh(), { state: 'none', lastError: { code: 'METADATA_ENTITY_MISSING' } });
});

t.test('trust: a corrupt record is mended by the next refresh', async (t) => {
  const { gateway, files } = await publish(t, metadataXml([a]));
  await gateway().refresh();
  await writeFile(files.json, '{"version":1');
  const live = gateway({ policy: 'trust' });
  await live.start();
  await live.refresh();
  t.strictSame(usable(live), [printA]);
  t.match(JSON.parse(await readFile(files.json, 'utf8')), { accepted: [printA] });
});

t.test('hold: after the record was lost no certificate is taken on faith', async (t) => {
  const { gateway, files } = await publish(t, metadataXml([a]));
  await gateway().refresh();
  await writeFile(files.json, '{"version":1');
  const live = gateway();
  t.match(await live.refresh(), { state: 'none', lastError: { code: 'METADATA_NO_USABLE_CERTIFICATE' } });
  t.match(live.status().candidates, [{ fingerprint: printA }]);
  await live.approve(printA);
  t.strictSame(usable(live), [printA]);
  t.equal(live.status().lastError, null);
});

t.test('a running gateway is not disturbed by a disk that goes bad under it, and mends it', async (t) => {
  const { gateway, files, served } = await publish(t, metadataXml([a]));
  const live = gateway();
  await live.refresh();
  await writeFile(files.json, 'x');
  await writeFile(files.xml, 'x');
  served.xml = metadataXml([a, b]);
  t.match(await live.refresh(), { state: 'current', lastError: null });
  t.strictSame(usable(live), [printA], 'and it still knows what was accepted');
  const restarted = gateway();
  await restarted.start();
  t.strictSame(usable(restarted), [printA]);
});

t.test('killed between document and record: the document is judged by the old record', async (t) => {
  const { gateway, files, served } = await publish(t, metadataXml([a]));
  await gateway().refresh();
  served.status = 503;
  await writeFile(files.xml, metadataXml([a, b]));
  const live = gateway();
  await live.start();
  t.strictSame(usable(live), [printA]);
  served.status = 200;
  await live.refresh();
  t.equal(await readFile(files.xml, 'utf8'), served.xml, "the old record's ETag was not sent for the new document");
  served.status = 503;
  await writeFile(files.xml, metadataXml([b]));
  const other = gateway();
  await other.start();
  t.equal(usable(other), null, 'a document that could not have been taken is not taken from disk either');
  await rm(files.xml);
  served.status = 200;
  const { lastError } = await other.refresh();
  t.equal(lastError, null);
  t.strictSame(usable(other), [printA], 'the server was asked without an ETag');
});

t.test('a data directory that cannot be written is told, and the metadata used all the same', async (t) => {
  const { gateway, dataDirectory } = await publish(t, metadataXml([a]));
  await mkdir(join(dataDirectory, 'full'));
  await writeFile(join(dataDirectory, 'full', 'metadata'), 'a file where the directory should be');
  const live = gateway({ dataDirectory: join(dataDirectory, 'full') });
  t.match(await live.refresh(), { state: 'current', lastError: { code: 'METADATA_NOT_KEPT' } });
  t.strictSame(usable(live), [printA]);
});

t.test('a document that lapses while nobody asks is announced too', async (t) => {
  const { gateway, served, clock } = await publish(t, '');
  served.xml = metadataXml([a], { validUntil: clock.now() + HOUR });
  const told: MetadataStatus[] = [];
  const live = gateway({ onChange: (status) => told.push(status), timing: { pollEvery: 20 } });
  await live.start();
  await until(() => told.at(-1)?.state === 'current');
  clock.advance(HOUR);
  await until(() => told.at(-1)?.state === 'lapsed');
  t.end();
});

t.test('the health check follows: none, current, candidate, failure, stale, lapsed', async (t) => {
  const { gateway, served, clock } = await publish(t, '');
  served.xml = metadataXml([a], { validUntil: clock.now() + 10 * HOUR });
  served.status = 503;
  const live = gateway();
  const check = metadataCheck(live, true);
  t.match(check, { name: 'idp-okta-metadata', readiness: true });
  t.match(await check.run(), { state: 'fail' });
  await live.refresh();
  t.match(await check.run(), { state: 'fail', detail: /METADATA_UNREACHABLE/, remedy: /DNS/ });
  served.status = 200;
  await live.refresh();
  t.match(await check.run(), { state: 'pass', data: { entityId: ENTITY } });
  clock.advance(2 * HOUR);
  t.match(await check.run(), { state: 'warn', detail: /overdue/ });
  served.status = 503;
  await live.refresh();
  t.match(await check.run(), { state: 'warn', detail: /METADATA_UNREACHABLE/ });
  served.status = 200;
  served.xml = metadataXml([a, b], { validUntil: clock.now() + HOUR });
  await live.refresh();
  t.match(await check.run(), { state: 'warn', remedy: /idp approve/, data: { candidates: [{ fingerprint: printB }] } });
  clock.advance(HOUR);
  t.match(await check.run(), { state: 'fail', detail: /expired.*METADATA_EXPIRED/ });
});
