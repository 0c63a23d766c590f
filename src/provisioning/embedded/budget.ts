import type { Clock } from '../../shared/index.js';
import type { Budget, BudgetLimit, Grant } from '../queue.js';
import { nextSequence, type EmbeddedDatabase, type Tables } from './database.js';

/**
 * The budget of one machine. `monotonic` must be the same for all its processes and must not jump when the wall clock
 * is set (CLOCK_MONOTONIC is both). It begins anew with the machine, so each slot and hold carries when it was written:
 * one of the future is of the time before, which is over.
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
      const held = heldUntil(tables, tenant, now);
      if (held > now) return { granted: false, wait: held - now };
      dropStale(tables, tenant, now, longest + limit.per);
      const taken = tables.slots.getKeysCount(rangeOf(tenant));
      if (taken >= limit.requests) {
        // A slot whose answer is still out comes free one window after it, so not sooner than a window from now.
        const wait = Math.min(firstFree(tables, tenant) - now, limit.per);
        return { granted: false, wait: Math.max(1, wait) };
      }
      const free = now + longest + limit.per;
      const sequence = nextSequence(tables);
      tables.slots.putSync([tenant, free, sequence], now);
      return { granted: true, slot: `${free}/${sequence}` };
    });
  }

  async settle(tenant: string, slot: string, limit: BudgetLimit): Promise<void> {
    const [free = 0, sequence = 0] = slot.split('/').map(Number);
    await this.#database.write((tables) => {
      if (!tables.slots.removeSync([tenant, free, sequence])) return;
      const now = this.#monotonic.now();
      tables.slots.putSync([tenant, now + limit.per, sequence], now);
    });
  }

  async hold(tenant: string, duration: number): Promise<void> {
    await this.#database.write((tables) => {
      const now = this.#monotonic.now();
      if (heldUntil(tables, tenant, now) >= now + duration) return;
      tables.marks.putSync(['hold', tenant], now + duration);
      tables.marks.putSync(['held since', tenant], now);
    });
  }
}

function heldUntil(tables: Tables, tenant: string, now: number): number {
  const since = tables.marks.get(['held since', tenant]) ?? 0;
  return since > now ? 0 : (tables.marks.get(['hold', tenant]) ?? 0);
}

/** @param reach how far ahead a slot taken now comes free, at the latest */
function dropStale(tables: Tables, tenant: string, now: number, reach: number): void {
  const past = tables.slots.getRange({ start: [tenant], end: [tenant, now, Number.MAX_SAFE_INTEGER] });
  const beyond = tables.slots.getRange({ start: [tenant, now + reach + 1], end: [tenant, Number.MAX_VALUE] });
  const stale = [...past, ...[...beyond].filter(({ value: writtenAt }) => writtenAt > now)];
  for (const { key } of stale) tables.slots.removeSync(key);
}

function firstFree(tables: Tables, tenant: string): number {
  for (const [, free] of tables.slots.getKeys({ ...rangeOf(tenant), limit: 1 })) return free;
  return 0;
}

function rangeOf(tenant: string): { start: [string]; end: [string, number] } {
  return { start: [tenant], end: [tenant, Number.MAX_VALUE] };
}
