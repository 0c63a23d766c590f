import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { approveCertificate, listCandidates, type MetadataStatus } from '../../../src/app/metadata/index.js';
import type { MetadataSource } from '../../../src/config/index.js';
import { a, b, HOUR, printA, printB, publish, until, usable } from './published-idp.js';
import { ENTITY, httpServer, metadataXml } from './support.js';

t.test('the first document is used as it is and kept on disk', async (t) => {
  const { gateway, files, served, clock } = await publish(t, metadataXml([a, b]));
  const live = gateway();
  t.equal(live.current(), null);
  t.match(await live.refresh(), { state: 'current', entityId: ENTITY, fetchedAt: clock.now(), lastError: null });
  t.strictSame(usable(live), [printA, printB]);
  t.equal(await readFile(files.xml, 'utf8'), served.xml);
});

t.test('an unchanged document is asked for by its ETag and counts as fetched anew', async (t) => {
  const { gateway, server, clock } = await publish(t, metadataXml([a]));
  const live = gateway();
  await live.refresh();
  clock.advance(3 * HOUR);
  t.match(live.current(), { stale: true });
  t.match(await live.refresh(), { state: 'current', fetchedAt: clock.now() });
  t.type(server.seen[1]?.headers['if-none-match'], 'string');
  const restarted = gateway();
  await restarted.start();
  t.match(restarted.status(), { state: 'current', fetchedAt: clock.now() }, 'also after a restart');
});

t.test('trust: a new certificate verifies with the next refresh', async (t) => {
  const { gateway, served } = await publish(t, metadataXml([a]));
  const live = gateway({ policy: 'trust' });
  await live.refresh();
  served.xml = metadataXml([a, b]);
  await live.refresh();
  t.strictSame(usable(live), [printA, printB]);
  t.strictSame(live.status().candidates, []);
});

t.test('hold: a new certificate beside the old one waits, and verifies once approved', async (t) => {
  const { gateway, served, clock } = await publish(t, metadataXml([a]));
  const live = gateway();
  await live.refresh();
  served.xml = metadataXml([a, b]);
  clock.advance(HOUR);
  await live.refresh();
  t.strictSame(usable(live), [printA]);
  t.match(live.current()?.candidates, [{ fingerprint: printB, subject: 'CN=b', firstSeen: clock.now() }]);

  const seen = clock.now();
  clock.advance(HOUR);
  await live.refresh();
  t.match(live.status().candidates, [{ firstSeen: seen }], 'it is remembered since when');

  const spelled = printB.toUpperCase().replace(/(..)(?=.)/g, '$1:');
  t.match(await live.approve(spelled), { fingerprint: printB });
  t.strictSame(usable(live), [printA, printB]);
  t.strictSame(live.status().candidates, []);
});

t.test('hold: the approval outlives a restart', async (t) => {
  const { gateway, served } = await publish(t, metadataXml([a]));
  const live = gateway();
  await live.refresh();
  served.xml = metadataXml([a, b]);
  await live.refresh();
  await live.approve(printB);
  await live.stop();
  served.status = 503;
  const restarted = gateway();
  await restarted.start();
  t.strictSame(usable(restarted), [printA, printB]);
});

t.test('hold: a document with only new certificates leaves the last good one in use until the approval', async (t) => {
  const { gateway, served, files } = await publish(t, metadataXml([a]));
  const live = gateway();
  await live.refresh();
  const before = await readFile(files.xml, 'utf8');
  served.xml = metadataXml([b]);
  t.match(await live.refresh(), { state: 'current', lastError: { code: 'METADATA_NO_USABLE_CERTIFICATE' } });
  t.strictSame(usable(live), [printA]);
  t.equal(await readFile(files.xml, 'utf8'), before);
  t.match(live.status().candidates, [{ fingerprint: printB }]);

  served.status = 503;
  await live.approve(printB);
  t.strictSame(usable(live), [printB], 'without asking the network again');
});

t.test('hold: an approval by another process is taken up without a restart', async (t) => {
  const { gateway, served, dataDirectory, source } = await publish(t, metadataXml([a]));
  const first = gateway();
  await first.refresh();
  served.xml = metadataXml([b]);
  const place = { dataDirectory, name: 'okta', source };
  t.strictSame(await listCandidates(place), []);
  await first.refresh();
  await first.stop();

  // Started anew, so that it never had the refused document itself.
  const live = gateway({ timing: { pollEvery: 20 } });
  await live.start();
  t.strictSame(usable(live), [printA]);
  t.match(await listCandidates(place), [{ fingerprint: printB }]);
  await approveCertificate({ ...place, fingerprint: printB });
  await until(() => usable(live)?.[0] === printB);
  t.strictSame(await listCandidates(place), []);
});

