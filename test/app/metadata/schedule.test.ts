import t from 'tap';
import { delayUntilRefresh, refreshInterval } from '../../../src/app/metadata/schedule.js';

const NOW = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;
const MINUTE = 60_000;
const facts = { entityId: 'idp', signingKeys: [], validUntil: null, cacheDurationMs: null };

t.test('the interval is the configured one, or the shorter one that the document asks for', (t) => {
  t.equal(refreshInterval(HOUR, null, MINUTE, 0), HOUR);
  t.equal(refreshInterval(HOUR, facts, MINUTE, NOW), HOUR);
  t.equal(refreshInterval(HOUR, { ...facts, cacheDurationMs: HOUR / 2 }, MINUTE, NOW), HOUR / 2);
  t.equal(refreshInterval(HOUR, { ...facts, cacheDurationMs: 2 * HOUR }, MINUTE, NOW), HOUR);
  t.equal(refreshInterval(HOUR, { ...facts, validUntil: NOW + HOUR }, MINUTE, NOW), HOUR / 2, 'before it lapses');
  t.end();
});

t.test('a document cannot make us ask more often than the shortest interval, the configuration can', (t) => {
  t.equal(refreshInterval(HOUR, { ...facts, cacheDurationMs: 0 }, MINUTE, NOW), MINUTE);
  t.equal(refreshInterval(HOUR, { ...facts, validUntil: NOW - 1 }, MINUTE, NOW), MINUTE);
  t.equal(refreshInterval(1000, facts, MINUTE, NOW), 1000);
  t.end();
});

const usual = { interval: HOUR, fetchedAt: NOW, now: NOW, failures: 0, retryAfter: 30_000, random: 0 };

t.test('the next fetch comes when the interval is over, spread to the early side only', (t) => {
  t.equal(delayUntilRefresh(usual), HOUR);
  t.equal(delayUntilRefresh({ ...usual, random: 0.999 }), Math.round(HOUR * 0.9001));
  t.equal(delayUntilRefresh({ ...usual, now: NOW + HOUR / 4 }), (HOUR * 3) / 4);
  t.equal(delayUntilRefresh({ ...usual, now: NOW + 2 * HOUR }), 0);
  t.equal(delayUntilRefresh({ ...usual, fetchedAt: null }), 0);
  t.equal(delayUntilRefresh({ ...usual, now: NOW - HOUR }), HOUR, 'the clock was set back');
  t.end();
});

t.test('failures are retried soon, then ever later, never later than the interval', (t) => {
  const delays = [1, 2, 3, 8, 100].map((failures) => delayUntilRefresh({ ...usual, failures, fetchedAt: null }));
  t.strictSame(delays, [30_000, 60_000, 120_000, HOUR, HOUR]);
  t.end();
});

t.test('a delay is one that a timer of Node can take', (t) => {
  t.equal(delayUntilRefresh({ ...usual, interval: 365 * 24 * HOUR }), 2 ** 31 - 1);
  t.end();
});
