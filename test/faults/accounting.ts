import type { Test } from 'tap';
import type { Submission } from '../../src/provisioning/index.js';
import { eventually, type Rig } from '../provisioning/rig.js';

/** Budget of the tests: as large as the stand-in's own, so that one request too many is seen. */
export const BUDGET = { requests: 200, per: 500 } as const;
export const STAND_IN = { budget: { requests: BUDGET.requests, windowMs: BUDGET.per } } as const;

export function namesFrom(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `User${from + at}`);
}

/** A login as a person makes it: when it is refused because nothing could take the job, the person tries again. */
export async function logIn(rig: Rig, name: string): Promise<Submission> {
  for (;;) {
    try {
      return await rig.provisioner.submit(rig.login(name));
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Logs in one person after the other, `gap` milliseconds apart; returns how long each login took, in milliseconds. */
export async function steadyLogins(rig: Rig, names: readonly string[], gap: number): Promise<number[]> {
  const times: number[] = [];
  for (const name of names) {
    const began = performance.now();
    await logIn(rig, name);
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, gap));
  }
  return times;
}

/** Waits until nothing is spooled, waiting, delayed or in hand. */
export async function untilIdle(rig: Rig, limit = 180_000): Promise<void> {
  const idle = async (): Promise<boolean> => {
    if (rig.provisioner.spoolDepth() > 0) return false;
    try {
      const { waiting, delayed, active } = await rig.status.tenant(rig.tenant);
      return waiting + delayed + active === 0;
    } catch {
      return false;
    }
  };
  await eventually(idle, 'an idle queue', limit);
}

/** Every login has exactly one account or one dead letter with reason and remedy, and the budget was kept. */
export async function accountedFor(t: Test, rig: Rig, names: readonly string[]): Promise<void> {
  await untilIdle(rig);
  const addresses = rig.zivver.accounts().map(({ userName }) => userName.toLowerCase());
  const letters = await rig.deadLetters.list(rig.tenant, { offset: 0, limit: names.length + 1 });
  const dead = letters.map(({ login }) => login?.address ?? 'unreadable');
  t.equal(new Set(addresses).size, addresses.length, 'no account twice');
  t.ok(
    letters.every(({ failure }) => failure.detail !== '' && failure.remedy !== ''),
    'every dead letter has a reason and a remedy',
  );
  const wanted = names.map((name) => rig.login(name).address).sort();
  t.strictSame([...addresses, ...dead].sort(), wanted, `${wanted.length} logins, each once`);
  t.equal(rig.zivver.requests().overBudget, 0, 'the budget was never exceeded');
  const { find, create, ...others } = rig.zivver.requests().byOperation;
  t.ok(find >= create, 'nobody is created who was not looked for');
  t.ok(
    Object.values(others).every((count) => count === 0),
    'and Zivver was sent nothing but GET and POST Users',
  );
}
