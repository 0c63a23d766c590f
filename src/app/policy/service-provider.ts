import type { IdpConfig, ServiceProviderConfig } from '../../config/index.js';
import { parseCertificates, verificationKeys } from '../../keys/index.js';
import type { ServiceProvider } from '../../saml/index.js';

const CONTENT = { 'aes256-gcm': 'aes-256-gcm', 'aes128-gcm': 'aes-128-gcm' } as const;

/** The service provider as one IdP's logins meet it. */
export function serviceProvider(
  config: ServiceProviderConfig,
  { clockSkew }: Pick<IdpConfig, 'clockSkew'>,
): ServiceProvider {
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
      signingKeys: config.certificates.flatMap(({ pem }) => verificationKeys(pem)),
      signatures: { allowSha1: false, allowRsa1024: false, refuseExpiredCertificates: false },
      maxAgeMs: config.requests.maxAge,
      clockSkewMs: clockSkew,
    },
  };
}

function encryption(config: ServiceProviderConfig): ServiceProvider['encryption'] {
  if (config.encryption === undefined) return null;
  const { certificate, content, keyTransport } = config.encryption;
  const [recipient] = parseCertificates(certificate.pem);
  const [key] = verificationKeys(certificate.pem);
  // The configuration has found it readable.
  if (key === undefined) return null;
  return {
    recipient: { publicKey: key.publicKey, certificate: recipient.base64 },
    algorithms: { keyTransport, content: CONTENT[content] },
  };
}
