import t from 'tap';
import { startDemo } from '../support/demo.js';
import { startRedis } from '../support/redis.js';

const LOGGED_IN = {
  ok: true,
  loginDelivered: true,
  accountCreatedOnce: true,
  secondLoginDelivered: true,
  secondLoginWithoutSecondAccount: true,
  domainKeySeenByServiceProvider: true,
};

t.test(
  'demo --once --json tells of a login, one account, a second login, the DomainKey, and ends with 0',
  async (t) => {
    const { demo, left } = await startDemo(t, '--once', '--json');
    t.equal(await demo.exited, 0, demo.stderr());
    t.match(JSON.parse(demo.stdout()), LOGGED_IN);
    t.same(left(), [], 'its keys are gone');
  },
);

t.test('demo --redis does the same with the queue and the claims in Redis', async (t) => {
  const { url } = await startRedis(t);
  const { demo } = await startDemo(t, '--once', '--json', '--redis', url);
  t.equal(await demo.exited, 0, demo.stderr());
  t.match(JSON.parse(demo.stdout()), LOGGED_IN);
});
