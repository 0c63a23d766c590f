import type { Clock } from '../../shared/index.js';
import type { Budget, BudgetLimit, Grant } from '../queue.js';
import { nextSequence, type EmbeddedDatabase, type Tables } from './database.js';

// A time further ahead than any slot or hold reaches was written before the machine was restarted.
const BEYOND = 2 * 3_600_000;

/**
 * The budget of one machine. `monotonic` must be the same for all its processes and must not jump when the wall clock
 * is set (CLOCK_MONOTONIC is both).
 */
export class EmbeddedBudget implements Budget {
  readonly #database: EmbeddedDatabase;
  readonly #monotonic: Clock;

  constructor(database: EmbeddedDatabase, monotonic: Clock) {
    this.#database = database;
    this.#monotonic = monotonic;
  }

  acquire(tenant: string, limit: BudgetLimit, longest: number): Promise<Grant> {
    return this.#database.write((tables): Grant => {
      const now = this.#monotonic.now();
      const held = tables.marks.get(['hold', tenant]) ?? 0;
      if (held > now && held < now + BEYOND) return { granted: false, wait: held - now };
      dropStale(tables, tenant, now);
      const taken = tables.slots.getKeysCount(rangeOf(tenant));
      if (taken >= limit.requests) {
        // A slot whose answer is still out comes free one window after it, so not sooner than a window from now.
        const wait = Math.min(firstFree(tables, tenant) - now, limit.per);
        return { granted: false, wait: Math.max(1, wait) };
      }
      const free = now + longest + limit.per;
      const sequence = nextSequence(tables);
      tables.slots.putSync([tenant, free, sequence], true);
      return { granted: true, slot: `${free}/${sequence}` };
    });
  }

  async settle(tenant: string, slot: string, limit: BudgetLimit): Promise<void> {
    const [free = 0, sequence = 0] = slot.split('/').map(Number);
    await this.#database.write((tables) => {
      if (!tables.slots.removeSync([tenant, free, sequence])) return;
      tables.slots.putSync([tenant, this.#monotonic.now() + limit.per, sequence], true);
    });
  }

  async hold(tenant: string, duration: number): Promise<void> {
    await this.#database.write((tables) => {
      const until = this.#monotonic.now() + duration;
      const held = tables.marks.get(['hold', tenant]) ?? 0;
      if (held < until || held > until + BEYOND) tables.marks.putSync(['hold', tenant], until);
    });
  }
}

function dropStale(tables: Tables, tenant: string, now: number): void {
  const past = { start: [tenant], end: [tenant, now, Number.MAX_SAFE_INTEGER] };
  const leftOver = { start: [tenant, now + BEYOND], end: [tenant, Number.MAX_VALUE] };
  for (const range of [past, leftOver]) {
    for (const key of [...tables.slots.getKeys(range)]) tables.slots.removeSync(key);
  }
}

function firstFree(tables: Tables, tenant: string): number {
  for (const [, free] of tables.slots.getKeys({ ...rangeOf(tenant), limit: 1 })) return free;
  return 0;
}

function rangeOf(tenant: string): { start: [string]; end: [string, number] } {
  return { start: [tenant], end: [tenant, Number.MAX_VALUE] };
}
