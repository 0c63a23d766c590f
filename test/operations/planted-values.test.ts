import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startZivverStandIn, type ZivverStandIn } from '../../src/sandbox/index.js';
import { startCollector, type Collector } from '../support/collector.js';
import { claimsGateway } from '../support/command-line.js';
import { idpContent } from '../support/configuration.js';
import { logIn, loginForm } from '../support/logins.js';
import { rsaKeyPair } from '../support/pki.js';
import { startRedis, type RunningRedis } from '../support/redis.js';
import { metricValue, startRunning, until, type Running } from '../support/running.js';
import { ACCOUNT_KEY } from '../support/saml-parties.js';
import { spellings } from '../support/spellings.js';

/** Words that occur nowhere else, so that any of them in any output is a leak. */
const PLANTED = {
  domainKey: 'planted-domainkey-7c1f',
  scimToken: 'planted-scimtoken-91aa',
  operationsToken: 'planted-operationstoken-03be',
  collectorToken: 'planted-collectortoken-b7',
  storePassword: 'planted-storepassword-4e',
  dataKey: 'planted-datakey-of-32-bytes-x-01',
  accountKey: 'planted-accountkey-55d0',
  name: 'Plantina van der Plant',
  localPart: 'plantina.plant',
  attribute: 'planted-diagnosis-e4',
  relayState: 'planted-relaystate-2b',
  query: 'planted-query-88',
  cookie: 'planted-cookie-6d',
} as const;

const ADDRESS = `${PLANTED.localPart}@example.org`;

/** Of a person. A command that an operator gives may show it to them, and no more than that. */
const PERSONAL = ['name', 'localPart', 'attribute'];

type Form = 'hashed' | 'plain' | 'omitted';

/** Where accounts appear as they are where `accountNames: plain` asks for it. */
const PLAIN_IN = ['audit', 'traces', 'stored', 'trace show'];

interface Stage {
  readonly running: Running;
  readonly zivver: ZivverStandIn;
  readonly collector: Collector;
  /** Null where the embedded store is in use. */
  readonly redis: RunningRedis | null;
}

/** A Redis that asks the gateway for a name and a password, and keeps what it is told in a file. */
async function guardedRedis(t: Test): Promise<{ redis: RunningRedis; store: string }> {
  const user = ['--user', 'gateway', 'on', `>${PLANTED.storePassword}`, '~*', '&*', '+@all'];
  const redis = await startRedis(t, { args: ['--appendonly', 'yes', ...user] });
  return { redis, store: `redis://gateway:${PLANTED.storePassword}@127.0.0.1:${redis.port}` };
}

async function start(t: Test, accountNames: Form): Promise<Stage> {
  const zivver = await startZivverStandIn({
    domain: 'example.org',
    domainKey: { attribute: 'https://zivver.com/SAML/Attributes/DomainKey', value: PLANTED.domainKey },
    scimToken: PLANTED.scimToken,
  });
  t.teardown(() => zivver.close());
  const collector = await startCollector(t);
  const guarded = accountNames === 'omitted' ? await guardedRedis(t) : null;
  const decryption = rsaKeyPair(2048, 'decryption');
  const running = await startRunning(t, {
    operationsToken: PLANTED.operationsToken,
    gateway: {
      store: guarded === null ? 'embedded:./data' : { file: 'certs/store' },
      decryption: { keys: [{ id: 'd1', key: 'certs/d1.key', cert: 'certs/d1.crt', state: 'active' }] },
      telemetry: { endpoint: collector.endpoint, headers: { authorization: { file: 'certs/collector' } } },
      logging: { level: 'trace', accountNames },
      dataDirectory: './data',
      provisioning: {
        mode: 'scim',
        scim: { baseUrl: zivver.scimUrl, token: { file: 'certs/scim-token' } },
        waitForAccount: '1s',
      },
    },
    files: {
      'certs/scim-token': PLANTED.scimToken,
      'certs/domain-key': PLANTED.domainKey,
      'certs/collector': PLANTED.collectorToken,
      'certs/store': guarded?.store ?? '',
      'certs/data-key': Buffer.from(PLANTED.dataKey).toString('base64'),
      'certs/d1.key': decryption.privateKeyPem,
      'certs/d1.crt': decryption.certificatePem,
    },
    idps: { okta: idpContent({ unsolicited: 'allow' }) },
    withWorker: true,
    services: { pace: { workerBeat: 200 } },
  });
  return { running, zivver, collector, redis: guarded?.redis ?? null };
}

