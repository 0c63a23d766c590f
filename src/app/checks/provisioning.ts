import type { CheckResult, HealthCheck } from '../../observe/index.js';
import type { ProvisioningStatus } from '../../provisioning/index.js';
import { errorTable, GatewayError } from '../../shared/index.js';
import type { Generation } from '../generation.js';
import { tenantStatuses, type NamedStatus, type TenantStatuses } from '../tenants.js';

/** An account that is not there after this long has become a person's trouble. Milliseconds. */
const TOO_LONG = 900_000;

/** Whether provisioning moves: paused tenants, no worker, jobs that wait too long, dead letters, the spool. */
export function provisioningCheck(
  status: ProvisioningStatus,
  spoolDepth: () => number,
  current: () => Generation,
): HealthCheck {
  return {
    name: 'provisioning',
    // A login does not hang on it: what waits is done later.
    readiness: false,
    async run(): Promise<CheckResult> {
      // Before the store, which may not answer: it is then that jobs wait here.
      const spooled = spoolDepth();
      try {
        return judge(await tenantStatuses(current().config.idps, status), spooled);
      } catch (error) {
        return unasked(error, spooled);
      }
    },
  };
}

const BRING_BACK = 'Bring the store back; they are handed on by themselves. Do not take the disk of this machine away.';

/** @throws what is not the store's failure to answer */
function unasked(error: unknown, spooled: number): CheckResult {
  if (!(error instanceof GatewayError)) throw error;
  const reason = `${error.code}: ${error.message}`;
  const data = { spooled };
  if (spooled === 0) return { state: 'fail', detail: reason, remedy: errorTable[error.code].remedy, data };
  const detail = `Jobs wait on this machine for the store (${spooled}). ${reason}`;
  return { state: 'fail', detail, remedy: BRING_BACK, data };
}

function judge({ working, resting }: TenantStatuses, spooled: number): CheckResult {
  const paused = working.filter(({ pause }) => pause !== null);
  // Those that wait for their time too: nobody would notice that it has come.
  const idle = working.filter(({ workers, waiting, delayed }) => workers === 0 && waiting + delayed > 0);
  const late = working.filter(({ oldestAge }) => oldestAge > TOO_LONG);
  // What a worker has in hand it finishes, also when its tenant has just been switched off.
  const stranded = resting.filter(({ waiting, delayed }) => waiting + delayed > 0);
  const dead = [...working, ...resting].reduce((sum, each) => sum + each.dead, 0);
  const data = { tenants: working.length, paused: paused.length, deadLetters: dead, spooled };
  if (paused.length > 0) {
    const detail = `Zivver refuses the API key of ${namesOf(paused)}. Its jobs wait; nothing is lost.`;
    const remedy =
      'Make a new key in Zivver (Organization Settings > Integrations > API keys) and put it in the token file.';
    return { state: 'fail', detail, remedy, data };
  }
  if (idle.length > 0) {
    const remedy = 'Run `claims-gateway worker`, or `serve --with-worker`.';
    return { state: 'fail', detail: 'Jobs wait and no worker gives a sign of life.', remedy, data };
  }
  if (late.length > 0) {
    const oldest = Math.max(...late.map(({ oldestAge }) => oldestAge));
    const detail = `A job of ${namesOf(late)} has waited for ${Math.floor(oldest / 60_000)} minutes.`;
    const remedy =
      'See in the log what Zivver answers, and whether Zivver is away. A budget too small for so many people: raise `provisioning.budget`.';
    return { state: 'warn', detail, remedy, data };
  }
  if (stranded.length > 0) {
    const jobs = stranded.reduce((sum, { waiting, delayed }) => sum + waiting + delayed, 0);
    const detail = `Jobs of ${namesOf(stranded)} wait (${jobs}), and every identity provider of it is off or disabled.`;
    const remedy =
      'Enable one, with `provisioning.mode` as before, until the queue is empty. Until then nobody makes these accounts.';
    return { state: 'warn', detail, remedy, data };
  }
  if (dead > 0) {
    const remedy = 'Look at `claims-gateway dead-letters list`: each names its own remedy.';
    return { state: 'warn', detail: `${dead} dead letters need a person.`, remedy, data };
  }
  if (spooled > 0) {
    const detail = `Jobs wait on this machine for the store (${spooled}).`;
    return { state: 'warn', detail, remedy: BRING_BACK, data };
  }
  return { state: 'pass', detail: 'Every job is done or under way.', data };
}

function namesOf(tenants: readonly NamedStatus[]): string {
  return tenants.map(({ tenant }) => tenant).join(', ');
}
