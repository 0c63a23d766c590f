// A test runner for Stryker: the compiled test files are loaded once and their tests called in this process for one
// mutant after the other. The tap runner starts a process for each mutant and file; `--testRunner tap` gives that one.
import { readdirSync } from 'node:fs';
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

/** Gives `tap` another meaning to whatever is loaded from here on. */
function replaceTap() {
  const source = `export const resolve = (specifier, context, next) =>
    specifier === 'tap' ? { url: ${JSON.stringify(shim.href)}, shortCircuit: true } : next(specifier, context);`;
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

/** What a test reaches too is tried in that test alone; only what loading alone reaches takes a process of its own. */
function dynamicFirst({ static: loading, perTest }) {
  const reached = new Set(Object.values(perTest).flatMap((covered) => Object.keys(covered)));
  return { perTest, static: Object.fromEntries(Object.entries(loading).filter(([id]) => !reached.has(id))) };
}

class InProcessRunner {
  #patterns;
  #tests = [];
  #byId = new Map();
  #runTest;
  #loadFault = null;
  #poisoned = false;
  #loaded = false;

  constructor(options) {
    this.#patterns = options.tap.testFiles;
  }

  capabilities() {
    return { reloadEnvironment: false };
  }

  async #load() {
    if (this.#loaded) return;
    this.#loaded = true;
    replaceTap();
    const { registry, runTest } = await import(shim.href);
    this.#runTest = runTest;
    for (const file of this.#patterns.flatMap(filesOf)) {
      registry.file = file;
      try {
        await import(pathToFileURL(resolve(file)).href);
      } catch (fault) {
        this.#loadFault ??= { file, fault };
      }
    }
    this.#tests = registry.tests;
    this.#byId = new Map(this.#tests.map((test) => [test.id, test]));
  }

  async dryRun() {
    await this.#load();
    if (this.#loadFault !== null) {
      return {
        status: DryRunStatus.Error,
        errorMessage: String(this.#loadFault.fault?.stack ?? this.#loadFault.fault),
      };
    }
    const space = this.#space();
    const tests = [];
    for (const test of this.#tests) {
      if ((await this.#timeOf(test)) > LONGEST_MS) continue;
      space.currentTestId = test.id;
      const started = performance.now();
      const failure = await this.#failureOf(test);
      const base = { id: test.id, name: test.name, timeSpentMs: performance.now() - started };
      tests.push(
        failure === null
          ? { ...base, status: TestStatus.Success }
          : { ...base, status: TestStatus.Failed, failureMessage: failure },
      );
    }
    space.currentTestId = undefined;
    return { status: DryRunStatus.Complete, tests, mutantCoverage: dynamicFirst(space.mutantCoverage) };
  }

  async mutantRun({ activeMutant, hitLimit, testFilter, mutantActivation }) {
    // Something that the last mutant left behind: the answer is a new process, which Stryker starts.
    if (this.#poisoned) throw new Error('a mutant outlived its run');
    const space = this.#space();
    space.hitLimit = hitLimit;
    space.hitCount = hitLimit === undefined ? undefined : 0;
    const isStatic = mutantActivation === 'static' && !this.#loaded;
    if (isStatic) space.activeMutant = activeMutant.id;
    await this.#load();
    space.activeMutant = activeMutant.id;
    const tests = this.#order(testFilter);
    if (this.#loadFault !== null) {
      const { file, fault } = this.#loadFault;
      return {
        status: MutantRunStatus.Killed,
        killedBy: [tests[0]?.id ?? file],
        failureMessage: String(fault),
        nrOfTests: 1,
      };
    }
    let ran = 0;
    for (const test of tests) {
      ran++;
      const failure = await this.#failureOf(test);
      const exhausted = determineHitLimitReached(space.hitCount, space.hitLimit);
      if (exhausted !== undefined) {
        space.activeMutant = undefined;
        return { ...exhausted, status: MutantRunStatus.Timeout };
      }
      if (failure !== null) {
        space.activeMutant = undefined;
        this.#poisoned = (await this.#failureOf(test)) !== null;
        return { status: MutantRunStatus.Killed, killedBy: [test.id], failureMessage: failure, nrOfTests: ran };
      }
    }
    space.activeMutant = undefined;
    return { status: MutantRunStatus.Survived, nrOfTests: ran };
  }

  /** The quick ones first. */
  #order(filter) {
    const chosen = filter === undefined ? this.#tests : filter.map((id) => this.#byId.get(id)).filter(Boolean);
    return chosen.toSorted((left, right) => (left.took ?? 0) - (right.took ?? 0));
  }

  async #failureOf(test) {
    const started = performance.now();
    try {
      await this.#runTest(test.body);
      test.took ??= performance.now() - started;
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
