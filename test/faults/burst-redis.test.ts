import t from 'tap';
import { addressOf } from '../provisioning/backends.js';
import { startRedis } from '../support/redis.js';
import { burst } from './burst.js';

t.test('ten thousand first logins at once end as ten thousand accounts, on Redis', async (t) => {
  await burst(t, addressOf(await startRedis(t)), 16);
});
