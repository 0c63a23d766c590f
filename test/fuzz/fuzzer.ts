import { GatewayError } from '../../src/shared/index.js';
import { mutate } from './mutate.js';
import type { Random } from './random.js';
import { Forgery, targets, type Target, type World } from './targets.js';
import type { Corpus } from './corpus.js';

/** One execution may not hold up the others longer, in milliseconds. */
export const SLOWEST_MS = 1000;

/** An input that must not have had the effect that it had. */
export interface Crash {
  readonly target: string;
  readonly reason: 'uncaught' | 'slow' | 'forgery';
  readonly detail: string;
  readonly input: Buffer;
}

export interface Tally {
  readonly executions: number;
  readonly byTarget: ReadonlyMap<string, number>;
  /** Distinct outcomes that were reached, and so inputs worth mutating. */
  readonly features: number;
  /** Executions that ended in acceptance. */
  readonly accepted: number;
  readonly slowestMs: number;
  readonly crashes: readonly Crash[];
}

/** The frames that threw tell two refusals with one code apart, without instrumenting anything. */
function featureOf(error: GatewayError): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => line.includes('/src/'));
  return `${error.code} ${frames.slice(0, 3).join('')}`;
}

interface Execution {
  readonly feature: string;
  readonly accepted: boolean;
  readonly ms: number;
  /** `null` where nothing is wrong with what came of it. */
  readonly crash: Crash | null;
}

async function executeOnce(target: Target, input: Buffer, world: World): Promise<Execution> {
  const start = performance.now();
  const ended = (feature: string, accepted: boolean, reason?: Crash['reason'], detail = ''): Execution => ({
    feature,
    accepted,
    ms: performance.now() - start,
    crash: reason === undefined ? null : { target: target.name, reason, detail, input },
  });
  try {
    return ended(await target.run(input, world), true);
  } catch (error) {
    if (error instanceof GatewayError) return ended(featureOf(error), false);
    if (error instanceof Forgery) return ended('', true, 'forgery', error.message);
    return ended('', false, 'uncaught', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

/** Runs one input. A slow execution counts where it is slow each time: the machine does other work, too. */
export async function execute(target: Target, input: Buffer, world: World): Promise<Execution> {
  let execution = await executeOnce(target, input, world);
  for (let again = 0; again < 3 && execution.crash === null && execution.ms > SLOWEST_MS; again++) {
    execution = await executeOnce(target, input, world);
  }
  if (execution.crash !== null || execution.ms <= SLOWEST_MS) return execution;
  return {
    ...execution,
    crash: { target: target.name, reason: 'slow', detail: `${Math.round(execution.ms)} ms`, input },
  };
}

interface Pool {
  readonly target: Target;
  readonly inputs: Buffer[];
  readonly features: Set<string>;
}

/** Mutates what reached something new, on every entry point in turn. */
export class Fuzzer {
  readonly #pools: readonly Pool[];
  readonly #world: World;
  readonly #random: Random;
  readonly #crashes: Crash[] = [];
  readonly #byTarget = new Map<string, number>();
  #executions = 0;
  #accepted = 0;
  #slowestMs = 0;

  constructor({ seeds, world }: Corpus, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#pools = targets.map((target) => ({
      target,
      inputs: [...(seeds.get(target.name) ?? [])],
      features: new Set<string>(),
    }));
  }

  get tally(): Tally {
    return {
      executions: this.#executions,
      byTarget: this.#byTarget,
      features: this.#pools.reduce((sum, { features }) => sum + features.size, 0),
      accepted: this.#accepted,
      slowestMs: this.#slowestMs,
      crashes: this.#crashes,
    };
  }

  /** The seeds as they are: none may crash, and their outcomes are not new any more. */
  async seeds(): Promise<void> {
    for (const pool of this.#pools) {
      for (const input of [...pool.inputs]) await this.#run(pool, input, () => undefined);
    }
  }

  /** One mutant of one input. `before` is told of it, so that a hang can be traced to it. */
  async step(before: (target: string, input: Buffer) => void): Promise<void> {
    const pool = this.#pick();
    const input = this.#random.pick(pool.inputs);
    await this.#run(pool, mutate(input, this.#random, this.#random.pick(pool.inputs)), before);
  }

  /** Half of the executions go to the response, which is what attackers forge. */
  #pick(): Pool {
    const [first] = this.#pools;
    return first !== undefined && this.#random.below(2) === 0 ? first : this.#random.pick(this.#pools);
  }

  async #run(pool: Pool, input: Buffer, before: (target: string, input: Buffer) => void): Promise<void> {
    const { target, features, inputs } = pool;
    before(target.name, input);
    const { feature, accepted, ms, crash } = await execute(target, input, this.#world);
    this.#executions++;
    this.#byTarget.set(target.name, (this.#byTarget.get(target.name) ?? 0) + 1);
    this.#slowestMs = Math.max(this.#slowestMs, ms);
    if (accepted) this.#accepted++;
    if (crash !== null) this.#crashes.push(crash);
    else if (!features.has(feature)) {
      features.add(feature);
      inputs.push(input);
    }
  }
}
