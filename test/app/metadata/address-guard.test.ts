import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import t from 'tap';
import { AddressGuard, classifyAddress, ruleFor, type AddressRule } from '../../../src/app/metadata/address-guard.js';

const CLASSES = {
  public: [
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '223.255.255.255',
    '2600::1',
    '2001:200::1',
    '2a00:1450:4001::1',
  ],
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'],
  private: [
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    '::ffff:8.8.8.8',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '::ffff:0:10.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b:1::1',
    '2001::1',
    '2001:10::1',
    '2002:7f00:1::',
  ],
  reserved: [
    '0.0.0.0',
    '0.1.2.3',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    'ff02::1',
    'ff0e::1',
    '2001:db8::1',
    '3fff::1',
    '4000::1',
    '100::1',
    '',
    'example.org',
    '127.1',
    '1.2.3.4.5',
  ],
} as const;

for (const [kind, addresses] of Object.entries(CLASSES)) {
  t.test(`${kind} addresses are told as such`, (t) => {
    for (const address of addresses) t.equal(classifyAddress(address), kind, address || '(empty)');
    t.end();
  });
}

t.test('a URL is asked by https, or by http on this machine where private addresses are allowed', (t) => {
  t.equal(ruleFor(new URL('https://idp.example.org/'), false), 'public');
  t.equal(ruleFor(new URL('https://idp.example.org/'), true), 'any-host');
  t.equal(ruleFor(new URL('http://idp.example.org/'), true), 'loopback');
  for (const [url, allowed] of [
    ['http://idp.example.org/', false],
    ['http://127.0.0.1/', false],
    ['ftp://idp.example.org/', true],
    ['file:///etc/passwd', true],
    ['https://user:secret@idp.example.org/', true],
  ] as const) {
    t.throws(() => ruleFor(new URL(url), allowed), { code: 'METADATA_ADDRESS_REFUSED' }, url);
  }
  t.end();
});

t.test('the refusal of a URL with a password does not print it', (t) => {
  try {
    ruleFor(new URL('https://user:secret@idp.example.org/'), false);
    t.fail('taken');
  } catch (error) {
    t.notMatch(String(error), /secret/);
  }
  t.end();
});

t.test('an address in the URL is judged whatever its spelling', (t) => {
  const guard = new AddressGuard();
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '10.1',
    '[fd00::1]',
    '0',
  ]) {
    const url = new URL(`https://${host}/`);
    t.throws(
      () => {
        guard.assertLiteral(url, 'public');
      },
      { code: 'METADATA_ADDRESS_REFUSED' },
      host,
    );
  }
  t.doesNotThrow(() => {
    guard.assertLiteral(new URL('https://1.1.1.1/'), 'public');
  });
  t.doesNotThrow(() => {
    guard.assertLiteral(new URL('https://localhost/'), 'public');
  }, 'a name is judged when it is resolved');
  t.end();
});

function answering(...addresses: string[]): LookupFunction {
  return (_hostname, _options, callback) => {
    callback(
      null,
      addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

function resolve(guard: AddressGuard, rule: AddressRule, all: boolean): Promise<unknown> {
  return new Promise((done, failed) => {
    guard.lookupFor(rule)('idp.example.org', { all }, (error, address, family) => {
      if (error === null) done(all ? address : [address, family]);
      else failed(error);
    });
  });
}

t.test('a name is refused when one of its addresses is forbidden', async (t) => {
  const mixed = new AddressGuard({ lookup: answering('1.1.1.1', '10.0.0.1') });
  await t.rejects(resolve(mixed, 'public', true), {
    code: 'METADATA_ADDRESS_REFUSED',
    message: /10\.0\.0\.1, a private/,
  });
  await t.rejects(resolve(mixed, 'public', false), { code: 'METADATA_ADDRESS_REFUSED' });
  await t.resolves(resolve(mixed, 'any-host', true));
  await t.rejects(resolve(mixed, 'loopback', true), { code: 'METADATA_ADDRESS_REFUSED' });
  const broadcast = new AddressGuard({ lookup: answering('255.255.255.255') });
  await t.rejects(resolve(broadcast, 'any-host', true), { code: 'METADATA_ADDRESS_REFUSED' });
});

t.test('a name with allowed addresses resolves in the form that the socket asked for', async (t) => {
  const guard = new AddressGuard({ lookup: answering('1.1.1.1', '2600::1') });
  t.strictSame(await resolve(guard, 'public', true), [
    { address: '1.1.1.1', family: 4 },
    { address: '2600::1', family: 6 },
  ]);
  t.strictSame(await resolve(guard, 'public', false), ['1.1.1.1', 4]);
});

t.test('a name without an address, and a resolver that fails, are unreachable', async (t) => {
  await t.rejects(resolve(new AddressGuard({ lookup: answering() }), 'public', true), { code: 'METADATA_UNREACHABLE' });
  const failing: LookupFunction = (_hostname, _options, callback) => {
    callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
  };
  await t.rejects(resolve(new AddressGuard({ lookup: failing }), 'public', true), { code: 'ENOTFOUND' });
});
