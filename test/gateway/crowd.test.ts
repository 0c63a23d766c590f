import t from 'tap';
import { Crowd } from '../../src/gateway/crowd.js';

t.test('a login is alone while no other one is under way, however the others ended', async (t) => {
  const crowd = new Crowd();
  t.equal(await crowd.during(() => Promise.resolve(crowd.isOfOne())), true);
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const waiting = crowd.during(async () => {
    await gate;
    return crowd.isOfOne();
  });
  await t.rejects(
    crowd.during(() => Promise.reject(new Error(`alone: ${String(crowd.isOfOne())}`))),
    { message: 'alone: false' },
  );
  open();
  t.equal(await waiting, true);
  t.equal(await crowd.during(() => Promise.resolve(crowd.isOfOne())), true);
});
