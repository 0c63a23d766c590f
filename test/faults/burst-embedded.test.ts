import t from 'tap';
import { temporaryDirectory } from '../support/temporary.js';
import { burst } from './burst.js';

t.test('ten thousand first logins at once end as ten thousand accounts, on the embedded store', async (t) => {
  await burst(t, { kind: 'embedded', path: await temporaryDirectory(t) }, 64);
});
