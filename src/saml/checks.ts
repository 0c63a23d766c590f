import { errorTable, GatewayError, type ErrorCode, type Evidence } from '../shared/index.js';

/**
 * One rule of the rules page. `holds` is all that a login pays for; `evidence` is asked after a failure, and by
 * `inspect`. Both must cope with any subject, also where an earlier rule of the same table failed.
 */
export interface Check<Subject> {
  readonly name: string;
  /** The one code with which this rule refuses. */
  readonly code: ErrorCode;
  readonly holds: (subject: Subject) => boolean;
  readonly evidence: (subject: Subject) => Evidence;
  /** A sentence of its own for the operator, where the code's meaning says too little. */
  readonly detail?: (subject: Subject) => string;
  /** What the sender says of it in its own words; `null` where it says nothing. */
  readonly quote?: (subject: Subject) => string | null;
}

export interface CheckResult {
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'skipped';
  readonly expected: string | null;
  readonly seen: string | null;
  readonly code: ErrorCode | null;
  readonly remedy: string | null;
}

/** How the steps of a login apply their checks: a login stops at the first fault, `inspect` goes on and takes notes. */
export interface Checker {
  apply<Subject>(checks: readonly Check<Subject>[], subject: Subject): void;
  /** A check that yields what the next steps work on; it throws where it fails. */
  step<Result>(
    name: string,
    run: () => Result | Promise<Result>,
    describe?: (result: Result) => Evidence,
  ): Promise<Result>;
  /** Throws the first fault so far, where the next steps would make no sense after one. */
  barrier(): void;
}

/** The checker of a login. */
export const firstFault: Checker = {
  apply(checks, subject) {
    for (const check of checks) {
      if (!check.holds(subject)) throw refusal(check, subject);
    }
  },
  async step(_name, run) {
    return await run();
  },
  barrier: () => undefined,
};

/** The checker of `inspect`. */
export class FullReport implements Checker {
  readonly #results = new Map<string, CheckResult>();
  #first: GatewayError | null = null;

  apply<Subject>(checks: readonly Check<Subject>[], subject: Subject): void {
    for (const check of checks) {
      const evidence = check.evidence(subject);
      if (check.holds(subject)) this.#pass(check.name, evidence);
      else this.#fail(check.name, refusal(check, subject, evidence));
    }
  }

  async step<Result>(
    name: string,
    run: () => Result | Promise<Result>,
    describe?: (result: Result) => Evidence,
  ): Promise<Result> {
    try {
      const result = await run();
      this.#pass(name, describe?.(result) ?? {});
      return result;
    } catch (error) {
      if (error instanceof GatewayError) this.#fail(name, error);
      throw error;
    }
  }

  barrier(): void {
    if (this.#first !== null) throw this.#first;
  }

  /** The fault that a login would have met; `null` where it would have been delivered. */
  get first(): GatewayError | null {
    return this.#first;
  }

  /** The results in the order of `names`; what was never reached is `skipped`. */
  results(names: readonly string[]): CheckResult[] {
    return names.map((name) => this.#results.get(name) ?? skipped(name));
  }

  #pass(name: string, evidence: Evidence): void {
    this.#results.set(name, {
      name,
      result: 'pass',
      expected: evidence.expected ?? null,
      seen: evidence.seen ?? null,
      code: null,
      remedy: null,
    });
  }

  #fail(name: string, error: GatewayError): void {
    this.#first ??= error;
    this.#results.set(name, {
      name,
      result: 'fail',
      expected: error.evidence.expected ?? null,
      seen: error.evidence.seen ?? error.message,
      code: error.code,
      remedy: error.entry.remedy,
    });
  }
}

function skipped(name: string): CheckResult {
  return { name, result: 'skipped', expected: null, seen: null, code: null, remedy: null };
}

function refusal<Subject>(
  check: Check<Subject>,
  subject: Subject,
  evidence: Evidence = check.evidence(subject),
): GatewayError {
  const quote = check.quote?.(subject) ?? null;
  return new GatewayError(check.code, check.detail?.(subject) ?? sentence(check.code, evidence), {
    evidence,
    ...(quote === null ? {} : { quote }),
  });
}

function sentence(code: ErrorCode, { expected, seen }: Evidence): string {
  const parts = [errorTable[code].meaning];
  if (expected !== undefined) parts.push(`Expected: ${expected}.`);
  if (seen !== undefined) parts.push(`Seen: ${seen}.`);
  return parts.join(' ');
}

/** Stands for what cannot be absent once its check has held: no path without it compiles, and none would go on. */
export function contradiction(): never {
  throw new TypeError('A check held, and what it looked at is not there.');
}
