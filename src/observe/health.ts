import { errorTable, GatewayError, type Clock } from '../shared/index.js';
import { maskSecretText } from './mask.js';
import { TimeLimitExceeded, withinTime } from './time-limit.js';

/** `warn` needs a person some day; `fail` needs one now. Only `fail` of a readiness check makes the gateway not ready. */
export type CheckState = 'pass' | 'warn' | 'fail';

/** What may stand in a check's data and so in `/healthz`. */
export type HealthValue = string | number | boolean | null | readonly HealthValue[] | HealthData;

export interface HealthData {
  readonly [name: string]: HealthValue | undefined;
}

export interface CheckResult {
  readonly state: CheckState;
  /** What was found, in a sentence; no secret, no personal data. */
  readonly detail: string;
  /** What the operator can do; empty while there is nothing to do. */
  readonly remedy?: string;
  readonly data?: HealthData;
}

/** One thing that can be well or unwell; registered by the room that knows it. */
export interface HealthCheck {
  /** Short, unique, in kebab-case: `store`, `signing-key`, `idp-okta-certificate`. It is a metric's label. */
  readonly name: string;
  /** Whether logins fail while this check fails. */
  readonly readiness: boolean;
  run(): CheckResult | Promise<CheckResult>;
}

export interface CheckReport extends CheckResult {
  readonly name: string;
  readonly readiness: boolean;
  readonly remedy: string;
  /** Since when it is in this state, ms since 1970. */
  readonly since: number;
  /** When this result was found, ms since 1970. */
  readonly checkedAt: number;
}

export interface HealthReport {
  /** The worst state of all checks. */
  readonly state: CheckState;
  /** Whether logins can succeed: no readiness check fails and nothing is draining. */
  readonly ready: boolean;
  readonly draining: boolean;
  /** Names of the readiness checks that fail. */
  readonly failing: readonly string[];
  readonly checks: readonly CheckReport[];
}

export interface HealthOptions {
  readonly clock: Clock;
  /** How long one check may take before it counts as failing, ms. Default 500. */
  readonly timeLimit?: number;
  /** How long a result is used again, ms, so that a storm of probes does not reach the store. Default 1000. */
  readonly freshFor?: number;
}

interface Entry {
  readonly check: HealthCheck;
  last: CheckReport | undefined;
  /** The run under way. A check that hangs is not started again until it ends. */
  running: Promise<CheckResult> | undefined;
  /** The report that everyone who asks now waits for. */
  pending: Promise<CheckReport> | undefined;
}

const WORST_FIRST: readonly CheckState[] = ['fail', 'warn', 'pass'];

export class HealthRegistry {
  readonly #clock: Clock;
  readonly #timeLimit: number;
  readonly #freshFor: number;
  readonly #entries = new Map<string, Entry>();
  #draining = false;

  constructor({ clock, timeLimit = 500, freshFor = 1000 }: HealthOptions) {
    this.#clock = clock;
    this.#timeLimit = timeLimit;
    this.#freshFor = freshFor;
  }

  /**
   * @returns takes the check out again, as a reload does with the checks of an IdP that is gone
   * @throws Error when the name is taken: a programming error
   */
  register(check: HealthCheck): () => void {
    if (this.#entries.has(check.name)) throw new Error(`health check ${check.name} is registered already`);
    const entry: Entry = { check, last: undefined, running: undefined, pending: undefined };
    this.#entries.set(check.name, entry);
    return () => {
      if (this.#entries.get(check.name) === entry) this.#entries.delete(check.name);
    };
  }

  /** From now on not ready: the process finishes what it has and takes nothing new. */
  startDraining(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Every check, in order of registration. Never rejects, and answers within the time limit of one check. */
  async report(): Promise<HealthReport> {
    const checks = await Promise.all([...this.#entries.values()].map((entry) => this.#reportOn(entry)));
    const failing = checks.filter((check) => check.readiness && check.state === 'fail').map((check) => check.name);
    return {
      state: WORST_FIRST.find((state) => checks.some((check) => check.state === state)) ?? 'pass',
      ready: failing.length === 0 && !this.#draining,
      draining: this.#draining,
      failing,
      checks,
    };
  }

  #reportOn(entry: Entry): Promise<CheckReport> {
    const { last } = entry;
    if (last !== undefined) {
      const age = this.#clock.now() - last.checkedAt;
      // A negative age is a clock that was set back: the result's age is unknown.
      if (age >= 0 && age < this.#freshFor) return Promise.resolve(last);
    }
    entry.pending ??= this.#check(entry).finally(() => {
      entry.pending = undefined;
    });
    return entry.pending;
  }

  async #check(entry: Entry): Promise<CheckReport> {
    entry.running ??= runCheck(entry.check).finally(() => {
      entry.running = undefined;
    });
    const result = await withinTime(entry.running, this.#timeLimit).catch(asFailure);
    const now = this.#clock.now();
    const since = entry.last?.state === result.state ? entry.last.since : now;
    const { name, readiness } = entry.check;
    entry.last = { name, readiness, ...result, remedy: result.remedy ?? '', since, checkedAt: now };
    return entry.last;
  }
}

// Async, so that a check that throws at once and one that rejects later are alike.
async function runCheck(check: HealthCheck): Promise<CheckResult> {
  return check.run();
}

function asFailure(error: unknown): CheckResult {
  if (error instanceof GatewayError) {
    return { state: 'fail', detail: `${error.code}: ${error.message}`, remedy: errorTable[error.code].remedy };
  }
  if (error instanceof TimeLimitExceeded) {
    return {
      state: 'fail',
      detail: `The check gave ${error.message}.`,
      remedy: 'Look whether what it asks (store, disk, network) hangs or is overloaded.',
    };
  }
  const detail = error instanceof Error ? `${error.name}: ${maskSecretText(error.message)}` : 'The check failed.';
  return { state: 'fail', detail, remedy: 'Look in the log at the time under `since`.' };
}
