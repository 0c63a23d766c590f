import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fixture, type Fixture } from './fixture.js';

type Path = readonly (string | number)[];

const longAgo = '2020-01-01T00:00:00Z';
const ec = { id: 'ec', key: 'certs/2026.key', cert: 'certs/2026.crt', state: 'next' };

/** [what is spoilt in which file, value (undefined removes), what the one fault says] */
const TABLE: readonly (readonly [file: string, path: Path, value: unknown, expected: RegExp])[] = [
  [
    'gateway.yaml',
    ['publicURL'],
    'x',
    /gateway\.yaml:\d+:1: publicURL: publicURL is not a known key; did you mean publicUrl\?/,
  ],
  ['gateway.yaml', ['zebra'], 1, /zebra: zebra is not a known key; known keys here: publicUrl, listen/],
  ['gateway.yaml', ['publicUrl'], undefined, /publicUrl: is missing; add it: base of every URL/],
  ['gateway.yaml', ['publicUrl'], null, /publicUrl: is empty; write a value \(URL\)/],
  ['gateway.yaml', ['publicUrl'], 'http://sso.example.org', /publicUrl: is not https/],
  ['gateway.yaml', ['publicUrl'], 'sso.example.org', /publicUrl: is not an absolute https URL/],
  ['gateway.yaml', ['publicUrl'], 'https://a:b@sso.example.org', /publicUrl: carries a user name or password/],
  ['gateway.yaml', ['publicUrl'], 'https://sso.example.org/?x=1', /publicUrl: carries a query/],
  ['gateway.yaml', ['publicUrl'], 'https://sso.example.org/#x', /publicUrl: carries a fragment/],
  ['gateway.yaml', ['publicUrl'], 7, /publicUrl: must be text, not 7; put it in quotes: "7"/],
  ['gateway.yaml', ['publicUrl'], ['a'], /publicUrl: must be a single value/],
  [
    'gateway.yaml',
    ['publicUrl'],
    '${HOME}',
    /publicUrl: has a reference that is not known: \$\{HOME\}; write \$\{env:NAME\}/,
  ],
  ['gateway.yaml', ['publicUrl'], '${env:NOT_SET}', /publicUrl: the environment variable NOT_SET is not set/],
  ['gateway.yaml', ['publicUrl'], '${env:EMPTY}', /publicUrl: the environment variable EMPTY is empty/],
  ['gateway.yaml', ['publicUrl'], { file: 'certs/none' }, /publicUrl: cannot read certs\/none: no such file/],
  ['gateway.yaml', ['publicUrl'], { file: 'certs' }, /publicUrl: cannot read certs: it is a directory/],
  ['gateway.yaml', ['listen'], 'here', /listen: must be a mapping/],
  ['gateway.yaml', ['listen', 'port'], 70_000, /listen\.port: 70000 is not a whole number from 0 to 65535/],
  ['gateway.yaml', ['listen', 'port'], '8080', /listen\.port: "8080" is not a whole number/],
  ['gateway.yaml', ['listen', 'port'], '${env:TEXT}', /listen\.port: the referenced value is not a whole number/],
  ['gateway.yaml', ['listen', 'trustProxy'], ['10.0.0.0/33'], /listen\.trustProxy\[0\]: is not an address or network/],
  [
    'gateway.yaml',
    ['listen', 'tls'],
    { cert: 'certs/2026.crt', key: 'certs/2027.key' },
    /listen\.tls\.cert: the certificate .* does not belong/,
  ],
  [
    'gateway.yaml',
    ['operations'],
    { host: '0.0.0.0' },
    /operations(\.token)?: is missing, while 0\.0\.0\.0 can be reached/,
  ],
  [
    'gateway.yaml',
    ['operations', 'token'],
    'sesame',
    /operations\.token: a secret may not be written in the YAML itself/,
  ],
  [
    'gateway.yaml',
    ['operations', 'token'],
    { file: 'certs/2026.crt' },
    /operations\.token: the referenced secret has several lines/,
  ],
  [
    'gateway.yaml',
    ['operations', 'token'],
    { file: 'certs/blank' },
    /operations\.token: the referenced secret is empty/,
  ],
  ['gateway.yaml', ['store'], 'mysql://x', /store: is not a store address; write embedded:DIR/],
  ['gateway.yaml', ['store'], 'embedded:', /store: names no directory/],
  ['gateway.yaml', ['store'], 'redis://:pw@localhost', /store: a secret may not be written/],
  [
    'gateway.yaml',
    ['store'],
    'redis://:${env:NOT_SET}@localhost',
    /store: the environment variable NOT_SET is not set/,
  ],
  ['gateway.yaml', ['store'], 'redis://localhost:99999', /store: has a host or port that is not one/],
  ['gateway.yaml', ['store'], 'redis://localhost/x', /store: has a database that is not a number/],
  ['gateway.yaml', ['store'], 'redis://localhost?x=1', /store: has a parameter that is not known: x/],
  ['gateway.yaml', ['store'], 'redis://a,b', /store: is not a store address/],
  ['gateway.yaml', ['store'], 'redis://a%/0', /store: has a percent sign that begins no code/],
  ['gateway.yaml', ['store'], 'redis+sentinel://a,b', /store: names no master/],
  ['gateway.yaml', ['store'], 'redis+cluster://a,b/1', /store: names a database, which a cluster has not/],
  [
    'gateway.yaml',
    ['onStoreFailure'],
    'ignore',
    /onStoreFailure: "ignore" is not one of the choices; write one of: refuse, local/,
  ],
  ['gateway.yaml', ['dataKey'], undefined, /dataKey: is missing; add it/],
  ['gateway.yaml', ['dataKey'], 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=', /dataKey: a secret may not be written/],
  ['gateway.yaml', ['dataKey'], { file: 'certs/scim-token' }, /dataKey: the referenced value is not a key of 32 bytes/],
  ['gateway.yaml', ['previousDataKeys'], [{ file: 'certs/none' }], /previousDataKeys\[0\]: cannot read/],
  [
    'gateway.yaml',
    ['serviceProvider'],
    { preset: 'generic', acs: ['https://sp.example.org/acs'], attributes: { accountKey: 'a', displayName: 'b' } },
    /serviceProvider\.entityId: is missing/,
  ],
  ['gateway.yaml', ['serviceProvider', 'acs'], [], /serviceProvider\.acs: is empty/],
  ['gateway.yaml', ['serviceProvider', 'certificates'], ['certs/x.crt'], /certificates\[0\]: is not a PEM certificate/],
  [
    'gateway.yaml',
    ['serviceProvider', 'requests'],
    { signed: 'required' },
    /gateway\.yaml:\d+:\d+: serviceProvider\.requests\.signed: is required, but there is no certificate .*; add serviceProvider\.certificates/,
  ],
  [
    'idps/okta.yaml',
    ['serviceProvider'],
    { requests: { signed: 'required' } },
    /okta\.yaml:\d+:\d+: serviceProvider\.requests\.signed: is required, but there is no certificate/,
  ],
  ['gateway.yaml', ['serviceProvider', 'encryption'], {}, /serviceProvider\.encryption\.certificate: is missing/],
  [
    'gateway.yaml',
    ['serviceProvider', 'proxy'],
    { prefix: 'zivver' },
    /serviceProvider\.proxy\.prefix: is not a path prefix/,
  ],
  [
    'gateway.yaml',
    ['serviceProvider', 'proxy'],
    { prefix: '/saml/x/' },
    /proxy\.prefix: lies among the gateway's own paths/,
  ],
  [
    'gateway.yaml',
    ['serviceProvider', 'proxy'],
    { upstream: 'https://a.example/b' },
    /proxy\.upstream: carries a path; write https:\/\/a\.example/,
  ],
  ['gateway.yaml', ['signing'], undefined, /signing: is missing; add it/],
  ['gateway.yaml', ['signing', 'sign'], [], /signing\.sign: must name assertion, response or both/],
  ['gateway.yaml', ['signing', 'sign'], 'response', /signing\.sign: must be a list/],
  [
    'gateway.yaml',
    ['signing', 'keys', 0, 'state'],
    'next',
    /signing\.keys: no key is active; set `state: active` on exactly one/,
  ],
  ['gateway.yaml', ['signing', 'keys', 1, 'state'], 'active', /signing\.keys: 2 keys are active/],
  ['gateway.yaml', ['signing', 'keys', 1, 'id'], '2026', /signing\.keys\[1\]\.id: the id "2026" is used twice/],
  ['gateway.yaml', ['signing', 'keys', 1, 'id'], 'a b', /signing\.keys\[1\]\.id: is not a fit id/],
  [
    'gateway.yaml',
    ['signing', 'keys', 1, 'id'],
    2027,
    /signing\.keys\[1\]\.id: must be text, not 2027; put it in quotes/,
  ],
  ['gateway.yaml', ['signing', 'keys', 1, 'publishedAt'], '2026-11-02', /publishedAt: is not a UTC time/],
  [
    'gateway.yaml',
    ['signing', 'keys', 0, 'key'],
    'certs/none.key',
    /signing\.keys\[0\]\.key: cannot read .*certs\/none\.key: no such file/,
  ],
  [
    'gateway.yaml',
    ['signing', 'keys', 0, 'cert'],
    'certs/2027.crt',
    /signing\.keys\[0\]\.cert: the certificate .* does not belong to the key/,
  ],
  [
    'gateway.yaml',
    ['signing', 'keys', 0, 'cert'],
    'certs/2026.key',
    /signing\.keys\[0\]\.cert: cannot use .*: it holds no PEM certificate/,
  ],
  [
    'gateway.yaml',
    ['decryption'],
    { keys: [{ ...ec, state: 'next' }] },
    /decryption\.keys\[0\]\.state: "next" is not one of the choices/,
  ],
  ['gateway.yaml', ['limits'], { message: '1MiB' }, /limits\.body: is too small for a message of 1048576 bytes/],
  ['gateway.yaml', ['limits'], { message: '1GiB' }, /limits\.message: "1GiB" is out of bounds/],
  ['gateway.yaml', ['limits'], { body: 4096 }, /limits\.body: 4096 is not a size; write a number and a unit/],
  ['gateway.yaml', ['metadata'], { sign: 'yes' }, /metadata\.sign: "yes" is neither true nor false/],
  ['gateway.yaml', ['shutdownTimeout'], '20', /shutdownTimeout: "20" is not a duration/],
  [
    'gateway.yaml',
    ['shutdownTimeout'],
    '20h',
    /shutdownTimeout: "20h" is out of bounds; write a duration from 0ms to 10m/,
  ],
  [
    'gateway.yaml',
    ['provisioning', 'mode'],
    undefined,
    /gateway\.yaml:\d+:\d+: provisioning\.mode: is missing; add it, here or in gateway\.yaml/,
  ],
  ['gateway.yaml', ['provisioning', 'scim'], undefined, /provisioning\.scim\.token: is missing/],
  ['gateway.yaml', ['provisioning', 'tenant'], 'A B', /provisioning\.tenant: is not a fit name/],
  ['idps/okta.yaml', ['preset'], 'octa', /idps\/okta\.yaml:\d+:9: preset: "octa" is not one of the choices/],
  [
    'idps/okta.yaml',
    ['domain'],
    ['example.org', 'example.com'],
    /domain: a list of domains is refused: Zivver makes accounts at login for one domain per tenant/,
  ],
  ['idps/okta.yaml', ['domain'], '@example.org', /domain: is not a domain name/],
  ['idps/okta.yaml', ['domainKey', 'attribute'], undefined, /domainKey\.attribute: is missing; .* it has no default/],
  ['idps/okta.yaml', ['domainKey', 'value'], undefined, /domainKey\.value: is missing; .* it has no default/],
  [
    'idps/okta.yaml',
    ['domainKey', 'value'],
    'planted-literal',
    /domainKey\.value: a secret may not be written in the YAML itself/,
  ],
  ['idps/okta.yaml', ['domainKey', 'onMismatch'], 'replace', /domainKey\.onMismatch: has no meaning with mode inject/],
  ['idps/okta.yaml', ['metadata', 'file'], 'certs/m.xml', /metadata: has url and file at once/],
  ['idps/okta.yaml', ['metadata'], { file: 'certs/m.xml' }, /metadata\.file: cannot read .*m\.xml: no such file/],
  ['idps/okta.yaml', ['metadata'], { inline: '<x/>', refresh: '2h' }, /metadata\.refresh: has no meaning without url/],
  [
    'idps/okta.yaml',
    ['claims'],
    [{ copy: { from: 'a', to: 'b' }, drop: 'a' }],
    /claims\[0\]: has copy and drop in one rule/,
  ],
  ['idps/okta.yaml', ['claims'], [{}], /claims\[0\]: says not what to do/],
  ['idps/okta.yaml', ['claims'], [{ drop: 'NameID' }], /claims\[0\]\.drop: the NameID cannot be dropped/],
  [
    'idps/okta.yaml',
    ['claims'],
    [{ template: { to: 'a', template: '{b' } }],
    /claims\[0\]\.template\.template: has a brace without its partner/,
  ],
  [
    'idps/okta.yaml',
    ['claims', 0, 'rename', 'too'],
    'x',
    /claims\[0\]\.rename\.too: too is not a known key; did you mean to\?/,
  ],
  ['idps/okta.yaml', ['expected'], { recipient: [] }, /expected\.recipient: is an empty list/],
  ['idps/okta.yaml', ['expected'], { recipient: [1] }, /expected\.recipient: is not text/],
  ['idps/okta.yaml', ['delivery'], 'proxy', /delivery: is proxy, but no proxy is set up; add serviceProvider\.proxy/],
  [
    'idps/okta.yaml',
    ['encryption'],
    { allowUnsignedCbc: true },
    /encryption\.allowUnsignedCbc: does nothing without allowCbc/,
  ],
  [
    'idps/okta.yaml',
    ['certificates'],
    [{ file: 'certs/broken.crt' }],
    /certificates\[0\]: cannot use it: it holds no certificate/,
  ],
  [
    'idps/okta.yaml',
    ['serviceProvider'],
    { entityId: 'x', acs: ['https://sp.example.org/saml/acs'], intercept: true },
    /serviceProvider\.intercept: cannot work/,
  ],
  [
    'idps/okta.yaml',
    ['provisioning'],
    { tenant: 'other' },
    /provisioning\.scim\.token: is missing; add it for this tenant/,
  ],
];

const ENV = { EMPTY: '', TEXT: 'abc' };

async function prepared(base: string): Promise<Fixture> {
  const one = await fixture(base);
  one.write('certs/blank', ' \n');
  one.write('certs/broken.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  return one;
}

for (const [file, path, value, expected] of TABLE) {
  const what = `${file} ${path.join('.')} = ${value === undefined ? '(removed)' : JSON.stringify(value)}`;
  t.test(`${what}: exactly one fault, in its place, with a remedy`, async (t) => {
    const one = await prepared(t.testdir());
    one.set(file, path, value);
    const faults = one.faults(ENV);
    t.equal(faults.length, 1, faults.join('\n'));
    t.match(faults[0], expected);
    t.match(faults[0], /^config\/[\w/.-]+:[1-9]\d*:[1-9]\d*: [^;]+: [^;]+; ./);
    t.equal(one.load(ENV).config, undefined);
  });
}

t.test('all faults of all files are told at once, in order', async (t) => {
  const one = await fixture(t.testdir());
  one.set('gateway.yaml', ['publicUrl'], 'nonsense');
  one.set('gateway.yaml', ['signing', 'keys', 0, 'cert'], 'certs/2027.crt');
  one.set('gateway.yaml', ['zebra'], longAgo);
  one.set('idps/okta.yaml', ['clockSkew'], '5 minutes');
  one.write('config/idps/other.yaml', 'preset: generic\ndomain: example.org\n');
  const paths = one.load().faults.map(({ path }) => path);
  t.same(paths, [
    'publicUrl',
    'signing.keys[0].cert',
    'zebra',
    'clockSkew',
    ...['domainKey.attribute', 'domainKey.value', 'sso', 'entityId', 'certificates'],
  ]);
});

t.test('a fault points at the line and column of the value', async (t) => {
  const one = await fixture(t.testdir());
  one.write(
    'config/idps/okta.yaml',
    'preset: okta\ndomain: example.org\nmetadata:\n  url: https://x.example/m\n  refresh: soon\ndomainKey: { attribute: a, value: "${env:KEY}" }\n',
  );
  t.same(one.faults({ KEY: 'k' }), [
    'config/idps/okta.yaml:5:12: metadata.refresh: "soon" is not a duration; write a number and a unit (ms, s, m, h, d), such as 30s',
  ]);
});

t.test('YAML that is broken is a fault, not an exception', async (t) => {
  const one = await fixture(t.testdir());
  for (const [text, expected] of [
    ['a: [1, 2', /is not YAML/],
    ['a: 1\na: 2\n', /is not YAML: Map keys must be unique/],
    ['- a\n', /holds no mapping/],
    ['', /holds no mapping/],
    ['a: !!thing 1\n', /is not YAML/],
    [`a: &a [x]\nb: &b [${'*a,'.repeat(99)}]\nc: &c [${'*b,'.repeat(99)}]\nd: [${'*c,'.repeat(99)}]\n`, /aliases/],
  ] as const) {
    one.write('config/idps/okta.yaml', text);
    t.match(one.faults().join('\n'), expected, text.slice(0, 20));
  }
});

t.test('a file or directory that is not there is named', async (t) => {
  const one = await fixture(t.testdir());
  one.write('config/idps/Bad_Name.yml', 'x: 1\n');
  t.match(one.faults(), [/gateway\.yaml:1:1: idps: idps\/Bad_Name\.yml is not a fit file name/]);
  rmSync(join(one.config, 'idps'), { recursive: true });
  t.match(one.faults(), [/idps: the directory idps cannot be read: no such file/]);
  one.write('config/idps/README', '');
  t.match(one.faults(), [/idps: there is no file idps\/\*\.yaml/]);
  rmSync(join(one.config, 'gateway.yaml'));
  t.match(one.faults(), [/gateway\.yaml:1:1: \(whole file\): cannot be read: no such file; create the file/]);
});

t.test('no fault shows a secret', async (t) => {
  const one = await fixture(t.testdir());
  one.set('idps/okta.yaml', ['domainKey', 'value'], 'planted-literal');
  one.set('gateway.yaml', ['dataKey'], { file: 'certs/scim-token' });
  one.set('gateway.yaml', ['store'], 'redis://:planted-literal@localhost');
  t.notMatch(one.faults().join('\n'), /planted/);
});

t.test('a secret file that all users can read is a warning', async (t) => {
  const one = await fixture(t.testdir());
  chmodSync(join(one.base, 'certs/okta-domain-key'), 0o644);
  chmodSync(join(one.base, 'certs/2026.key'), 0o604);
  t.same(one.faults(), []);
  t.match(one.warnings(), [
    /signing\.keys\[0\]\.key: .*2026\.key can be read or written by all users; run chmod 600/,
    /domainKey\.value: certs\/okta-domain-key can be read or written by all users; run chmod o=/,
  ]);
});
