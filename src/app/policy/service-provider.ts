import { X509Certificate } from 'node:crypto';
import type { IdpConfig, ServiceProviderConfig } from '../../config/index.js';
import type { ServiceProvider } from '../../saml/index.js';
import { verificationKeyOf, type EncryptionAlgorithms } from '../../xml/index.js';
import { certificatesIn } from './certificates.js';

const ENCRYPTION: Readonly<
  Record<NonNullable<ServiceProviderConfig['encryption']>['keyTransport'], EncryptionAlgorithms>
> = {
  'rsa-oaep-mgf1p': { keyTransport: 'rsa-oaep-mgf1p' },
  'rsa-oaep-sha256': { keyTransport: 'rsa-oaep', digest: 'sha256', maskDigest: 'sha256' },
};

const CONTENT = { 'aes256-gcm': 'aes-256-gcm', 'aes128-gcm': 'aes-128-gcm' } as const;

/**
 * The service provider as one IdP's logins meet it.
 *
 * @param metadataCertificates signing certificates of the service provider's own metadata, where it is configured
 */
export function serviceProvider(
  config: ServiceProviderConfig,
  { clockSkew }: Pick<IdpConfig, 'clockSkew'>,
  metadataCertificates: readonly X509Certificate[],
): ServiceProvider {
  const certificates = [...config.certificates.flatMap(({ pem }) => certificatesIn(pem)), ...metadataCertificates];
  // The first ACS is what the configuration fills in: then a request that names another one is answered there.
  const unlessDefault = (url: string) => (url === config.acs[0] ? null : url);
  return {
    entityId: config.entityId,
    acsUrls: config.acs,
    audience: config.audience,
    recipient: unlessDefault(config.recipient),
    destination: unlessDefault(config.destination),
    encryption: encryption(config),
    requests: {
      signature: config.requests.signed,
      signingKeys: certificates.map(verificationKeyOf),
      signatures: { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false },
      maxAgeMs: config.requests.maxAge,
      clockSkewMs: clockSkew,
    },
  };
}

function encryption(config: ServiceProviderConfig): ServiceProvider['encryption'] {
  if (config.encryption === undefined) return null;
  const [certificate] = certificatesIn(config.encryption.certificate.pem);
  if (certificate === undefined) return null;
  return {
    recipient: { publicKey: certificate.publicKey, certificate: certificate.raw.toString('base64') },
    algorithms: { ...ENCRYPTION[config.encryption.keyTransport], content: CONTENT[config.encryption.content] },
  };
}
