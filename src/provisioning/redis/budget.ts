import { randomUUID } from 'node:crypto';
import type { Clock } from '../../shared/index.js';
import type { Budget, BudgetLimit, Grant } from '../queue.js';
import type { Ask, Connection } from './ask.js';
import { tenantPrefix } from './keys.js';

// By how much Redis's clock and our elapsed time may differ; answers take up to a second. Milliseconds.
const CLOCK_TOLERANCE = 2_000;

/**
 * Redis's own clock decides, so that the clocks of the machines do not matter. The epoch names the server's process, too:
 * one that was written by another process came with a snapshot, a log or a replica that may lack the newest slots. A
 * worker that knows another epoch than the one it meets has outlived a Redis that lost its data, and with it the slots.
 * Where its own elapsed time says that the clock was set, or is that of another server, the slots tell nothing. In all
 * these cases nobody sends for a window.
 * KEYS: slots, hold, epoch. ARGV: requests, window, longest, slot, known epoch, new epoch, expected time.
 */
const ACQUIRE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window, longest = tonumber(ARGV[2]), tonumber(ARGV[3])
local process = (string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or '') .. ':'
local epoch = redis.call('GET', KEYS[3])
local restored = epoch and string.sub(epoch, 1, #process) ~= process
if not epoch or restored then
  epoch = process .. ARGV[6]
  redis.call('SET', KEYS[3], epoch)
end
local beyond = redis.call('ZREMRANGEBYSCORE', KEYS[1], now + window + longest + ${CLOCK_TOLERANCE}, '+inf')
local jumped = ARGV[7] ~= '' and math.abs(now - tonumber(ARGV[7])) > ${CLOCK_TOLERANCE}
if restored or (ARGV[5] ~= '' and ARGV[5] ~= epoch) or beyond > 0 or jumped then
  redis.call('SET', KEYS[2], '1', 'PX', window + longest)
end
local held = redis.call('PTTL', KEYS[2])
if held > 0 then return {0, held, epoch, now} end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return {0, math.max(1, math.min(tonumber(first[2] or now) - now, window)), epoch, now}
end
redis.call('ZADD', KEYS[1], now + longest + window, ARGV[4])
redis.call('PEXPIRE', KEYS[1], longest + window + 60000)
return {1, 0, epoch, now}`;

/** KEYS: slots. ARGV: slot, window. */
const SETTLE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZADD', KEYS[1], 'XX', now + tonumber(ARGV[2]), ARGV[1])`;

/** KEYS: hold. ARGV: duration. A shorter hold does not shorten a longer one. */
const HOLD = `
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
return 1`;

/** What a worker remembers of the Redis that it asked last. */
interface Seen {
  readonly epoch: string;
  /** Redis's clock, and ours when we asked; milliseconds. */
  readonly time: number;
  readonly asked: number;
}

export class RedisBudget implements Budget {
  readonly #connection: Connection;
  readonly #prefix: string;
  readonly #ask: Ask;
  readonly #monotonic: Clock;
  readonly #seen = new Map<string, Seen>();

  /** @param monotonic a clock that is never set */
  constructor(connection: Connection, prefix: string, ask: Ask, monotonic: Clock) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#ask = ask;
    this.#monotonic = monotonic;
  }

  async acquire(tenant: string, limit: BudgetLimit, longest: number): Promise<Grant> {
    const slot = randomUUID();
    const keys = [this.#key(tenant, 'slots'), this.#key(tenant, 'hold'), this.#key(tenant, 'epoch')];
    const seen = this.#seen.get(tenant);
    const asked = this.#monotonic.now();
    const known = seen === undefined ? ['', randomUUID(), ''] : [seen.epoch, randomUUID(), expected(seen, asked)];
    const reply = await this.#ask(() =>
      this.#connection.eval(ACQUIRE, 3, ...keys, limit.requests, limit.per, longest, slot, ...known),
    );
    const [granted, wait, epoch, time] = Array.isArray(reply) ? (reply as unknown[]) : [];
    this.#seen.set(tenant, { epoch: String(epoch), time: Number(time), asked });
    return granted === 1 ? { granted: true, slot } : { granted: false, wait: Number(wait) };
  }

  async settle(tenant: string, slot: string, limit: BudgetLimit): Promise<void> {
    await this.#ask(() => this.#connection.eval(SETTLE, 1, this.#key(tenant, 'slots'), slot, limit.per));
  }

  async hold(tenant: string, duration: number): Promise<void> {
    await this.#ask(() => this.#connection.eval(HOLD, 1, this.#key(tenant, 'hold'), Math.max(1, Math.ceil(duration))));
  }

  #key(tenant: string, part: string): string {
    return `${tenantPrefix(this.#prefix, tenant)}:budget:${part}`;
  }
}

function expected(seen: Seen, now: number): number {
  return Math.round(seen.time + now - seen.asked);
}
