import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Application,
  askStore,
  readConfiguration,
  requireConfiguration,
  startGateway,
  systemServices,
} from '../app/index.js';
import { generateSigningKey } from '../keys/index.js';
import { createLogger } from '../observe/index.js';
import { startSandboxIdp, startZivverStandIn, type SandboxIdp, type ZivverStandIn } from '../sandbox/index.js';
import { systemClock, systemRandom } from '../shared/index.js';
import { CommandFailure } from './exit.js';
import type { Terminal } from './terminal.js';

/** The demo's DomainKey attribute; what Zivver calls it is not published. */
const DOMAIN_KEY_ATTRIBUTE = 'https://zivver.com/SAML/Attributes/DomainKey';

export const DEMO_DOMAIN = 'example.org';

/** Everything that stands around one login, running. */
export interface DemoStage {
  readonly idp: SandboxIdp;
  readonly zivver: ZivverStandIn;
  readonly gatewayUrl: string;
  readonly operationsUrl: string;
  close(): Promise<void>;
}

/**
 * Starts a test IdP, a stand-in for Zivver, and between them the gateway with its worker, on free ports of this
 * machine. Keys and secrets are made on the spot, in a directory that is removed at the end.
 *
 * @param store address of the store, as in gateway.yaml; `null` for the embedded one
 * @throws CommandFailure 2 where it is no address, 3 where nothing answers there
 */
export async function setTheStage(store: string | null, env: Terminal['env']): Promise<DemoStage> {
  const directory = mkdtempSync(join(tmpdir(), 'claims-gateway-demo-'));
  const opened: { close(): Promise<unknown> }[] = [{ close: () => rm(directory, { recursive: true, force: true }) }];
  const close = async () => {
    for (const each of opened.toReversed()) await each.close();
  };
  try {
    const secrets = { domainKey: secret(), scimToken: secret() };
    const domainKey = { attribute: DOMAIN_KEY_ATTRIBUTE, value: secrets.domainKey };
    const zivver = await startZivverStandIn({ domain: DEMO_DOMAIN, domainKey, scimToken: secrets.scimToken });
    opened.push(zivver);
    const idp = await startSandboxIdp({ apps: [], users: PEOPLE });
    opened.push(idp);
    const [port, operationsPort] = [await freePort(), await freePort()];
    const publicUrl = `http://127.0.0.1:${port}`;
    await writeConfiguration(directory, { publicUrl, port, operationsPort, store, zivver, idp, secrets });
    const request = { directory: join(directory, 'config'), env };
    const loaded = readConfiguration(request);
    const unfit = loaded.faults.find(({ path }) => path === 'store');
    if (unfit !== undefined) throw new CommandFailure(2, `--redis: ${unfit.problem}; ${unfit.remedy}`);
    const config = requireConfiguration(loaded);
    const asked = await askStore(config, systemServices('demo'));
    if (asked.result === 'fail') throw new CommandFailure(3, `${asked.detail}; ${asked.remedy ?? ''}`);
    const log = createLogger({ level: 'error' });
    const application = await Application.open(config, { ...systemServices('demo'), log });
    const gateway = await startGateway(application, { request, withWorker: true, place: 1 });
    opened.push({ close: () => gateway.stop('the demo ends') });
    idp.registerApp({ label: 'Zivver', metadata: await textOf(`${publicUrl}/saml/okta/metadata`) });
    zivver.setIdpMetadata(await textOf(`${publicUrl}/saml/metadata`));
    return { idp, zivver, gatewayUrl: publicUrl, operationsUrl: gateway.operationsAddress, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** People whom the test IdP knows, and Zivver does not yet. */
export const PEOPLE = [
  { id: '00u1a2b3c4d5e6f7g8h9', email: `anna.de.vries@${DEMO_DOMAIN}`, firstName: 'Anna', lastName: 'de Vries' },
  { id: '00u9z8y7x6w5v4u3t2s1', email: `bram.bakker@${DEMO_DOMAIN}`, firstName: 'Bram', lastName: 'Bakker' },
] as const;

interface Scene {
  readonly publicUrl: string;
  readonly port: number;
  readonly operationsPort: number;
  readonly store: string | null;
  readonly zivver: ZivverStandIn;
  readonly idp: SandboxIdp;
  readonly secrets: { readonly domainKey: string; readonly scimToken: string };
}

/** The same files that an operator writes. */
async function writeConfiguration(directory: string, scene: Scene): Promise<void> {
  const certs = join(directory, 'certs');
  mkdirSync(join(directory, 'config', 'idps'), { recursive: true });
  await generateSigningKey({
    id: 'demo',
    directory: certs,
    type: 'rsa',
    commonName: 'claims-gateway demo',
    days: 2,
    clock: systemClock,
    random: systemRandom,
  });
  const write = (path: string, text: string) => {
    writeFileSync(join(directory, path), text, { mode: 0o600 });
  };
  write('certs/data-key', randomBytes(32).toString('base64'));
  write('certs/domain-key', scene.secrets.domainKey);
  write('certs/scim-token', scene.secrets.scimToken);
  write('config/gateway.yaml', gatewayYaml(directory, scene));
  write('config/idps/okta.yaml', idpYaml(scene));
}

// JSON is YAML: a value needs no quoting of its own.
const yaml = (value: string) => JSON.stringify(value);

function gatewayYaml(directory: string, { publicUrl, port, operationsPort, store, zivver }: Scene): string {
  return `publicUrl: ${yaml(publicUrl)}
listen: { host: 127.0.0.1, port: ${port} }
operations: { host: 127.0.0.1, port: ${operationsPort} }
store: ${yaml(store ?? `embedded:${join(directory, 'data')}`)}
dataDirectory: ${yaml(join(directory, 'data'))}
audit: { directory: ${yaml(join(directory, 'audit'))} }
dataKey: { file: certs/data-key }
serviceProvider:
  preset: zivver
  acs: [${yaml(zivver.acsUrl)}]
  startUrl: ${yaml(zivver.url)}
signing:
  entityId: ${yaml(`${publicUrl}/saml`)}
  keys: [{ id: demo, key: certs/demo.key, cert: certs/demo.crt, state: active }]
provisioning:
  mode: scim
  scim: { baseUrl: ${yaml(zivver.scimUrl)}, token: { file: certs/scim-token } }
  waitForAccount: 2s
`;
}

function idpYaml({ idp }: Scene): string {
  return `preset: okta
metadata: { inline: ${yaml(idp.metadataXml)} }
domain: ${DEMO_DOMAIN}
domainKey: { mode: inject, attribute: ${yaml(DOMAIN_KEY_ATTRIBUTE)}, value: { file: certs/domain-key } }
unsolicited: allow
`;
}

function secret(): string {
  return randomBytes(24).toString('base64url');
}

/** A port that is free now; the configuration has to name it before anything listens there. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no port was given'));
      });
    });
  });
}

async function textOf(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}
