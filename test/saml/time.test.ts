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

t.test('a duration is read, short months and years for the safe side', (t) => {
  const day = 86_400_000;
  t.equal(parseDuration('PT1H'), 3_600_000);
  t.equal(parseDuration('P1DT2M3.5S'), day + 123_500);
  t.equal(parseDuration('P1Y1M'), (365 + 28) * day);
  for (const text of ['', 'P', 'PT', '1D', 'P1H', '-P1D', 'P1.5D', 'PT1S ']) t.equal(parseDuration(text), null, text);
  t.end();
});
