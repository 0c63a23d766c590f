import type { GatewayConfig, IdpConfig } from '../config/index.js';
import type { IdpMetadata } from '../saml/index.js';
import type { Clock } from '../shared/index.js';
import {
  createMetadataSource,
  idpMetadataReader,
  type LiveMetadata,
  type MetadataFetcher,
  type MetadataStatus,
} from './metadata/index.js';

/** What keeps an IdP's metadata current; null where its file names none. */
export function idpMetadataSource(
  { dataDirectory }: Pick<GatewayConfig, 'dataDirectory'>,
  idp: IdpConfig,
  services: { readonly clock: Clock; readonly fetcher: MetadataFetcher },
  onChange?: (status: MetadataStatus) => void,
): LiveMetadata<IdpMetadata> | null {
  const { name, metadata: source, entityId, signature } = idp;
  if (source === undefined) return null;
  return createMetadataSource({
    ...services,
    name,
    source,
    dataDirectory,
    read: idpMetadataReader(entityId ?? null),
    keyRules: {
      allowRsa1024: signature.allowRsa1024,
      refuseExpiredCertificates: signature.expiredCertificates === 'refuse',
    },
    expectedEntityId: entityId,
    ...(onChange === undefined ? {} : { onChange }),
  });
}