t.test('only the whole fingerprint of a certificate that waits can be approved', async (t) => {
  const { gateway, served, dataDirectory, source } = await publish(t, metadataXml([a]));
  const live = gateway();
  await live.refresh();
  served.xml = metadataXml([a, b]);
  await live.refresh();
  for (const fingerprint of ['', printB.slice(0, 40), printA, '0'.repeat(64), '../okta']) {
    await t.rejects(live.approve(fingerprint), { code: 'METADATA_CANDIDATE_UNKNOWN', message: new RegExp(printB) });
  }
  const elsewhere = { ...source, url: 'https://other.example.org/' } as MetadataSource;
  await t.rejects(approveCertificate({ dataDirectory, name: 'okta', source: elsewhere, fingerprint: printB }), {
    code: 'METADATA_CANDIDATE_UNKNOWN',
  });
  t.strictSame(usable(live), [printA]);
});

t.test('processes of one machine share what one of them fetched', async (t) => {
  const { gateway, served, server } = await publish(t, metadataXml([a]));
  const [one, other] = [gateway({ policy: 'trust' }), gateway({ policy: 'trust', timing: { pollEvery: 20 } })];
  await one.refresh();
  await other.start();
  t.strictSame(usable(other), [printA]);
  served.xml = metadataXml([b]);
  await one.refresh();
  await until(() => usable(other)?.[0] === printB);
  t.equal(server.seen.length, 2, 'the other one did not ask');
});

t.test('another URL is a new beginning', async (t) => {
  const { gateway, served, source, server } = await publish(t, metadataXml([a]));
  await gateway().refresh();
  served.xml = metadataXml([b], { entityId: 'https://other.example.org' });
  const moved = gateway({ source: { ...source, url: `http://127.0.0.1:${server.port}/moved` } as MetadataSource });
  await moved.start();
  await moved.refresh();
  t.strictSame(usable(moved), [printB]);
});

t.test('a file or inline text is in use at once, changes need nobody, and nothing is written', async (t) => {
  const { gateway, dataDirectory, server } = await publish(t, '');
  for (const kind of ['file', 'inline'] as const) {
    for (const pair of [a, b]) {
      const live = gateway({ source: { kind, file: '/etc/idp.xml', xml: metadataXml([pair]) } });
      await live.start();
      t.strictSame(usable(live), [pair.verificationKey().fingerprint]);
      await t.rejects(live.approve(printA), { code: 'METADATA_CANDIDATE_UNKNOWN' });
    }
  }
  await t.rejects(readFile(join(dataDirectory, 'metadata', 'okta.json')));
  t.equal(server.seen.length, 0);
});

t.test('started, it fetches by itself, again after the interval, and no more once stopped', async (t) => {
  const { gateway, server, source } = await publish(t, metadataXml([a]));
  const live = gateway({ source: { ...source, refresh: 30 } as MetadataSource, clock: { now: () => Date.now() } });
  await live.start();
  await until(() => server.seen.length >= 3);
  await live.stop();
  const count = server.seen.length;
  await new Promise((resolve) => setTimeout(resolve, 120));
  t.equal(server.seen.length, count);
});

t.test('after a failure it tries again sooner than the interval says', async (t) => {
  const { gateway, server, served } = await publish(t, metadataXml([a]));
  served.status = 503;
  const live = gateway({ timing: { retryAfter: 20 } });
  await live.start();
  await until(() => server.seen.length >= 2);
  served.status = 200;
  await until(() => live.status().lastError === null);
  t.strictSame(usable(live), [printA]);
});

t.test('stop ends a fetch that hangs', async (t) => {
  const { gateway, source } = await publish(t, '');
  const hanging = await httpServer(t, () => undefined);
  const live = gateway({ source: { ...source, url: `http://127.0.0.1:${hanging.port}/` } as MetadataSource });
  await live.start();
  await until(() => hanging.seen.length === 1);
  const before = Date.now();
  await live.stop();
  t.ok(Date.now() - before < 2_000);
});

t.test('two refreshes at the same time are one', async (t) => {
  const { gateway, server } = await publish(t, metadataXml([a]));
  const live = gateway();
  await Promise.all([live.refresh(), live.refresh()]);
  t.equal(server.seen.length, 1);
});

t.test('changes are announced, and only changes', async (t) => {
  const { gateway, served, clock } = await publish(t, metadataXml([a]));
  const told: MetadataStatus[] = [];
  const live = gateway({ onChange: (status) => told.push(status) });
  await live.refresh();
  clock.advance(1000);
  await live.refresh();
  t.equal(told.length, 1);
  served.xml = metadataXml([a, b]);
  await live.refresh();
  t.match(told[1], { candidates: [{ fingerprint: printB }] });
  served.status = 500;
  await live.refresh();
  t.match(told[2], { lastError: { code: 'METADATA_UNREACHABLE' } });
  t.equal(told.length, 3);
});
