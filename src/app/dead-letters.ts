import type { GatewayConfig } from '../config/index.js';
import { AuditLog } from '../observe/index.js';
import {
  createDeadLetters,
  createProvisioningStatus,
  createSealer,
  type DeadLetters,
  type FollowUpView,
} from '../provisioning/index.js';
import { GatewayError, systemClock, systemRandom } from '../shared/index.js';
import type { StateStore } from '../state/index.js';
import { auditFile } from './audit-file.js';
import { openStores } from './stores.js';
import { tenantsOf } from './tenants.js';

/** What waits for a person in one Zivver organisation. */
export interface TenantDeadLetters {
  readonly tenant: string;
  readonly deadLetters: DeadLetters;
  readonly followUps: () => Promise<FollowUpView[]>;
  /** A person has settled them; the note says how. Returns false when the account has none. */
  readonly settleFollowUps: (accountId: string, note: string) => Promise<boolean>;
}

export interface OpenDeadLetters {
  readonly tenants: readonly TenantDeadLetters[];
  /** @returns how many events could not be written to the audit log */
  close(): Promise<number>;
}

/** More than anybody works through before listing again. */
const FOLLOW_UPS = 10_000;

/** Milliseconds that the store may take to be connected. */
const CONNECTED_WITHIN = 5_000;

/**
 * Opens the dead letters and follow-ups of every configured tenant, those switched off included, beside a gateway that
 * runs. What a person settles is written to the audit log.
 *
 * @throws GatewayError STORE_UNAVAILABLE
 */
export async function openDeadLetters(config: GatewayConfig): Promise<OpenDeadLetters> {
  const stores = await openStores(config, {
    clock: systemClock,
    onError: () => undefined,
    onFallback: () => undefined,
  });
  try {
    await untilConnected(stores.state);
    let audit: Promise<AuditLog> | null = null;
    // Not before there is something to write, or every look at the list would leave a file.
    const opened = () =>
      (audit ??= AuditLog.open({
        file: auditFile(config),
        instance: 'dead-letters',
        clock: systemClock,
        maxBytes: config.audit.rotateAt,
      }));
    const sealer = createSealer(config.dataKeys, systemRandom);
    const { backend } = stores;
    const status = createProvisioningStatus({ backend, sealer, clock: systemClock });
    const tenants = tenantsOf(config.idps).map(({ tenant, rememberFor }) => ({
      tenant,
      deadLetters: createDeadLetters({
        backend,
        sealer,
        clock: systemClock,
        rememberFor,
        events: {
          onSettled: (_tenant, accountId, how, note) => {
            const detail = `tenant ${tenant}, account ${accountId}${note === null ? '' : `: ${note}`}`;
            void opened().then((log) => log.append({ event: 'dead-letter', decision: how, detail }));
          },
        },
      }),
      followUps: () => status.followUps(tenant, FOLLOW_UPS),
      settleFollowUps: async (accountId: string, note: string) => {
        const settled = await status.settleFollowUps(tenant, accountId);
        const detail = `tenant ${tenant}, account ${accountId}: follow-ups: ${note}`;
        if (settled) await (await opened()).append({ event: 'provisioning', decision: 'settled', detail });
        return settled;
      },
    }));
    const close = async (): Promise<number> => {
      const unwritten = audit === null ? 0 : await (await audit).close();
      await stores.close();
      return unwritten;
    };
    return { tenants, close };
  } catch (error) {
    await stores.close();
    throw error;
  }
}

async function untilConnected(state: StateStore): Promise<void> {
  const deadline = performance.now() + CONNECTED_WITHIN;
  for (;;) {
    try {
      await state.ping();
      return;
    } catch (error) {
      if (!(error instanceof GatewayError) || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
