import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ENTITY, metadataXml } from '../app/metadata/support.js';
import { signedResponse } from '../support/saml-response.js';
import { claimsGateway } from '../support/command-line.js';
import { idpContent, writeConfiguration } from '../support/configuration.js';
import { rsaKeyPair } from '../support/pki.js';
import { AuditLog } from '../../src/observe/index.js';

const ACCOUNT_KEY = 'https://zivver.com/SAML/Attributes/ZivverAccountKey';
const NOW = Date.parse('2026-03-01T12:00:00Z');

function configured(t: Test) {
  const root = t.testdir();
  const configuration = writeConfiguration(root);
  configuration.idp('okta', idpContent({ unsolicited: 'allow' }));
  return { root, ...configuration };
}

function response(changes: { readonly audience?: string; readonly attributes?: readonly string[] } = {}) {
  const acs = 'https://sso.example.org/saml/okta/acs';
  return signedResponse(
    {
      now: NOW,
      issuer: 'https://idp.example.org/idp',
      audience: changes.audience ?? 'https://sso.example.org/saml/okta/metadata',
      destination: acs,
      inResponseTo: null,
      nameId: 'anna@example.org',
      attributes: [{ name: ACCOUNT_KEY, values: changes.attributes ?? ['the-account-key-of-anna'] }],
    },
    { key: rsaKeyPair(2048, 'idp').signingKey() },
  );
}

t.test('inspect reads XML, base64, a form body and standard input, and says what would be delivered', async (t) => {
  const { directory, root } = configured(t);
  const xml = await response();
  const base64 = Buffer.from(xml).toString('base64');
  const form = new URLSearchParams({ SAMLResponse: base64, RelayState: 'r' }).toString();
  const args = ['inspect', '--config', directory, '--idp', 'okta', '--now', new Date(NOW).toISOString()];
  for (const stdin of [xml, base64, form]) {
    const { status, out, err } = await claimsGateway([...args, '-'], { stdin });
    t.equal(status, 0, err);
    t.match(out, /^would be delivered$/m);
    t.match(out, /\+ .*DomainKey = \[secret\]/);
    t.notMatch(out, 'the-domain-key-of-example-org');
    t.notMatch(out, 'the-account-key-of-anna');
  }
  const missing = await claimsGateway([...args, join(root, 'nothing.xml')]);
  t.equal(missing.status, 2);
  t.match(missing.err, /Cannot read .*nothing\.xml/);
});

t.test('inspect --json names each check with expected, seen and remedy, and ends with 1 for a refusal', async (t) => {
  const { directory } = configured(t);
  const args = ['inspect', '--config', directory, '--idp', 'okta', '--json', '--now', new Date(NOW).toISOString(), '-'];
  const { status, out } = await claimsGateway(args, { stdin: await response({ audience: 'https://other.example' }) });
  t.equal(status, 1);
  const report = JSON.parse(out) as { checks: { name: string }[] };
  t.match(report, { verdict: 'refuse', code: 'SAML_AUDIENCE_MISMATCH', idp: 'okta', output: null });
  t.match(
    report.checks.find(({ name }) => name === 'audience'),
    { result: 'fail', expected: /saml\/okta\/metadata/, seen: /other\.example/, remedy: /audience/i },
  );
  const late = await claimsGateway(args.with(7, '2026-03-01T13:00:00Z'), { stdin: await response() });
  t.match(JSON.parse(late.out), { verdict: 'refuse', code: 'SAML_EXPIRED' });
  const keyless = await claimsGateway(args, { stdin: await response({ attributes: [] }) });
  t.match(JSON.parse(keyless.out), { verdict: 'refuse', code: 'CLAIM_REQUIRED' });
});

t.test('inspect --in-response-to takes the place of a request that we sent', async (t) => {
  const { directory, idp } = configured(t);
  idp('okta', idpContent({ unsolicited: 'refuse' }));
  const args = ['inspect', '--config', directory, '--idp', 'okta', '--json', '--now', new Date(NOW).toISOString()];
  const stdin = await response();
  t.match(JSON.parse((await claimsGateway([...args, '-'], { stdin })).out), { code: 'SAML_UNSOLICITED_REFUSED' });
  const other = await claimsGateway([...args, '--in-response-to', '_r1', '-'], { stdin });
  t.equal(other.status, 1, 'the response answers no request');
});

