import type { CheckResult, HealthCheck } from '../../observe/index.js';
import type { StateStore, StoreConcern } from '../../state/index.js';
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

/** Whether the settings of the store can lose what it holds. */
export function storeSettingsCheck(state: StateStore): HealthCheck {
  let last: CheckResult = { state: 'pass', detail: 'The store has not been asked yet.' };
  return {
    name: 'store-settings',
    readiness: false,
    async run(): Promise<CheckResult> {
      // The check `store` tells of one that cannot be asked; what was seen of it stands meanwhile.
      last = await state.concerns().then(judgeSettings, () => last);
      return last;
    },
  };
}

/** Beyond this somebody's clock is wrong; the question to Redis is on its way for less than a second. Milliseconds. */
const CLOCKS_AGREE = 60_000;

/** Whether the clock of the store, by which several machines can be compared, agrees with this machine's. */
export function storeClockCheck(state: StateStore): HealthCheck {
  let last: CheckResult = { state: 'pass', detail: 'The store has not been asked yet.' };
  return {
    name: 'store-clock',
    // A claim holds whatever the clocks say; times in assertions are the concern of this machine's clock alone.
    readiness: false,
    async run(): Promise<CheckResult> {
      // As above: an outage is told by the check `store`.
      last = await state.clockDifference().then(judgeClock, () => last);
      return last;
    },
  };
}

function judgeClock(difference: number | null): CheckResult {
  if (difference === null) return { state: 'pass', detail: 'The store has no clock that could be asked.' };
  const seconds = Math.round(difference / 1000);
  const data = { differenceSeconds: seconds };
  const detail = `The clock of the store is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} ours.`;
  if (Math.abs(difference) <= CLOCKS_AGREE) return { state: 'pass', detail, data };
  const remedy =
    "Set the one that is wrong right (NTP): this machine's, by which assertions are judged, or that of the store.";
  return { state: 'warn', detail, remedy, data };
}

function judgeSettings(found: readonly StoreConcern[]): CheckResult {
  if (found.length === 0) return { state: 'pass', detail: 'Nothing in its settings loses what it holds.' };
  return {
    state: 'warn',
    detail: found.map(({ detail }) => detail).join(' '),
    remedy: found.map(({ remedy }) => remedy).join(' '),
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'no reason given';
}
