import type { GatewayConfig, IdpConfig } from '../config/index.js';
import type { IdpMetadata } from '../saml/index.js';
import { systemClock, type Clock } from '../shared/index.js';
import {
  createMetadataFetcher,
  createMetadataSource,
  idpMetadataReader,
  type LiveMetadata,
  type MetadataFetcher,
  type MetadataStatus,
  type MetadataTiming,
} from './metadata/index.js';

/** What keeps an IdP's metadata current; null where its file names none. */
export function idpMetadataSource(
  { dataDirectory }: Pick<GatewayConfig, 'dataDirectory'>,
  idp: IdpConfig,
  services: {
    readonly clock: Clock;
    readonly fetcher: MetadataFetcher;
    readonly metadataTiming?: Partial<MetadataTiming>;
    /** For a command beside the gateway, which leaves what is on disk as it is. */
    readonly looks?: boolean;
  },
  onChange?: (status: MetadataStatus) => void,
): LiveMetadata<IdpMetadata> | null {
  const { name, metadata: source, entityId, signature } = idp;
  if (source === undefined) return null;
  const { clock, fetcher, metadataTiming, looks = false } = services;
  return createMetadataSource({
    clock,
    fetcher,
    name,
    source,
    dataDirectory,
    looks,
    read: idpMetadataReader(entityId ?? null),
    keyRules: {
      allowRsa1024: signature.allowRsa1024,
      refuseExpiredCertificates: signature.expiredCertificates === 'refuse',
    },
    expectedEntityId: entityId,
    ...(metadataTiming === undefined ? {} : { timing: metadataTiming }),
    ...(onChange === undefined ? {} : { onChange }),
  });
}

/**
 * The IdP's metadata as a gateway that starts now would have it: the copy at hand, or the text that its file names.
 *
 * @param otherwise whether a document that is not at hand is fetched
 */
export async function idpMetadataAtHand(
  config: Pick<GatewayConfig, 'dataDirectory'>,
  idp: IdpConfig,
  otherwise: 'fetch' | 'none',
): Promise<IdpMetadata | null> {
  const services = { clock: systemClock, fetcher: createMetadataFetcher(), looks: true };
  const source = idpMetadataSource(config, idp, services);
  if (source === null) return null;
  await source.start();
  if (source.current() === null && otherwise === 'fetch') await source.refresh();
  const current = source.current();
  await source.stop();
  return current?.metadata ?? null;
}