t.test('an unknown IdP, an unreadable time and a usage fault end with 2', async (t) => {
  const { directory } = configured(t);
  const unknown = await claimsGateway(['inspect', '--config', directory, '--idp', 'nobody', '-']);
  t.match(unknown, { status: 2, err: /There is no identity provider nobody; the configuration has: okta/ });
  const time = await claimsGateway(['inspect', '--config', directory, '--idp', 'okta', '--now', 'soon', '-']);
  t.match(time, { status: 2, err: /--now soon is not an ISO 8601 time/ });
  // What Date.parse makes of such text depends on the machine's time zone.
  for (const vague of ['2026-03-01 12:00', '2026-03-01T12:00:00', '1 March 2026', '2026-02-30T12:00:00Z', '5']) {
    const { status, err } = await claimsGateway(['inspect', '--config', directory, '--idp', 'okta', '--now', vague]);
    t.match({ status, err }, { status: 2, err: /is not an ISO 8601 time/ }, vague);
  }
  t.match(await claimsGateway(['inspect', '-']), { status: 2, err: /--idp/ });
  t.match(await claimsGateway(['dance']), { status: 2, err: /unknown command/ });
  t.match(await claimsGateway(['serve', '--processes', 'none']), { status: 2, err: /whole number/ });
  t.match(await claimsGateway(['serve', '--processes', '99999']), { status: 2, err: /four for each core/ });
});

t.test('every command explains itself with an example', async (t) => {
  for (const command of [
    ['serve'],
    ['worker'],
    ['demo'],
    ['check-config'],
    ['inspect'],
    ['metadata'],
    ['keys', 'generate'],
    ['audit', 'verify'],
  ]) {
    const { status, out } = await claimsGateway([...command, '--help']);
    t.equal(status, 0);
    t.match(out, new RegExp(`Example:\\s+claims-gateway ${command.join(' ')}`), command.join(' '));
  }
  t.match(await claimsGateway(['--version']), { status: 0, out: /^\d+\.\d+\.\d+$/ });
});

t.test('check-config lists all faults at once with their places', async (t) => {
  const { directory, gateway, idp } = configured(t);
  t.match(await claimsGateway(['check-config', '--config', directory]), { status: 0, out: /is sound: 1 identity/ });
  gateway({ publicUrl: 'http://sso.example.org', colour: 'red' });
  idp('okta', idpContent({ domain: ['example.org', 'example.com'], domainKey: undefined }));
  const { status, out } = await claimsGateway(['check-config', '--config', directory]);
  t.equal(status, 2);
  t.match(out, /gateway\.yaml:\d+:\d+: publicUrl: /);
  t.match(out, /gateway\.yaml:\d+:\d+: colour: /);
  t.match(out, /okta\.yaml:\d+:\d+: domain: /);
  t.match(out, /okta\.yaml:\d+:\d+: domainKey/);
  const json = await claimsGateway(['check-config', '--config', directory, '--json']);
  t.match(JSON.parse(json.out), { valid: false, faults: [{ line: Number }] });
  const serve = await claimsGateway(['serve', '--config', directory]);
  t.equal(serve.status, 2, 'serve does not start on it');
  t.match(serve.err, /colour/);
});

t.test('an unreadable key ends with 2, the file and the reason', async (t) => {
  const { directory, write } = configured(t);
  write('certs/test.key', 'no key at all');
  const { status, err } = await claimsGateway(['serve', '--config', directory]);
  t.equal(status, 2);
  t.match(err, /certs\/test\.key/);
});

t.test('check-config --online asks the store, the metadata and the SCIM key', async (t) => {
  const { directory, gateway, idp } = configured(t);
  const sound = await claimsGateway(['check-config', '--config', directory, '--online', '--json']);
  t.match(JSON.parse(sound.out), { valid: true, online: [{ name: 'store', result: 'pass' }] });
  gateway({
    store: 'redis://127.0.0.1:1',
    provisioning: { mode: 'scim', scim: { baseUrl: 'https://127.0.0.1:1/scim/', token: { file: 'certs/domain-key' } } },
  });
  idp('okta', idpContent({ metadata: { url: 'https://127.0.0.1:1/metadata', allowPrivateAddress: true } }));
  const { status, out } = await claimsGateway(['check-config', '--config', directory, '--online']);
  t.equal(status, 1);
  t.match(out, /^FAIL store: STORE_UNAVAILABLE: Redis at 127\.0\.0\.1:1: connection refused; Redis: bring it back/m);
  t.match(out, /^FAIL metadata of okta: METADATA_UNREACHABLE: .+; .+/m);
  t.match(out, /^FAIL SCIM key of .*: 127\.0\.0\.1:1: .+; Check the way/m);
  t.match(out, /^skip clock: /m);
  t.match(out, /the files are sound; 3 of 3 online checks failed$/);
  t.notMatch(out, /is sound:/);
  idp('zz', idpContent({ entityId: 'https://zz.example.org/idp', provisioning: { mode: 'off' } }));
  const beside = await claimsGateway(['check-config', '--config', directory, '--online']);
  t.match(beside.out, /^FAIL SCIM key of default: /m, 'an IdP that is off hides the key of no tenant');
});

