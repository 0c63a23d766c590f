import { performance } from 'node:perf_hooks';
import { GatewayError, type Clock } from '../../shared/index.js';
import type { LoginStage } from '../metric-definitions.js';
import type { Metrics, ResultCode } from '../metrics.js';
import type { AttributeDifference, TraceStep, TraceStore } from './trace.js';

/** Milliseconds from a moment that does not matter; never goes back. */
export type Stopwatch = () => number;

export interface RecorderOptions {
  readonly reference: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly traces: TraceStore;
  /** The IdP by the request's path; not a verified fact until `verified`. */
  readonly idp: string | null;
  readonly stopwatch?: Stopwatch;
}

/** What only a verified response may tell. */
export interface VerifiedLogin {
  readonly idp: string;
  /** In the configured form. */
  readonly account: string | null;
}

/**
 * Follows one login: times its steps into the metrics, and keeps them for the trace. The trace is written at the end
 * and only if the response was verified, so that posts of strangers cannot fill the store; counters count them all.
 */
export class LoginRecorder {
  readonly #options: RecorderOptions;
  readonly #stopwatch: Stopwatch;
  readonly #started: number;
  readonly #at: number;
  readonly #steps: TraceStep[] = [];
  #verified: VerifiedLogin | null = null;
  #attributes: readonly AttributeDifference[] = [];

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#stopwatch = options.stopwatch ?? (() => performance.now());
    this.#started = this.#stopwatch();
    this.#at = options.clock.now();
  }

  /** Runs the step, times it and notes how it ended. @throws what the step throws */
  async step<T>(stage: LoginStage, work: () => T | Promise<T>): Promise<T> {
    const started = this.#stopwatch();
    try {
      const outcome = await work();
      this.#note(stage, started, {});
      return outcome;
    } catch (error) {
      const { code, message, evidence } = error instanceof GatewayError ? error : UNEXPECTED;
      this.#note(stage, started, { code, detail: message, ...evidence });
      throw error;
    }
  }

  /** Call after the signature was verified, never before. */
  verified(login: VerifiedLogin): void {
    this.#verified = login;
  }

  attributes(difference: readonly AttributeDifference[]): void {
    this.#attributes = difference;
  }

  /** Counts the login and writes its trace. Never rejects: a login does not fail for its trace. */
  async finish(code: ResultCode): Promise<void> {
    const { metrics, traces, reference } = this.#options;
    const duration = this.#stopwatch() - this.#started;
    const idp = this.#verified?.idp ?? this.#options.idp;
    metrics.login(idp, code, duration);
    if (this.#verified === null) return;
    const { account } = this.#verified;
    const [steps, attributes] = [this.#steps, this.#attributes];
    try {
      await traces.add(reference, {
        kind: 'login',
        at: this.#at,
        idp: this.#verified.idp,
        account,
        code,
        duration,
        steps,
        attributes,
      });
    } catch {
      metrics.traceError();
    }
  }

  #note(stage: LoginStage, started: number, failure: Partial<TraceStep>): void {
    const duration = this.#stopwatch() - started;
    this.#options.metrics.stage(stage, duration);
    this.#steps.push({ name: stage, result: failure.code === undefined ? 'pass' : 'fail', duration, ...failure });
  }
}

// The message of an unforeseen error may hold anything; the log has it, redacted.
const UNEXPECTED = { code: 'INTERNAL', message: 'a fault of the program; see the log', evidence: {} } as const;
