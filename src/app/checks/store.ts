import type { CheckResult, HealthCheck } from '../../observe/index.js';
import type { StateStore } from '../../state/index.js';
import type { Generation } from '../generation.js';

/** Whether claims can be made; where the local store may stand in, its outage is no reason to refuse logins. */
export function storeCheck(state: StateStore, current: () => Generation): HealthCheck {
  return {
    name: 'store',
    readiness: true,
    async run(): Promise<CheckResult> {
      const local = current().config.onStoreFailure === 'local';
      try {
        await state.ping();
        return { state: 'pass', detail: 'The store answers.' };
      } catch (error) {
        const detail = `The store does not answer: ${error instanceof Error ? error.message : 'no reason given'}`;
        if (!local) return { state: 'fail', detail, remedy: 'Bring it back; logins are refused until then.' };
        return { state: 'warn', detail, remedy: 'Bring it back; until then each machine rules out replays by itself.' };
      }
    },
  };
}