t.test('metadata prints ours for an IdP and for the service provider', async (t) => {
  const { directory } = configured(t);
  const forIdp = await claimsGateway(['metadata', '--config', directory, '--idp', 'okta']);
  t.match(forIdp.out, /SPSSODescriptor.*Location="https:\/\/sso\.example\.org\/saml\/okta\/acs"/s);
  const forSp = await claimsGateway(['metadata', '--config', directory, '--sp']);
  t.match(forSp.out, /entityID="https:\/\/sso\.example\.org\/saml".*IDPSSODescriptor/s);
  t.match(await claimsGateway(['metadata', '--config', directory]), { status: 2, err: /--idp NAME, or --sp/ });
  const unknown = await claimsGateway(['metadata', '--config', directory, '--idp', 'x']);
  t.match(unknown, { status: 2, err: /There is no identity provider x; the configuration has: okta/ });
});

t.test('metadata prints what the running gateway serves, also what follows from the metadata of the IdP', async (t) => {
  const { directory, gateway, idp } = configured(t);
  const asked = metadataXml([rsaKeyPair(2048, 'idp')]).replace(
    '<md:IDPSSODescriptor ',
    '<md:IDPSSODescriptor WantAuthnRequestsSigned="true" ',
  );
  const changes = { metadata: { inline: asked }, entityId: undefined, certificates: undefined, sso: undefined };
  idp('okta', idpContent(changes));
  const metadata = (...args: string[]) => claimsGateway(['metadata', '--config', directory, '--idp', 'okta', ...args]);
  t.match((await metadata()).out, /<md:SPSSODescriptor AuthnRequestsSigned="true"/);
  const entityId = 'https://sso.example.org/saml';
  const keys = [{ id: 'test', key: 'certs/test.key', cert: 'certs/test.crt', state: 'active' }];
  gateway({ signing: { entityId, issuer: 'preserve', keys } });
  t.match((await metadata('--sp')).out, `entityID="${ENTITY}"`);
  idp('okta', idpContent({ ...changes, request: { sign: 'never' } }));
  t.match((await metadata()).out, /<md:SPSSODescriptor AuthnRequestsSigned="false"/);
  idp('okta', idpContent({ enabled: false }));
  t.match(await metadata(), { status: 2, err: /identity provider okta is not enabled/ });
});

t.test('keys: generate, list, promote only after 48 hours, retire', async (t) => {
  const { directory, root } = configured(t);
  const keys = (...args: string[]) => claimsGateway(['keys', ...args, '--config', directory]);
  t.match(await keys('generate', 'next', '--add'), { status: 0, out: /in state next/ });
  t.equal(statSync(join(root, 'certs/next.key')).mode & 0o777, 0o600);
  t.match(await keys('generate', 'next'), { status: 1, err: /KEY_EXISTS/ });
  const listed = await keys('list', '--json');
  t.match(JSON.parse(listed.out), {
    keys: [
      { id: 'test', state: 'active' },
      { id: 'next', state: 'next' },
    ],
  });
  t.match(await keys('promote', 'next'), { status: 1, err: /KEY_TOO_YOUNG: .* 0 of 48 hours\. Wait/ });
  const yaml = join(directory, 'gateway.yaml');
  const longAgo = readFileSync(yaml, 'utf8').replace(/publishedAt: "[^"]*"/, 'publishedAt: "2026-01-01T00:00:00Z"');
  writeFileSync(yaml, longAgo);
  const published = join(root, 'data/published-keys.json');
  mkdirSync(join(root, 'data'), { recursive: true });
  writeFileSync(published, '{}');
  const unserved = { status: 1, err: /KEY_TOO_YOUNG: the gateway of this machine does not have the key "next"/ };
  t.match(await keys('promote', 'next'), unserved, 'the entry alone publishes nothing');
  writeFileSync(published, '{');
  t.match(await keys('promote', 'next'), { status: 3, err: /FILE_UNREADABLE: cannot read .*published-keys\.json/ });
  t.match(await keys('promote', 'next', '--force', 'the old one leaked'), { status: 0, out: /next is now active/ });
  t.match(readFileSync(join(directory, 'gateway.yaml'), 'utf8'), /the old one leaked/);
  t.match(await keys('retire', 'next'), { status: 1, err: /KEY_STATE/ });
  t.match(await keys('generate', 'ec', '--type', 'ec', '--bits', '256'), { status: 0 });
  t.ok(existsSync(join(root, 'certs/ec.crt')));
});

