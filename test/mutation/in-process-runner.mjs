// A test runner for Stryker: the compiled test files are loaded once and their tests called in this process for one
// mutant after the other. The tap runner starts a process for each mutant and file; `--testRunner tap` gives that one.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commonTokens, declareFactoryPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import { determineHitLimitReached, DryRunStatus, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner';

const shim = new URL('./tap-in-process.mjs', import.meta.url);
// Property tests take most of the time that a survivor costs, and hardly ever kill what the others leave alive.
const LONGEST_MS = Number(process.env.MUTATION_LONGEST_TEST_MS ?? Infinity);
const NAMESPACE = INSTRUMENTER_CONSTANTS.NAMESPACE;

/**
 * Gives `tap` another meaning to whatever is loaded from here on. And a module that is loaded with a number behind its
 * URL hands it on to what it imports out of the build, so that another number loads all of it anew.
 */
function replaceTap() {
  const source = `const TAP = ${JSON.stringify(shim.href)};
    const BUILD = ${JSON.stringify(pathToFileURL(resolve('dist')).href)};
    export async function resolve(specifier, context, next) {
      if (specifier === 'tap') return { url: TAP, shortCircuit: true };
      const found = await next(specifier, context);
      const number = found.url.startsWith(BUILD) && !found.url.includes('?') ? /\\?\\d+$/.exec(context.parentURL ?? '') : null;
      return number === null ? found : { ...found, url: found.url + number[0] };
    }`;
  register(`data:text/javascript,${encodeURIComponent(source)}`);
}

/** `directory/*.suffix`, or one file. */
function filesOf(pattern) {
  const [directory, suffix] = pattern.split('/*');
  if (suffix === undefined) return [pattern];
  return readdirSync(directory)
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => `${directory}/${name}`);
}

/** What a test reaches too is tried in that test alone; only for what loading alone reaches is all loaded anew. */
function dynamicFirst({ static: loading, perTest }) {
  const reached = new Set(Object.values(perTest).flatMap((covered) => Object.keys(covered)));
  return { perTest, static: Object.fromEntries(Object.entries(loading).filter(([id]) => !reached.has(id))) };
}

/** What the dry run found out, for the processes that come after the first one. */
const TIMES = 'mutation-test-times.json';

/** A mutant that only runs while a module is loaded needs all modules anew; the old ones stay in memory. */
const MOST_LOADS = 40;

class InProcessRunner {
  #patterns;
  #unchanged = null;
  #runTest;
  #loads = 0;
  #poisoned = false;
  /** Milliseconds of each test that takes part, by its id. */
  #times = new Map();

  constructor(options) {
    this.#patterns = options.tap.testFiles;
    if (existsSync(TIMES)) this.#times = new Map(JSON.parse(readFileSync(TIMES, 'utf8')));
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  /** All test files and what they import, once more. */
  async #load() {
    if (this.#loads === 0) replaceTap();
    const number = this.#loads++;
    const { registry, runTest } = await import(shim.href);
    this.#runTest = runTest;
    registry.tests = [];
    for (const file of this.#patterns.flatMap(filesOf)) {
      registry.file = file;
      try {
        await import(`${pathToFileURL(resolve(file)).href}?${number}`);
      } catch (fault) {
        return { tests: registry.tests, fault: { file, fault } };
      }
    }
    return { tests: registry.tests, fault: null };
  }

  async dryRun() {
    this.#unchanged ??= await this.#load();
    const { tests: all, fault } = this.#unchanged;
    if (fault !== null) {
      return { status: DryRunStatus.Error, errorMessage: String(fault.fault?.stack ?? fault.fault) };
    }
    const space = this.#space();
    const tests = [];
    for (const test of all) {
      if ((await this.#timeOf(test)) > LONGEST_MS) continue;
      space.currentTestId = test.id;
      const started = performance.now();
      const failure = await this.#failureOf(test);
      const took = performance.now() - started;
      this.#times.set(test.id, took);
      const base = { id: test.id, name: test.name, timeSpentMs: took };
      tests.push(
        failure === null
          ? { ...base, status: TestStatus.Success }
          : { ...base, status: TestStatus.Failed, failureMessage: failure },
      );
    }
    space.currentTestId = undefined;
    writeFileSync(TIMES, JSON.stringify([...this.#times]));
    return { status: DryRunStatus.Complete, tests, mutantCoverage: dynamicFirst(space.mutantCoverage) };
  }

  async mutantRun({ activeMutant, hitLimit, testFilter, mutantActivation }) {
    // Something that the last mutant left behind: the answer is a new process, which Stryker starts.
    if (this.#poisoned) throw new Error('a mutant outlived its run');
    if (this.#loads >= MOST_LOADS) throw new Error('enough modules for one process');
    const space = this.#space();
    this.#unchanged ??= await this.#load();
    space.hitLimit = hitLimit;
    space.hitCount = hitLimit === undefined ? undefined : 0;
    space.activeMutant = activeMutant.id;
    const { tests: loaded, fault } = mutantActivation === 'static' ? await this.#load() : this.#unchanged;
    if (fault !== null) {
      space.activeMutant = undefined;
      return {
        status: MutantRunStatus.Killed,
        killedBy: [loaded[0]?.id ?? fault.file],
        failureMessage: String(fault.fault),
        nrOfTests: 1,
      };
    }
    let ran = 0;
    for (const test of this.#order(loaded, testFilter)) {
      ran++;
      const failure = await this.#failureOf(test);
      const exhausted = determineHitLimitReached(space.hitCount, space.hitLimit);
      if (exhausted !== undefined) {
        space.activeMutant = undefined;
        return { ...exhausted, status: MutantRunStatus.Timeout };
      }
      if (failure !== null) {
        space.activeMutant = undefined;
        if (mutantActivation !== 'static') this.#poisoned = (await this.#failureOf(test)) !== null;
        return { status: MutantRunStatus.Killed, killedBy: [test.id], failureMessage: failure, nrOfTests: ran };
      }
    }
    space.activeMutant = undefined;
    return { status: MutantRunStatus.Survived, nrOfTests: ran };
  }

  /** Those that take part, the quick ones first. */
  #order(tests, filter) {
    const wanted = filter === undefined ? null : new Set(filter);
    const chosen = tests.filter(({ id }) => (wanted === null ? this.#times.has(id) : wanted.has(id)));
    const took = ({ id }) => this.#times.get(id) ?? 0;
    return chosen.toSorted((left, right) => took(left) - took(right));
  }

  async #failureOf(test) {
    try {
      await this.#runTest(test.body);
      return null;
    } catch (fault) {
      return String(fault?.message ?? fault);
    }
  }

  /** In milliseconds of the processor; a run that is not counted, which also warms up. */
  async #timeOf(test) {
    const space = this.#space();
    space.currentTestId = 'uncounted';
    const started = process.cpuUsage();
    await this.#failureOf(test);
    const { user, system } = process.cpuUsage(started);
    delete space.mutantCoverage?.perTest.uncounted;
    return (user + system) / 1000;
  }

  #space() {
    return (globalThis[NAMESPACE] ??= {});
  }
}

function createRunner(options) {
  return new InProcessRunner(options);
}
createRunner.inject = tokens(commonTokens.options);

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'in-process', createRunner)];
