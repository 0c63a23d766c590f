import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  createMetadataFetcher,
  createMetadataSource,
  idpMetadataReader,
  type LiveMetadata,
  type MetadataSourceOptions,
} from '../../../src/app/metadata/index.js';
import type { MetadataSource } from '../../../src/config/index.js';
import type { IdpMetadata } from '../../../src/saml/index.js';
import { manualClock } from '../../support/clock.js';
import { ecKeyPair } from '../../support/pki.js';
import { temporaryDirectory } from '../../support/temporary.js';
import { httpServer, type Teardown, type TestServer } from './support.js';

export const [a, b] = [ecKeyPair('prime256v1', 'a'), ecKeyPair('prime256v1', 'b')];
export const [printA, printB] = [a.verificationKey().fingerprint, b.verificationKey().fingerprint];
export const HOUR = 3_600_000;

type Options = Partial<MetadataSourceOptions<IdpMetadata>> & { readonly policy?: 'trust' | 'hold' };

/** An IdP whose metadata can be exchanged, and gateways that read it. */
export async function publish(t: Teardown, first: string) {
  const clock = manualClock();
  const dataDirectory = await temporaryDirectory(t);
  const served = { xml: first, status: 200, etag: '' };
  const server: TestServer = await httpServer(t, (request, response) => {
    const etag = served.etag || `"${createHash('sha256').update(served.xml).digest('hex')}"`;
    if (served.status !== 200) response.writeHead(served.status).end();
    else if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.setHeader('etag', etag).end(served.xml);
  });
  const url = `http://127.0.0.1:${server.port}/metadata`;
  const sourceOf = (policy: 'trust' | 'hold'): MetadataSource => ({
    kind: 'url',
    url,
    refresh: HOUR,
    onNewCertificate: policy,
    allowPrivateAddress: true,
  });
  const gateway = ({ policy = 'hold', ...options }: Options = {}): LiveMetadata<IdpMetadata> => {
    const live = createMetadataSource({
      name: 'okta',
      source: sourceOf(policy),
      dataDirectory,
      clock,
      fetcher: createMetadataFetcher(),
      read: idpMetadataReader(options.expectedEntityId ?? null),
      keyRules: { allowRsa1024: false, refuseExpiredCertificates: false },
      random: () => 0,
      ...options,
    });
    t.teardown(() => live.stop());
    return live;
  };
  const files = {
    xml: join(dataDirectory, 'metadata', 'okta.xml'),
    json: join(dataDirectory, 'metadata', 'okta.json'),
  };
  return { clock, dataDirectory, served, server, gateway, files, source: sourceOf('hold') };
}

export function usable(live: LiveMetadata<IdpMetadata>): string[] | null {
  return live.current()?.metadata.signingKeys.map(({ fingerprint }) => fingerprint) ?? null;
}

export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('it did not come about within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
