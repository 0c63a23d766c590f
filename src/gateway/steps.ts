import type { LoginStage } from '../observe/index.js';
import type { Stage } from '../saml/index.js';

/** One step as it went; the last one of a refused login is the one that refused. */
export interface TimedStep {
  readonly name: LoginStage;
  /** On the clock for durations; milliseconds, with fractions. */
  readonly since: number;
  /** Milliseconds, with fractions. */
  readonly duration: number;
}

/** The SAML room's stages, as the steps of the architecture page that they belong to. */
const STEP_OF_STAGE: Readonly<Record<Stage, LoginStage>> = {
  parse: 'parse',
  structure: 'parse',
  verify: 'verify',
  decrypt: 'verify',
  validate: 'validate',
  claims: 'inject',
  reissue: 'reissue',
  sign: 'sign',
};

/** Times the steps of one login. A step lasts until the next one begins. */
export class LoginSteps {
  readonly #elapsed: () => number;
  readonly #done: TimedStep[] = [];
  #current: { readonly name: LoginStage; readonly since: number } | null = null;

  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  /** Runs a step, and leaves it open so that a failure is still known as its. */
  async run<Result>(name: LoginStage, step: () => Result | Promise<Result>): Promise<Result> {
    this.begin(name);
    return await step();
  }

  /** Begins a step, which ends the one before. */
  begin(name: LoginStage): void {
    if (this.#current?.name === name) return;
    this.#close();
    this.#current = { name, since: this.#elapsed() };
  }

  /** For the steps that the SAML room goes through by itself. */
  readonly onStage = (stage: Stage): void => {
    this.begin(STEP_OF_STAGE[stage]);
  };

  /** Ends the last step. @returns all steps in the order in which they ran; empty where none was begun */
  finish(): readonly TimedStep[] {
    this.#close();
    this.#current = null;
    return this.#done;
  }

  #close(): void {
    if (this.#current === null) return;
    const { name, since } = this.#current;
    this.#done.push({ name, since, duration: this.#elapsed() - since });
  }
}
