// What the test files under mutation get as `tap`: it collects their tests, so that the runner can call any of them as
// often as it likes in one process, and stops a test at its first failed assertion. No reporting, no files.
import { isDeepStrictEqual } from 'node:util';
import { deepEqual } from 'node:assert';

export const registry = { file: '', tests: [] };

function fail(message) {
  throw new Error(`assertion: ${message}`);
}

const isObject = (value) => typeof value === 'object' && value !== null;

/** tap's match: patterns for text, otherwise everything that the pattern names. */
function matches(value, pattern) {
  if (pattern instanceof RegExp) return pattern.test(String(value));
  if (typeof pattern === 'string' && typeof value === 'string') return value.includes(pattern);
  if (typeof pattern === 'function') return value instanceof pattern;
  if (!isObject(pattern)) return Object.is(value, pattern);
  if (!isObject(value)) return false;
  if (pattern instanceof Error && value.message !== pattern.message) return false;
  return Object.keys(pattern).every((key) => matches(value[key], pattern[key]));
}

function deepEqualLoosely(value, wanted) {
  try {
    deepEqual(value, wanted);
    return true;
  } catch {
    return false;
  }
}

function checkThrown(error, wanted) {
  if (isObject(wanted) || typeof wanted === 'function') {
    if (!matches(error, wanted)) fail(`another error: ${String(error)}`);
  }
  return error;
}

const assertions = {
  ok: (value, message = 'ok') => value || fail(message),
  notOk: (value, message = 'not ok') => (value ? fail(message) : true),
  pass: () => true,
  fail: (message = 'fail') => fail(message),
  equal: (value, wanted, message = 'equal') => Object.is(value, wanted) || fail(`${message}: ${String(value)}`),
  not: (value, wanted, message = 'not equal') => (Object.is(value, wanted) ? fail(message) : true),
  same: (value, wanted, message = 'same') => deepEqualLoosely(value, wanted) || fail(message),
  strictSame: (value, wanted, message = 'strictly the same') => isDeepStrictEqual(value, wanted) || fail(message),
  match: (value, pattern, message = 'match') => matches(value, pattern) || fail(`${message}: ${String(value)}`),
  notMatch: (value, pattern, message = 'no match') => (matches(value, pattern) ? fail(message) : true),
  comment: () => undefined,
  teardown: () => undefined,
  throws(run, wanted) {
    let error;
    try {
      run();
    } catch (thrown) {
      error = thrown;
    }
    return error === undefined ? fail('it threw nothing') : checkThrown(error, wanted);
  },
  doesNotThrow(run) {
    run();
    return true;
  },
  async rejects(promiseOrRun, wanted) {
    const failed = Symbol('resolved');
    const error = await (async () => {
      await (typeof promiseOrRun === 'function' ? promiseOrRun() : promiseOrRun);
      return failed;
    })().catch((thrown) => thrown);
    return error === failed ? fail('it was not rejected') : checkThrown(error, wanted);
  },
  async resolves(promiseOrRun) {
    await (typeof promiseOrRun === 'function' ? promiseOrRun() : promiseOrRun);
    return true;
  },
};

/** Runs one test with its subtests, to its end or its first failed assertion. */
export async function runTest(body) {
  const pending = [];
  const track = (result) => {
    if (result instanceof Promise) pending.push(result);
    // An assertion that nobody waits for still counts, at the end.
    if (result instanceof Promise) result.catch(() => undefined);
    return result;
  };
  let end;
  const ended = new Promise((resolve) => (end = resolve));
  const t = { end, test: (_name, ...rest) => track(runTest(rest.at(-1))) };
  for (const [name, assertion] of Object.entries(assertions)) t[name] = (...args) => track(assertion(...args));
  const result = body(t);
  if (result instanceof Promise) await result;
  else await ended;
  for (let index = 0; index < pending.length; index++) await pending[index];
}

const root = {
  ...assertions,
  test(name, ...rest) {
    const { file, tests } = registry;
    tests.push({ id: `${file} #${tests.length} ${name}`, name, file, body: rest.at(-1) });
    return Promise.resolve();
  },
};

export default root;
