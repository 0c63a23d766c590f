import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { rsaKeyPair } from './pki.js';

/** A configuration directory on disk, with the files beside it that it names. */
export interface TestConfiguration {
  /** The directory that holds gateway.yaml. */
  readonly directory: string;
  /** Writes a file below the parent of the directory, such as `certs/token`. */
  readonly write: (path: string, text: string) => void;
  readonly gateway: (changes: Readonly<Record<string, unknown>>) => void;
  readonly idp: (name: string, content: Readonly<Record<string, unknown>>) => void;
}

const DOMAIN_KEY = 'https://zivver.com/SAML/Attributes/DomainKey';

/** What every test IdP has; `certificates` and `entityId` in place of metadata. */
export function idpContent(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    preset: 'generic',
    entityId: 'https://idp.example.org/idp',
    certificates: [rsaKeyPair(2048, 'idp').certificatePem],
    sso: { redirect: 'https://idp.example.org/sso' },
    domain: 'example.org',
    domainKey: { mode: 'inject', attribute: DOMAIN_KEY, value: { file: 'certs/domain-key' } },
    ...changes,
  };
}

/** A sound configuration in `root`: one signing key, the embedded store, provisioning off. */
export function writeConfiguration(root: string): TestConfiguration {
  const directory = join(root, 'config');
  mkdirSync(join(directory, 'idps'), { recursive: true });
  mkdirSync(join(root, 'certs'), { recursive: true });
  const write = (path: string, text: string) => {
    writeFileSync(join(root, path), text, { mode: 0o600 });
  };
  const base = {
    publicUrl: 'https://sso.example.org',
    listen: { host: '127.0.0.1', port: 8080 },
    operations: { host: '127.0.0.1', port: 9090 },
    store: 'embedded:./data',
    dataKey: { file: 'certs/data-key' },
    serviceProvider: { preset: 'zivver' },
    signing: {
      entityId: 'https://sso.example.org/saml',
      keys: [{ id: 'test', key: 'certs/test.key', cert: 'certs/test.crt', state: 'active' }],
    },
    provisioning: { mode: 'off' },
  };
  const gateway = (changes: Readonly<Record<string, unknown>>) => {
    write('config/gateway.yaml', stringify({ ...base, ...changes }));
  };
  const keys = rsaKeyPair(2048, 'gateway');
  write('certs/test.key', keys.privateKeyPem);
  write('certs/test.crt', keys.certificatePem);
  write('certs/data-key', randomBytes(32).toString('base64'));
  write('certs/domain-key', 'the-domain-key-of-example-org');
  gateway({});
  return {
    directory,
    write,
    gateway,
    idp: (name, content) => {
      write(`config/idps/${name}.yaml`, stringify(content));
    },
  };
}