/** One that Zivver will not have, and says why in words that name the person, the key and the token. */
async function deadLetter({ running, zivver }: Stage, changes: object): Promise<void> {
  const address = `dead.${ADDRESS}`;
  const detail = `${PLANTED.name} <${address}> ${PLANTED.accountKey} ${PLANTED.scimToken} is outside the organization`;
  const fault = { kind: 'status', status: 400, body: JSON.stringify({ detail }) } as const;
  zivver.misbehave({ rules: [{ operations: ['create'], fault }] });
  await logIn({ publicUrl: running.publicUrl, address, changes });
  await until(
    async () => metricValue(await running.metrics(), 'dead_letters'),
    (count) => count === 1,
  );
}

/** Logins good and bad; what browsers were shown on pages that are not the delivery. */
async function everyKindOfLogin(stage: Stage): Promise<string[]> {
  const { running, zivver } = stage;
  const { publicUrl } = running;
  const attributes = [
    { name: ACCOUNT_KEY, values: [PLANTED.accountKey] },
    { name: 'urn:oid:2.5.4.42', values: [PLANTED.name] },
    { name: 'diagnosis', values: [PLANTED.attribute] },
  ];
  const wish = { publicUrl, address: ADDRESS };
  const bad = [
    { changes: { attributes, audience: 'https://elsewhere.example/' } },
    { changes: { attributes, responseId: '_r', assertionId: '_a' } },
    { changes: { attributes }, now: Date.now() - 86_400_000 },
    { changes: { attributes }, now: Date.now() + 86_400_000 },
    { changes: { attributes }, keys: rsaKeyPair(2048, 'stranger') },
    { changes: { attributes: attributes.slice(1) } },
    { changes: { attributes, nameId: PLANTED.localPart } },
    { changes: { attributes, issuer: 'https://elsewhere.example/' } },
  ];
  await logIn({ ...wish, changes: { attributes, responseId: '_r', assertionId: '_a' } });
  await until(
    async () => metricValue(await running.metrics(), 'provisioning_outcomes_total{outcome="created"}'),
    (count) => count === 1,
  );
  await deadLetter(stage, { attributes });
  zivver.misbehave({ rules: [{ fault: { kind: 'unauthorized' } }] });
  await logIn({ ...wish, address: `other.${ADDRESS}`, changes: { attributes } });
  const pages: string[] = [];
  for (const each of bad) pages.push((await logIn({ ...wish, ...each })).html);
  const form = await loginForm({ ...wish, changes: { attributes } });
  form.set('RelayState', PLANTED.relayState);
  const response = form.get('SAMLResponse') ?? '';
  const post = async (path: string, body: string | URLSearchParams, headers: Record<string, string> = {}) => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const options = { method: 'POST', body: body.toString(), headers: { ...type, ...headers } };
    pages.push(await (await fetch(publicUrl + path, options)).text());
  };
  const headers = { cookie: `__Host-x=${PLANTED.cookie}`, authorization: `Bearer ${PLANTED.operationsToken}` };
  await post(`/saml/okta/acs?x=${PLANTED.query}`, `SAMLResponse=${response.slice(0, 400)}`, headers);
  await post('/saml/okta/acs', `${form.toString()}&${form.toString()}`, headers);
  await post('/saml/okta/acs', `RelayState=${PLANTED.relayState}`, headers);
  await post(`/saml/${PLANTED.query}/acs`, form, headers);
  await post(`/nowhere?SAMLRequest=${PLANTED.query}&RelayState=${PLANTED.relayState}`, form, headers);
  pages.push(await (await fetch(`${publicUrl}/saml/okta/sso?SAMLRequest=${PLANTED.query}`, { headers })).text());
  return pages;
}

/** One that is taken, and one that is rejected, and stays so. */
async function reloads({ running }: Stage): Promise<void> {
  running.configuration.idp('okta', idpContent({ unsolicited: 'allow', clockSkew: '61s' }));
  await running.gateway.reload();
  running.configuration.idp('okta', idpContent({ unsolicited: 'perhaps' }));
  await running.gateway.reload();
}

async function filesBelow(directory: string): Promise<string> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const texts = names
    .filter((entry) => entry.isFile())
    .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1'));
  return (await Promise.all(texts)).join('\n');
}

/** What the gateway shows and tells while it cannot reach its store. */
async function withoutStore({ running, redis }: Stage): Promise<string[]> {
  if (redis === null) return [];
  await redis.kill();
  await until(
    () => running.log(),
    (log) => log.includes('the store does not answer'),
  );
  const { html, status } = await logIn({ publicUrl: running.publicUrl, address: ADDRESS });
  if (status !== 503) throw new Error(`a login without the store was answered ${status}`);
  const shown = [html, JSON.stringify(await running.health()), await running.metrics()];
  await redis.restart();
  await until(
    () => running.ready(),
    ({ status }) => status === 200,
  );
  return shown;
}

