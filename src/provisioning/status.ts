import { Ledger, type FollowUpView } from './ledger.js';
import type { Backend, Pause, QueueDepth } from './queue.js';
import type { Sealer } from './seal.js';

/** What health, metrics and console show of one tenant. */
export interface TenantStatus extends QueueDepth {
  /** Milliseconds that the oldest waiting or delayed job has waited; 0 when there is none. */
  readonly oldestAge: number;
  /** Why the tenant stands still; null when it does not. */
  readonly pause: Pause | null;
  /** Workers that gave a sign of life within the last 30 seconds. */
  readonly workers: number;
  /** Last sign of life of any worker, milliseconds since the epoch; null where none has given one. */
  readonly lastBeat: number | null;
  readonly followUps: number;
}

const ALIVE = 30_000;

/** Looks into a tenant's queue from outside. Throws `STORE_UNAVAILABLE`. */
export interface ProvisioningStatus {
  tenant(tenant: string): Promise<TenantStatus>;
  followUps(tenant: string, limit: number): Promise<FollowUpView[]>;
  /** A person has settled them. Returns false when the account has none. */
  settleFollowUps(tenant: string, accountId: string): Promise<boolean>;
}

export function createProvisioningStatus(options: {
  readonly backend: Backend;
  readonly sealer: Sealer;
  readonly clock: { now(): number };
}): ProvisioningStatus {
  const { backend, clock } = options;
  const ledger = new Ledger(backend.records, options.sealer);
  return {
    async tenant(tenant) {
      const [depth, pause, workers, followUps] = await Promise.all([
        backend.queue.depth(tenant),
        ledger.pause(tenant),
        ledger.workers(tenant),
        ledger.followUpCount(tenant),
      ]);
      const now = clock.now();
      return {
        ...depth,
        oldestAge: depth.oldestSince === null ? 0 : Math.max(0, now - depth.oldestSince),
        pause,
        lastBeat: workers.length === 0 ? null : Math.max(...workers.map(({ at }) => at)),
        workers: workers.filter(({ at }) => now - at <= ALIVE).length,
        followUps,
      };
    },
    followUps: (tenant, limit) => ledger.followUps(tenant, limit),
    settleFollowUps: (tenant, accountId) => ledger.settleFollowUps(tenant, accountId),
  };
}