t.test('audit verify ends with 2 for what cannot be read', async (t) => {
  t.match(await claimsGateway(['audit', 'verify', '/nowhere']), {
    status: 2,
    err: /Cannot read \/nowhere: no such file/,
  });
  const empty = t.testdir();
  t.match(await claimsGateway(['audit', 'verify', empty]), { status: 2, err: /no audit segment/ });
});

t.test('audit verify takes a directory for the segments in it', async (t) => {
  const directory = t.testdir();
  const clock = { now: () => NOW };
  const log = await AuditLog.open({ file: join(directory, 'audit.jsonl'), instance: 'a', clock, maxBytes: 1e6 });
  await log.append({ event: 'login', code: 'OK' });
  await log.close();
  const verified = await claimsGateway(['audit', 'verify', directory, join(directory, 'audit.a.000001.jsonl')]);
  t.match(verified, { status: 0, out: /the chain holds: 1 file/ }, 'a file that is named twice is read once');
  const head = /head of a: ([0-9a-f]{64})/.exec(verified.out)?.[1] ?? '';
  const noted = (...digests: string[]) =>
    claimsGateway(['audit', 'verify', directory, ...digests.flatMap((digest) => ['--head', digest])]);
  t.match(await noted(head.toUpperCase(), head), { status: 0 });
  const gone = 'a'.repeat(64);
  t.match(await noted(head, gone), { status: 1, out: new RegExp(`FAIL digest ${gone}: no line has it`) });
  t.match(await noted('abc'), { status: 2, err: /64 hexadecimal digits/ });
});

t.test('inspect refuses what is no response, with the code in JSON too', async (t) => {
  const { directory, root } = configured(t);
  const args = ['inspect', '--config', directory, '--idp', 'okta', '--json', '-'];
  for (const [stdin, code, detail] of [
    ['hello', 'SAML_ENCODING', /./],
    ['\u0000\ufffd\u0001 %%', 'SAML_ENCODING', /./],
    ['', 'SAML_ENCODING', /standard input was empty/],
    ['A'.repeat(2_000_000), 'SAML_TOO_LARGE', /./],
  ] as const) {
    const { status, out } = await claimsGateway(args, { stdin });
    t.equal(status, 1, code);
    t.match(JSON.parse(out), { verdict: 'refuse', code, detail, idp: 'okta', output: null });
    t.match(JSON.parse(out), { checks: [{ name: 'encoding', result: 'fail', remedy: /./ }, { result: 'skipped' }] });
  }
  writeFileSync(join(root, 'empty'), '');
  const file = await claimsGateway(args.with(6, join(root, 'empty')));
  t.match(JSON.parse(file.out), { detail: /empty was empty/ });
  t.match(await claimsGateway(args.with(6, '/dev/zero')), { status: 2, err: /\/dev\/zero: it is larger than 1048576/ });
});

t.test('check-config reads the metadata that lies on this machine', async (t) => {
  const { directory, write, idp } = configured(t);
  const check = () => claimsGateway(['check-config', '--config', directory]);
  idp('okta', idpContent({ metadata: { file: 'certs/idp.xml' } }));
  write('certs/idp.xml', '<x>');
  t.match(await check(), { status: 2, out: /okta\.yaml:\d+:\d+: metadata\.file: XML_MALFORMED: .+; .+/ });
  write('certs/idp.xml', '\0'.repeat(1_100_000));
  t.match(await check(), { status: 2, out: /okta\.yaml:\d+:\d+: metadata\.file: .*larger than 1048576 bytes/ });
  idp('okta', idpContent({ metadata: { inline: '<not-metadata/>' } }));
  t.match(await check(), { status: 2, out: /okta\.yaml:\d+:\d+: metadata\.inline: METADATA_INVALID/ });
});

t.test('idp candidates of metadata that is no URL: none, also in JSON', async (t) => {
  const { directory } = configured(t);
  const { status, out } = await claimsGateway(['idp', 'candidates', 'okta', '--json', '--config', directory]);
  t.equal(status, 0);
  t.strictSame(JSON.parse(out), { idp: 'okta', candidates: [] });
  const text = await claimsGateway(['idp', 'candidates', 'okta', '--config', directory]);
  t.match(text, { status: 0, out: /comes from no URL/ });
});
