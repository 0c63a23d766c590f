import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startZivverStandIn, type ZivverStandIn } from '../../src/sandbox/index.js';
import { startCollector, type Collector } from '../support/collector.js';
import { claimsGateway } from '../support/command-line.js';
import { idpContent } from '../support/configuration.js';
import { logIn, loginForm } from '../support/logins.js';
import { rsaKeyPair } from '../support/pki.js';
import { ACCOUNT_KEY } from '../support/saml-parties.js';
import { startRunning, until, type Running } from '../support/running.js';

/** Words that occur nowhere else, so that any of them in any output is a leak. */
const PLANTED = {
  domainKey: 'planted-domainkey-7c1f',
  scimToken: 'planted-scimtoken-91aa',
  operationsToken: 'planted-operationstoken-03be',
  collectorToken: 'planted-collectortoken-b7',
  accountKey: 'planted-accountkey-55d0',
  name: 'Plantina van der Plant',
  localPart: 'plantina.plant',
  attribute: 'planted-diagnosis-e4',
  relayState: 'planted-relaystate-2b',
  query: 'planted-query-88',
  cookie: 'planted-cookie-6d',
} as const;

const ADDRESS = `${PLANTED.localPart}@example.org`;

type Form = 'hashed' | 'plain' | 'omitted';

interface Stage {
  readonly running: Running;
  readonly zivver: ZivverStandIn;
  readonly collector: Collector;
}

async function start(t: Test, accountNames: Form): Promise<Stage> {
  const zivver = await startZivverStandIn({
    domain: 'example.org',
    domainKey: { attribute: 'https://zivver.com/SAML/Attributes/DomainKey', value: PLANTED.domainKey },
    scimToken: PLANTED.scimToken,
  });
  t.teardown(() => zivver.close());
  const collector = await startCollector(t);
  const running = await startRunning(t, {
    gateway: {
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
    },
    idps: { okta: idpContent({ unsolicited: 'allow' }) },
    withWorker: true,
    services: { pace: { workerBeat: 200 } },
  });
  return { running, zivver, collector };
}

/** Logins good and bad; what browsers were shown on pages that are not the delivery. */
async function everyKindOfLogin({ running, zivver }: Stage): Promise<string[]> {
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

async function everyOutput(stage: Stage): Promise<Record<string, string>> {
  const { running } = stage;
  const pages = await everyKindOfLogin(stage);
  await until(
    async () => (await running.health()).checks['provisioning']?.state,
    (state) => state === 'fail',
  );
  const operations = (path: string) => fetch(running.operationsUrl + path).then((response) => response.text());
  await reloads(stage);
  const traces = JSON.stringify(await running.application.stores.traces.recent(100));
  const [health, ready, metrics] = [
    await operations('/healthz'),
    await operations('/readyz'),
    await operations('/metrics'),
  ];
  const config = ['--config', running.configuration.directory];
  const checked = await claimsGateway(['check-config', '--json', ...config]);
  const listed = await claimsGateway(['keys', 'list', '--json', ...config]);
  await running.stop();
  return {
    log: running.log(),
    audit: await filesBelow(join(running.root, 'audit')),
    stored: await filesBelow(join(running.root, 'data')),
    'error pages': pages.join('\n'),
    spans: stage.collector.received.map(({ text }) => text).join('\n'),
    traces,
    health,
    ready,
    metrics,
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
    const { privateKeyPem } = rsaKeyPair(2048, 'gateway');
    const secrets = { ...PLANTED, signingKey: privateKeyPem.split('\n')[5] ?? '' };
    for (const [place, text] of Object.entries(outputs)) {
      for (const [what, value] of Object.entries(secrets)) {
        const named = what === 'localPart' && form === 'plain' && ['audit', 'traces', 'stored'].includes(place);
        t.equal(text.includes(value), named, `${what} in ${place}`);
        if (named) continue;
        t.notOk(text.includes(Buffer.from(value).toString('base64').slice(0, -4)), `${what} in base64 in ${place}`);
      }
    }
    const hashed = /acct-[0-9a-f]{16}/.test(outputs['audit'] ?? '');
    t.equal(hashed, form === 'hashed');
  });
}