/** What the operations listener says to those who have no token, or another. */
async function refusals({ running }: Stage): Promise<string> {
  const texts = ['/healthz', '/metrics', `/${PLANTED.query}`].flatMap((path) =>
    [{}, { authorization: `Bearer ${PLANTED.cookie}` }].map(async (headers) => {
      const response = await fetch(running.operationsUrl + path, { headers });
      if (response.status !== 401) throw new Error(`${path} was answered ${response.status}`);
      return `${JSON.stringify([...response.headers])} ${await response.text()}`;
    }),
  );
  return (await Promise.all(texts)).join('\n');
}

/** What commands print for an operator; the store is nobody else's any more. */
async function commands({ running }: Stage, reference: string): Promise<{ open: string; discreet: string }> {
  const config = ['--config', running.configuration.directory];
  const print = async (...args: string[]) => {
    const { out, err } = await claimsGateway([...args, ...config]);
    return out + err;
  };
  const listed = await print('dead-letters', 'list', '--json');
  const { deadLetters } = JSON.parse(listed) as { deadLetters: { id: string }[] };
  const [{ id } = { id: '' }] = deadLetters;
  const shown = await print('dead-letters', 'show', id);
  const traced = await print('trace', 'show', reference);
  return { open: listed + shown, discreet: traced };
}

async function everyOutput(stage: Stage): Promise<Record<string, string>> {
  const { running } = stage;
  const pages = await everyKindOfLogin(stage);
  await until(
    async () => (await running.health()).checks['provisioning']?.state,
    (state) => state === 'fail',
  );
  const headers = { authorization: `Bearer ${PLANTED.operationsToken}` };
  const operations = (path: string) =>
    fetch(running.operationsUrl + path, { headers }).then((response) => response.text());
  await reloads(stage);
  const recent = await running.application.stores.traces.recent(100);
  const [health, ready, metrics] = [
    await operations('/healthz'),
    await operations('/readyz'),
    await operations('/metrics'),
  ];
  const config = ['--config', running.configuration.directory];
  const checked = await claimsGateway(['check-config', '--json', ...config]);
  const listed = await claimsGateway(['keys', 'list', '--json', ...config]);
  const refused = await refusals(stage);
  const outage = await withoutStore(stage);
  await running.stop();
  running.configuration.idp('okta', idpContent({ unsolicited: 'allow' }));
  const delivered = recent.find(({ entries }) =>
    entries.some((entry) => entry.kind === 'login' && entry.code === 'OK'),
  );
  const printed = await commands(stage, delivered?.reference ?? '');
  return {
    log: running.log(),
    audit: await filesBelow(join(running.root, 'audit')),
    stored: await filesBelow(join(running.root, 'data')),
    'stored in Redis': stage.redis === null ? '' : await filesBelow(stage.redis.dir),
    'error pages': pages.join('\n'),
    spans: stage.collector.received.map(({ text }) => text).join('\n'),
    traces: JSON.stringify(recent),
    health,
    ready,
    metrics,
    'refusals to operators': refused,
    'without the store': outage.join('\n'),
    'dead-letters': printed.open,
    'trace show': printed.discreet,
    'check-config': checked.out + checked.err,
    'keys list': listed.out + listed.err,
  };
}

for (const form of ['hashed', 'omitted', 'plain'] as const) {
  t.test(`accountNames: ${form}: no output holds a secret, or more of a person than that`, async (t) => {
    const outputs = await everyOutput(await start(t, form));
    t.ok((outputs['audit'] ?? '').split('\n').length > 10, 'there was something to leak into');
    t.ok((outputs['log'] ?? '').split('\n').length > 10);
    t.match(outputs['traces'], /"kind":"login"/);
    t.match(outputs['spans'], /"name":"SCIM GET Users"/);
    t.match(outputs['log'], /configuration reloaded/);
    t.match(outputs['log'], /configuration rejected/);
    t.match(outputs['dead-letters'], /outside the organization/);
    t.match(outputs['trace show'], /login through okta/);
    if (form === 'omitted') t.match(outputs['log'], /the store does not answer/);
    const lineOf = (name: string) => rsaKeyPair(2048, name).privateKeyPem.split('\n')[5] ?? '';
    const secrets = { ...PLANTED, signingKey: lineOf('gateway'), decryptionKey: lineOf('decryption') };
    for (const [place, text] of Object.entries(outputs)) {
      for (const [what, value] of Object.entries(secrets)) {
        if (place === 'dead-letters' && PERSONAL.includes(what)) continue;
        const named = what === 'localPart' && form === 'plain' && PLAIN_IN.includes(place);
        const found = spellings(value).filter((spelling) => text.includes(spelling));
        t.strictSame(found, named ? [value] : [], `${what} in ${place}`);
      }
    }
    const hashed = /acct-[0-9a-f]{16}/.test(outputs['audit'] ?? '');
    t.equal(hashed, form === 'hashed');
  });
}
