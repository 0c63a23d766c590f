import { family } from './entry.js';

/** Where metadata comes from; what it says is the SAML family's. */
export const metadataErrors = family({
  METADATA_ADDRESS_REFUSED: {
    status: 500,
    public: 'internal',
    meaning: 'The metadata URL, or a redirect from it, leads to an address that may not be asked.',
    remedy:
      'Use an https URL that resolves to public addresses. Where the server really is internal, set `allowPrivateAddress: true`.',
  },
  METADATA_UNREACHABLE: {
    status: 500,
    public: 'internal',
    meaning: 'The metadata could not be fetched; the last good copy stays in use.',
    remedy: 'Open the URL from this machine; check DNS, firewall, certificate authorities and the server itself.',
  },
  METADATA_TOO_LARGE: {
    status: 500,
    public: 'internal',
    meaning: 'The metadata document is larger than the limit.',
    remedy: 'Use the URL of the one entity instead of that of the whole federation.',
  },
  METADATA_ENTITY_CHANGED: {
    status: 500,
    public: 'internal',
    meaning: 'The metadata describes another entity than before, so it was not taken.',
    remedy: 'When the change is genuine, set `entityId` in the file to the new one.',
  },
  METADATA_NO_USABLE_CERTIFICATE: {
    status: 500,
    public: 'internal',
    meaning: 'The new metadata would leave no usable signing certificate, so it was not taken.',
    remedy:
      'Compare the candidates with what the identity provider publishes and approve the genuine one; or ask it for a certificate that is long enough and in date.',
  },
  METADATA_CANDIDATE_UNKNOWN: {
    status: 500,
    public: 'internal',
    meaning: 'No certificate with that fingerprint waits for approval.',
    remedy: 'Give the whole SHA-256 fingerprint of one of the candidates that the status lists.',
  },
  METADATA_NOT_KEPT: {
    status: 500,
    public: 'internal',
    meaning: 'The last good metadata could not be written to disk; a restart without network would have none.',
    remedy: 'Make the data directory writable and see that the disk is not full.',
  },
  METADATA_UNAVAILABLE: {
    status: 503,
    public: 'unavailable',
    meaning: 'There is no metadata for this identity provider that may be used, so nothing can be verified.',
    remedy: 'The status says why the last fetch failed; mend that, or give `certificates` in the IdP file.',
  },
});
