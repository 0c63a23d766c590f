import fc from 'fast-check';
import t from 'tap';
import { parseDuration } from '../../src/saml/duration.js';
import { formatDateTime, parseDateTime } from '../../src/saml/time.js';

t.test('a UTC dateTime is read to the fraction it has', (t) => {
  t.equal(parseDateTime('1970-01-01T00:00:00Z'), 0);
  t.equal(parseDateTime('1970-01-01T00:00:00.001Z'), 1);
  t.equal(parseDateTime('1970-01-01T00:00:01.5Z'), 1500);
  t.equal(parseDateTime('2024-02-29T23:59:59.123456789Z'), Date.UTC(2024, 1, 29, 23, 59, 59) + 123.456789);
  t.end();
});

t.test('anything else is no time', (t) => {
  for (const text of [
    '',
    'now',
    '2024-02-29',
    '2024-02-29T12:00:00',
    '2024-02-29T12:00:00z',
    '2024-02-29t12:00:00Z',
    '2024-02-29T12:00:00+00:00',
    '2024-02-29T12:00:00-01:00',
    ' 2024-02-29T12:00:00Z',
    '2024-02-29T12:00:00Z\n',
    '2024-02-29T12:00Z',
    '2024-02-29T12:00:00.Z',
    '2024-02-29T24:00:00Z',
    '2024-02-29T12:60:00Z',
    '2016-12-31T23:59:60Z',
    '2023-02-29T12:00:00Z',
    '2024-02-30T12:00:00Z',
    '2024-04-31T12:00:00Z',
    '2024-13-01T12:00:00Z',
    '2024-00-01T12:00:00Z',
    '2024-01-00T12:00:00Z',
    '-2024-01-01T12:00:00Z',
    '12024-01-01T12:00:00Z',
    '24-01-01T12:00:00Z',
    '٢٠٢٤-01-01T12:00:00Z',
  ]) {
    t.equal(parseDateTime(text), null, JSON.stringify(text));
  }
  t.end();
});

t.test('what is written is read back', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (ms) => {
      return parseDateTime(formatDateTime(ms)) === ms;
    }),
  );
  t.end();
});

const SECOND = 1000;
const DAY = 86_400 * SECOND;

t.test('a duration is read, short months and years for the safe side', (t) => {
  const durations: readonly (readonly [string, number])[] = [
    ['PT1H', 3600 * SECOND],
    ['PT2M', 120 * SECOND],
    ['PT3S', 3 * SECOND],
    ['PT0.25S', 250],
    ['P1D', DAY],
    ['P1M', 28 * DAY],
    ['P1Y', 365 * DAY],
    ['P1DT2M3.5S', DAY + 123_500],
    ['P1Y2M3DT4H5M6S', (365 + 2 * 28 + 3) * DAY + (4 * 3600 + 5 * 60 + 6) * SECOND],
    ['P0D', 0],
    ['PT36H', 36 * 3600 * SECOND],
    ['P999999Y', 999_999 * 365 * DAY],
    ['P999999M', 999_999 * 28 * DAY],
    ['P999999D', 999_999 * DAY],
    ['PT999999999H', 999_999_999 * 3600 * SECOND],
    ['PT999999999M', 999_999_999 * 60 * SECOND],
    ['PT999999999S', 999_999_999 * SECOND],
    ['PT0.123456789S', 123.456789],
  ];
  for (const [text, ms] of durations) t.equal(parseDuration(text), ms, text);
  t.end();
});

t.test('anything else is no duration', (t) => {
  for (const text of [
    '',
    'P',
    'PT',
    'P1DT',
    '1D',
    'xP1D',
    'P1H',
    'P1S',
    'PT1D',
    'PT1Y',
    '-P1D',
    'P-1D',
    'P1.5D',
    'PT1.5H',
    'PT1.5M',
    'PT1.S',
    'PT.5S',
    'PT1S ',
    'PT1S\n',
    'P1D1Y',
    'PT1M1H',
    'P1',
    'PTS',
    'PxD',
    'PTxS',
    'PT1xS',
    'P1000000D',
    'P1000000M',
    'P1000000Y',
    'PT1000000000S',
    'PT1000000000M',
    'PT1000000000H',
    'PT0.1234567890S',
    'P١D',
  ]) {
    t.equal(parseDuration(text), null, JSON.stringify(text));
  }
  t.end();
});

t.test('a time is read at the ends of its ranges', (t) => {
  for (const text of ['2024-12-31T23:59:59Z', '2024-01-01T00:00:00Z', '0001-01-01T19:00:00Z', '2024-02-29T09:10:11Z']) {
    t.equal(parseDateTime(text), Date.parse(text), text);
  }
  for (const text of [
    'x2024-02-29T12:00:00Z',
    '2024-02-29T12:00:00Zx',
    '2024-02-29T12:00:00.5xZ',
    '2024-02-29T12:00:00,5Z',
    '2024-2-29T12:00:00Z',
    '2024-02-9T12:00:00Z',
    '2024-02-29T2:00:00Z',
    '2024-02-29T12:0:00Z',
    '2024-02-29T12:00:0Z',
    '2024-02-29T30:00:00Z',
    '2024-02-29T25:00:00Z',
    '2024-02-29T12:00:61Z',
    '2024-02-29T12:70:00Z',
    '2024-02-29Tx2:00:00Z',
    '2024-02-29T1x:00:00Z',
    '2024-02-29T2x:00:00Z',
    '2024-02-29T12:0x:00Z',
    '2024-02-29T12:00:0xZ',
    '2024-xx-29T12:00:00Z',
    '2024-02-xxT12:00:00Z',
    'xxxx-02-29T12:00:00Z',
  ]) {
    t.equal(parseDateTime(text), null, JSON.stringify(text));
  }
  t.end();
});
