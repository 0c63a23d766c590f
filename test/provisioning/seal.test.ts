import { createHash } from 'node:crypto';
import t from 'tap';
import { Secret } from '../../src/config/index.js';
import { createSealer } from '../../src/provisioning/index.js';
import { systemRandom } from '../../src/shared/index.js';

const key = (id: string, byte: number) => ({ id, bytes: new Secret<Uint8Array>(new Uint8Array(32).fill(byte)) });
const sealer = createSealer({ current: key('new', 1), previous: [] }, systemRandom);

t.test('what was sealed opens under its context, and shows nothing of its content', (t) => {
  const sealed = sealer.seal('Ada Lovelace €', 'job 1');
  t.equal(sealer.open(sealed, 'job 1'), 'Ada Lovelace €');
  t.notMatch(sealed, /Ada|Lovelace/);
  t.notMatch(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1'), /Ada|Lovelace/);
  t.not(sealer.seal('Ada', 'job 1'), sealer.seal('Ada', 'job 1'), 'never the same twice');
  t.end();
});

t.test('it does not open under another context', (t) => {
  t.throws(() => sealer.open(sealer.seal('x', 'job 1'), 'job 2'), { code: 'SEALED_RECORD_DAMAGED' });
  t.end();
});

t.test('a change of any byte is noticed', (t) => {
  const sealed = sealer.seal('x', 'job 1');
  const [version, id, body = ''] = sealed.split('.');
  const bytes = Buffer.from(body, 'base64url');
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    t.throws(() => sealer.open(`${version}.${id}.${changed.toString('base64url')}`, 'job 1'), {
      code: 'SEALED_RECORD_DAMAGED',
    });
  }
  t.end();
});

t.test('a shortened tag, a cut or a foreign form is refused', (t) => {
  const sealed = sealer.seal('x', 'job 1');
  for (const bad of [
    '',
    'x',
    'v1.new',
    sealed.slice(0, 20),
    sealed.slice(0, -30),
    `${sealed}.x`,
    sealed.replace('v1', 'v2'),
  ]) {
    t.throws(() => sealer.open(bad, 'job 1'), { code: 'SEALED_RECORD_DAMAGED' }, bad);
  }
  t.end();
});

t.test('after a rotation earlier records open while their key is kept, and not after', (t) => {
  const sealed = sealer.seal('x', 'job 1');
  const rotated = createSealer({ current: key('newer', 2), previous: [key('new', 1)] }, systemRandom);
  t.equal(rotated.open(sealed, 'job 1'), 'x');
  t.match(rotated.seal('y', 'job 1'), /^v1\.newer\./);
  const gone = createSealer({ current: key('newer', 2), previous: [] }, systemRandom);
  t.throws(() => gone.open(sealed, 'job 1'), { code: 'SEALED_KEY_UNKNOWN' });
  const other = createSealer({ current: key('new', 3), previous: [] }, systemRandom);
  t.throws(() => other.open(sealed, 'job 1'), { code: 'SEALED_RECORD_DAMAGED' }, 'another key of the same name');
  t.end();
});

t.test('an account is a tenant and an address without regard to case', (t) => {
  const idOf = (tenant: string, address: string) => sealer.accountIds(tenant, address)[0];
  t.equal(idOf('acme', 'Ada@Example.org'), idOf('acme', 'ada@example.ORG'));
  t.not(idOf('acme', 'ada@example.org'), idOf('other', 'ada@example.org'));
  t.not(idOf('a', 'b@example.org'), idOf('ab', '@example.org'), 'tenant and address do not run together');
  t.match(idOf('acme', 'ada@example.org'), /^[0-9a-f]{64}$/);
  t.end();
});

t.test('the id of an account cannot be found by guessing addresses', (t) => {
  const other = createSealer({ current: key('new', 2), previous: [] }, systemRandom);
  const [id] = sealer.accountIds('acme', 'ada@example.org');
  t.not(id, other.accountIds('acme', 'ada@example.org')[0], 'it depends on the data key');
  t.not(id, createHash('sha256').update('acme\0ada@example.org').digest('hex'));
  t.end();
});

t.test('after a rotation an account has the id under the current key, then those that it had', (t) => {
  const rotated = createSealer({ current: key('newer', 2), previous: [key('new', 1)] }, systemRandom);
  const [id, ...before] = rotated.accountIds('acme', 'ada@example.org');
  t.strictSame(before, sealer.accountIds('acme', 'ada@example.org'));
  t.notOk(before.includes(id));
  t.end();
});
