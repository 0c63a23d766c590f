import { writeFileSync } from 'node:fs';
import t from 'tap';
import { inspectResponse } from '../../src/saml/index.js';
import { GatewayError } from '../../src/shared/index.js';
import { projectFile, projectRoot } from '../support/project.js';
import { NOW, testContext, testIdp, testIssuing, testServices, testSp } from '../support/saml-parties.js';
import { assertionRefusals } from './assertion-refusals.js';
import { documentOf, receive, type Attempt } from './attempt.js';
import { responseRefusals } from './response-refusals.js';

// What an operator is told of each refusal, and what `inspect` shows of each check, is held in told.json: a change of it
// is a change of what is documented. `UPDATE_TOLD=1` writes it anew, to be read before it is committed.

const FILE = 'test/saml/told.json';

interface Told {
  readonly message: string;
  /** Of each check that did not pass: what was expected and seen. */
  readonly checks: Readonly<Record<string, readonly [string | null, string | null]>>;
}

/** Keys are new in every run. */
const steady = (text: string): string => text.replace(/\b[0-9a-f]{64}\b/g, '(fingerprint)');

async function checksOf(attempt: Attempt): Promise<[name: string, result: string, ...evidence: (string | null)[]][]> {
  const context = testContext(attempt.requests, { now: attempt.now ?? NOW });
  const parties = { idp: testIdp(attempt.idp), sp: testSp(), issuing: testIssuing() };
  const { checks } = await inspectResponse(await documentOf(attempt), parties, context, testServices());
  return checks.map(({ name, result, expected, seen }) => [
    name,
    result,
    expected === null ? null : steady(expected),
    seen === null ? null : steady(seen),
  ]);
}

async function toldOf(attempt: Attempt): Promise<Told> {
  const refusal: unknown = await receive(attempt).catch((error: unknown) => error);
  if (!(refusal instanceof GatewayError)) throw new Error('It was not refused.');
  const failed = (await checksOf(attempt)).filter(([, result]) => result === 'fail');
  return {
    message: steady(refusal.message),
    checks: Object.fromEntries(failed.map(([name, , expected = null, seen = null]) => [name, [expected, seen]])),
  };
}

interface Book {
  refusals: Record<string, Told>;
  passed: Record<string, readonly [string | null, string | null]>;
}

const updating = process.env['UPDATE_TOLD'] !== undefined;
const book: Book = updating ? { refusals: {}, passed: {} } : (JSON.parse(projectFile(FILE)) as Book);

const refusals = [...responseRefusals, ...assertionRefusals];

t.test('each refusal has a row of its own, and each row its refusal', { skip: updating }, (t) => {
  t.strictSame(Object.keys(book.refusals).sort(), refusals.map(([, , what]) => what).sort());
  t.end();
});

for (const [, , what, attempt] of refusals) {
  t.test(`what is told of ${what}`, async (t) => {
    const told = await toldOf(attempt);
    if (updating) book.refusals[what] = told;
    t.strictSame(told, book.refusals[what]);
  });
}

t.test('what is shown of every check of a login that is taken', async (t) => {
  const shown = Object.fromEntries(
    (await checksOf({})).map(([name, , expected = null, seen = null]) => [name, [expected, seen] as const]),
  );
  if (updating) book.passed = shown;
  t.strictSame(shown, book.passed);
});

if (updating) {
  t.test('the book is written', (t) => {
    writeFileSync(`${projectRoot}${FILE}`, `${JSON.stringify(book, null, 2)}\n`);
    t.end();
  });
}
