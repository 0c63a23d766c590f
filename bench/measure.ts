/** Something that is measured; one call is one unit of it. */
export interface Subject {
  readonly name: string;
  run(): unknown;
}

export interface Effort {
  /** How often the subjects take turns. */
  readonly rounds: number;
  /**
   * How long a subject's turn lasts, in milliseconds. In a short one much of the time goes to code that the subject
   * before has driven out of the caches, and a process that does nothing but logins would not have that.
   */
  readonly turnMs: number;
  /** How many turns each subject has beforehand, which are the compiler's. */
  readonly warmTurns: number;
}

/** Enough for figures that are to be written down. */
export const THOROUGH: Effort = { rounds: 21, turnMs: 100, warmTurns: 40 };
/** Enough to see that nothing is badly wrong. */
export const SHORT: Effort = { rounds: 11, turnMs: 100, warmTurns: 60 };
/** For many subjects, after others have warmed the code up. */
export const MANY: Effort = { rounds: 11, turnMs: 15, warmTurns: 20 };

/** What one call costs, in milliseconds. */
export interface Cost {
  readonly elapsed: number;
  /** Processor time of all threads of this process: what other programs do in the meantime does not count. */
  readonly processor: number;
}

/** One cost for each round, the rounds in the same order for all subjects. */
export type Samples = ReadonlyMap<string, readonly Cost[]>;

async function callsIn(subject: Subject, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let calls = 0;
  while (performance.now() < until) {
    await subject.run();
    calls++;
  }
  return calls;
}

async function costOf(subject: Subject, calls: number): Promise<Cost> {
  const [used, from] = [process.cpuUsage(), performance.now()];
  for (let call = 0; call < calls; call++) await subject.run();
  const elapsed = performance.now() - from;
  const { user, system } = process.cpuUsage(used);
  return { elapsed: elapsed / calls, processor: (user + system) / 1000 / calls };
}

/**
 * Lets the subjects take turns, so that whatever else the machine does falls on all of them, and a ratio of two is
 * one of neighbours in time.
 */
export async function measure(subjects: readonly Subject[], { rounds, turnMs, warmTurns }: Effort): Promise<Samples> {
  const turns: { readonly subject: Subject; readonly calls: number; readonly samples: Cost[] }[] = [];
  for (const subject of subjects) {
    await callsIn(subject, turnMs * warmTurns);
    turns.push({ subject, calls: Math.max(1, await callsIn(subject, turnMs)), samples: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { subject, calls, samples } of turns) samples.push(await costOf(subject, calls));
  }
  return new Map(turns.map(({ subject, samples }) => [subject.name, samples]));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function medianCost(samples: Samples, name: string): Cost {
  const costs = samples.get(name) ?? [];
  return { elapsed: median(costs.map((each) => each.elapsed)), processor: median(costs.map((each) => each.processor)) };
}

/** The medians of the rounds' own ratios, which a slow spell of the machine does not move. */
export function medianRatio(samples: Samples, name: string, base: string): Cost {
  const below = samples.get(base) ?? [];
  const ratios = (pick: keyof Cost) =>
    median((samples.get(name) ?? []).map((cost, round) => cost[pick] / (below[round]?.[pick] ?? Number.NaN)));
  return { elapsed: ratios('elapsed'), processor: ratios('processor') };
}

/** The exponent e of the curve time = c · size^e that fits best (least squares over the logarithms). */
export function fittedExponent(points: readonly (readonly [size: number, ms: number])[]): number {
  const logs = points.map(([size, ms]) => [Math.log(size), Math.log(ms)] as const);
  const mean = (pick: 0 | 1) => logs.reduce((sum, point) => sum + point[pick], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return covariance / logs.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
