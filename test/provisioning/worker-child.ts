import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { StoreAddress } from '../../src/config/index.js';
import type { BudgetLimit } from '../../src/provisioning/index.js';
import type { Rig } from './rig.js';

/** What a worker in a process of its own works on. */
export interface WorkerTask {
  readonly tenant: string;
  readonly baseUrl: string;
  readonly address: StoreAddress;
  readonly budget: BudgetLimit;
  /** Milliseconds of one SCIM call. */
  readonly timeout: number;
  /** Milliseconds. */
  readonly leaseTime: number;
  /** Jobs in hand at a time. */
  readonly concurrency: number;
}

export interface WorkerChild {
  /** Resolves when it has opened its backend. */
  readonly working: Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

/** Starts a worker for the rig's tenant as a process of its own, killed at the test's teardown. */
export function startWorkerChild(
  t: Test,
  rig: Rig,
  address: StoreAddress,
  change: Partial<WorkerTask> & { readonly env?: Readonly<Record<string, string>> } = {},
): WorkerChild {
  const { env, ...task } = change;
  const whole: WorkerTask = {
    tenant: rig.tenant,
    baseUrl: rig.zivver.scimUrl,
    address,
    budget: rig.settings.budget,
    timeout: 5_000,
    // A killed one's jobs are soon taken over, and one that is only slow on a busy machine keeps its own.
    leaseTime: 2_000,
    concurrency: 8,
    ...task,
  };
  const child = fork(join(import.meta.dirname, 'worker-process.js'), [JSON.stringify(whole)], {
    env: { ...process.env, ...env },
  });
  const exited = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  t.teardown(kill);
  const working = once(child, 'message').then(() => undefined);
  // Where nobody waits for it, a worker that is killed early is no failure.
  working.catch(() => undefined);
  return { working, kill };
}
