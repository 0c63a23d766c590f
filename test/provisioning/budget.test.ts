import t from 'tap';
import type { Budget } from '../../src/provisioning/index.js';
import { overBothBackends } from './backends.js';

const limit = { requests: 5, per: 300 };

overBothBackends(t, (t, source) => {
  t.test(
    'whichever window the server counts by, it never sees more than the limit, however late requests arrive',
    async (t) => {
      const budgets = [(await source().open(t)).budget, (await source().open(t)).budget] as const;
      const arrivals: number[] = [];
      const until = Date.now() + 2_500;
      const work = async (budget: Budget, at: number): Promise<void> => {
        while (Date.now() < until) {
          const grant = await budget.acquire('t', limit, 1_000);
          if (!grant.granted) {
            await new Promise((resolve) => setTimeout(resolve, Math.min(grant.wait, 20)));
            continue;
          }
          // Some requests are slow on the way there, some on the way back: that is what bunches arrivals.
          await new Promise((resolve) => setTimeout(resolve, (at * 37) % 150));
          arrivals.push(performance.now());
          await new Promise((resolve) => setTimeout(resolve, (at * 53) % 40));
          await budget.settle('t', grant.slot, limit);
        }
      };
      await Promise.all(Array.from({ length: 8 }, (_, at) => work(budgets[at % 2 === 0 ? 0 : 1], at)));
      arrivals.sort((a, b) => a - b);
      const most = Math.max(
        ...arrivals.map((from) => arrivals.filter((at) => at >= from && at < from + limit.per - 1).length),
      );
      t.ok(most <= limit.requests, `at most ${limit.requests} in any window, seen ${most}`);
      t.ok(arrivals.length >= 15, `and the budget is used: ${arrivals.length}`);
    },
  );

  t.test('a full budget says when to ask again', async (t) => {
    const { budget } = await source().open(t);
    const slots: string[] = [];
    for (let at = 0; at < limit.requests; at++) {
      const grant = await budget.acquire('full', limit, 5_000);
      if (grant.granted) slots.push(grant.slot);
    }
    t.equal(slots.length, limit.requests);
    const refused = await budget.acquire('full', limit, 5_000);
    t.match(refused, { granted: false });
    t.ok(!refused.granted && refused.wait === limit.per, 'a window from now, if an answer came this moment');
    await budget.settle('full', slots[0] ?? '', limit);
    const soon = await budget.acquire('full', limit, 5_000);
    t.ok(!soon.granted && soon.wait > 0 && soon.wait <= limit.per, 'one window after an answer');
    await new Promise((resolve) => setTimeout(resolve, limit.per + 20));
    t.match(await budget.acquire('full', limit, 5_000), { granted: true });
    t.match(await budget.acquire('full', limit, 5_000), { granted: false }, 'only the settled slot came free');
  });

  t.test('a slot whose worker died comes free by itself', async (t) => {
    const { budget } = await source().open(t);
    const small = { requests: 1, per: 100 };
    t.match(await budget.acquire('died', small, 200), { granted: true });
    t.match(await budget.acquire('died', small, 200), { granted: false });
    await new Promise((resolve) => setTimeout(resolve, 350));
    t.match(await budget.acquire('died', small, 200), { granted: true });
  });

  t.test('a hold stops the whole tenant, for all workers, and no other tenant', async (t) => {
    const [one, two] = [(await source().open(t)).budget, (await source().open(t)).budget];
    await one.hold('held', 400);
    await one.hold('held', 10);
    const grant = await two.acquire('held', limit, 1_000);
    t.ok(!grant.granted && grant.wait > 200 && grant.wait <= 400, 'the longer hold counts');
    t.match(await two.acquire('free', limit, 1_000), { granted: true });
    await new Promise((resolve) => setTimeout(resolve, 420));
    t.match(await two.acquire('held', limit, 1_000), { granted: true });
  });

  t.test('tenants have budgets of their own', async (t) => {
    const { budget } = await source().open(t);
    const one = { requests: 1, per: 1_000 };
    t.match(await budget.acquire('tenant a', one, 1_000), { granted: true });
    t.match(await budget.acquire('tenant b', one, 1_000), { granted: true });
    t.match(await budget.acquire('tenant a', one, 1_000), { granted: false });
  });
});
