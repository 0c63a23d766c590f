import type { GatewayConfig, IdpConfig } from '../config/index.js';
import type { IdpMetadata } from '../saml/index.js';
import type { Clock } from '../shared/index.js';
import {
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
  },
  onChange?: (status: MetadataStatus) => void,
): LiveMetadata<IdpMetadata> | null {
  const { name, metadata: source, entityId, signature } = idp;
  if (source === undefined) return null;
  const { clock, fetcher, metadataTiming } = services;
  return createMetadataSource({
    clock,
    fetcher,
    name,
    source,
    dataDirectory,
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
