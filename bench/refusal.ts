import { attacks } from '../src/sandbox/attacks/index.js';
import { deliver, verdictOn } from '../test/attacks/attempt.js';
import { goodResponse, type Case } from '../test/attacks/good-responses.js';

/** What refusing one evil document costs, in good logins. */
export interface RefusalCost {
  readonly name: string;
  /** Median milliseconds. */
  readonly ms: number;
  /** Median of the ratios to the good logins of the same round. */
  readonly ratio: number;
}

export interface RefusalBench {
  readonly goodLoginMs: number;
  /** Dearest first. */
  readonly costs: readonly RefusalCost[];
  readonly worst: RefusalCost;
}

/** The most that the worst document at the size limit may cost, in good logins. */
export const REFUSAL_BOUND = 20;

function median(times: readonly number[]): number {
  return times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] ?? Number.NaN;
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** Every bomb and every document type declaration against a good login of a doubly signed response. */
export async function refusalBench({ rounds = 15 } = {}): Promise<RefusalBench> {
  const good = await goodResponse('okta', 'both', 'rsa');
  const attacked: Case = { name: 'okta', wire: 'okta', keys: 'rsa', good };
  const bombs = attacks
    .filter(({ family, applies }) => (family === 'bomb' || family === 'doctype') && (applies?.(good) ?? true))
    // Built beforehand: what the attacker pays for is not counted.
    .map((attack) => {
      const evil = attack.build(good);
      return { ...attack, build: () => evil };
    });
  const login = () => deliver(good.xml, 'rsa');
  for (let warm = 0; warm < 2000; warm++) await login();
  const logins: number[] = [];
  const times = bombs.map((): number[] => []);
  const ratios = bombs.map((): number[] => []);
  // Interleaved, so that a slow moment of the machine falls on all of them.
  for (let round = 0; round < rounds; round++) {
    for (const [index, bomb] of bombs.entries()) {
      const ms = await timed(() => verdictOn(bomb, attacked));
      // The first login pays for the memory that the bomb left behind.
      await login();
      const neighbours: number[] = [];
      for (let again = 0; again < 5; again++) neighbours.push(await timed(login));
      times[index]?.push(ms);
      ratios[index]?.push(ms / median(neighbours));
      logins.push(...neighbours);
    }
  }
  const goodLoginMs = median(logins);
  const costs = bombs
    .map(({ name }, index) => ({ name, ms: median(times[index] ?? []), ratio: median(ratios[index] ?? []) }))
    .sort((left, right) => right.ratio - left.ratio);
  const [worst] = costs;
  if (worst === undefined) throw new Error('There are no bombs.');
  return { goodLoginMs, costs, worst };
}
