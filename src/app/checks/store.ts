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
        return { state: 'pass', detail: 'The store takes claims.' };
      } catch (error) {
        const detail = `The store takes no claims: ${reasonOf(error)}`;
        const remedy = 'Bring it back, or give it room; logins are refused until then.';
        if (!local) return { state: 'fail', detail, remedy };
        try {
          await state.ready();
        } catch (second) {
          return { state: 'fail', detail: `${detail}; nor does this machine's: ${reasonOf(second)}`, remedy };
        }
        return { state: 'warn', detail, remedy: 'Bring it back; until then each machine rules out replays by itself.' };
      }
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'no reason given';
}
