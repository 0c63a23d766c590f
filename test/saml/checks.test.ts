import t from 'tap';
import { firstFault, FullReport, type Check } from '../../src/saml/checks.js';
import { GatewayError, type Evidence } from '../../src/shared/index.js';

/** A rule about numbers: not above the limit. */
function atMost(limit: number, evidence: Evidence = {}): Check<number> {
  return {
    name: `at-most-${limit}`,
    code: 'SAML_ID',
    holds: (value) => value <= limit,
    evidence: () => evidence,
  };
}

function thrownBy(run: () => void): GatewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('It threw nothing.');
}

const sentenceOf = (check: Check<number>) =>
  thrownBy(() => {
    firstFault.apply([check], 9);
  }).message;

t.test('a refusal says its meaning, and what was expected and seen as far as that is known', (t) => {
  const meaning = sentenceOf(atMost(1));
  t.match(meaning, /\.$/);
  t.equal(sentenceOf(atMost(1, { expected: '1' })), `${meaning} Expected: 1.`);
  t.equal(sentenceOf(atMost(1, { seen: '9' })), `${meaning} Seen: 9.`);
  t.equal(sentenceOf(atMost(1, { expected: '1', seen: '9' })), `${meaning} Expected: 1. Seen: 9.`);
  t.equal(sentenceOf({ ...atMost(1, { seen: '9' }), detail: (value) => `${value} is too much.` }), '9 is too much.');
  t.end();
});

t.test('a login stops at its first fault', (t) => {
  const asked: string[] = [];
  const asking = (check: Check<number>): Check<number> => ({
    ...check,
    holds(value) {
      asked.push(check.name);
      return check.holds(value);
    },
  });
  t.throws(
    () => {
      firstFault.apply([atMost(9), atMost(2), atMost(1)].map(asking), 5);
    },
    { code: 'SAML_ID' },
  );
  t.strictSame(asked, ['at-most-9', 'at-most-2']);
  t.end();
});

t.test('a report goes on after a fault, and keeps the first', async (t) => {
  const report = new FullReport();
  t.equal(report.first, null);
  report.barrier();
  report.apply([atMost(9, { seen: '5' }), atMost(2, { expected: '2' }), atMost(1, { seen: '5' })], 5);
  t.equal(report.first?.message, sentenceOf(atMost(2, { expected: '2' })));
  const later = new GatewayError('SAML_VERSION', 'later');
  await t.rejects(
    report.step('later', () => {
      throw later;
    }),
    later,
  );
  t.equal(report.first?.code, 'SAML_ID', 'the first fault stays the first');
  t.equal(
    thrownBy(() => {
      report.barrier();
    }),
    report.first,
  );
  const remedy = report.first?.entry.remedy ?? null;
  t.strictSame(report.results(['at-most-9', 'at-most-2', 'at-most-1', 'later', 'never']), [
    { name: 'at-most-9', result: 'pass', expected: null, seen: '5', code: null, remedy: null },
    { name: 'at-most-2', result: 'fail', expected: '2', seen: report.first?.message, code: 'SAML_ID', remedy },
    { name: 'at-most-1', result: 'fail', expected: null, seen: '5', code: 'SAML_ID', remedy },
    { name: 'later', result: 'fail', expected: null, seen: 'later', code: later.code, remedy: later.entry.remedy },
    { name: 'never', result: 'skipped', expected: null, seen: null, code: null, remedy: null },
  ]);
});

t.test('a failure that is no refusal is not a result', async (t) => {
  const report = new FullReport();
  const fault = new Error('the disk is full');
  await t.rejects(
    report.step('read', () => {
      throw fault;
    }),
    fault,
  );
  t.equal(report.first, null);
  t.equal(report.results(['read'])[0]?.result, 'skipped');
});

t.test('a step yields its result, and says of it what it is told to', async (t) => {
  const report = new FullReport();
  t.equal(await report.step('plain', () => 1), 1);
  t.equal(
    await report.step(
      'told',
      () => Promise.resolve(2),
      (result) => ({ expected: '2', seen: `${result}` }),
    ),
    2,
  );
  t.strictSame(
    report.results(['plain', 'told']).map(({ result, expected, seen }) => [result, expected, seen]),
    [
      ['pass', null, null],
      ['pass', '2', '2'],
    ],
  );
  t.equal(await firstFault.step('told', () => Promise.resolve(3)), 3);
  firstFault.barrier();
});
