import type { HealthCheck } from '../../observe/index.js';
import type { Provisioner, ProvisioningStatus } from '../../provisioning/index.js';
import type { Clock } from '../../shared/index.js';
import type { StateStore } from '../../state/index.js';
import type { Generation } from '../generation.js';
import { concessionsCheck } from './concessions.js';
import { certificatesCheck, signingKeyCheck } from './keys.js';
import { provisioningCheck } from './provisioning.js';
import { storeCheck, storeClockCheck, storeSettingsCheck } from './store.js';

export { idpChecks } from './identity-provider.js';

export interface FixedCheckContext {
  readonly clock: Clock;
  readonly state: StateStore;
  readonly provisioner: Pick<Provisioner, 'spoolDepth'>;
  readonly status: ProvisioningStatus;
  /** The generation in force when a check runs. */
  readonly current: () => Generation;
}

/** The checks that every configuration has. */
export function fixedChecks({ clock, state, provisioner, status, current }: FixedCheckContext): HealthCheck[] {
  return [
    storeCheck(state, current),
    storeSettingsCheck(state),
    storeClockCheck(state),
    signingKeyCheck(clock, current),
    certificatesCheck(clock, current),
    concessionsCheck(current),
    provisioningCheck(status, () => provisioner.spoolDepth(), current),
  ];
}
