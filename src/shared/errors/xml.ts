import { family } from './entry.js';

const IDP =
  'Ask the administrator of the identity provider for an unaltered response; look at it with `claims-gateway inspect`.';

/** XML, XML-Signature and XML-Encryption: nothing here knows SAML. */
export const xmlErrors = family({
  XML_ENCODING: { status: 400, public: 'unreadable', meaning: 'The document is not UTF-8.', remedy: IDP },
  XML_MALFORMED: {
    status: 400,
    public: 'unreadable',
    meaning: 'The document is not well-formed XML with namespaces.',
    remedy: IDP,
  },
  XML_FORBIDDEN: {
    status: 400,
    public: 'unreadable',
    meaning:
      'The document holds a DOCTYPE, an entity, a comment or a processing instruction, or declares a version other than XML 1.0.',
    remedy: IDP,
  },
  XML_DUPLICATE_ID: { status: 400, public: 'unreadable', meaning: 'Two elements carry the same ID.', remedy: IDP },
  XML_LIMIT: {
    status: 413,
    public: 'too-large',
    meaning: 'The document is deeper, wider or longer than the limits allow.',
    remedy: 'If it is genuine, raise the limit under `limits` in gateway.yaml.',
  },
  SIGNATURE_MISSING: {
    status: 403,
    public: 'refused',
    meaning: 'No signature covers the assertion.',
    remedy: 'Switch on signing of the response or the assertion at the identity provider.',
  },
  SIGNATURE_MISPLACED: {
    status: 403,
    public: 'refused',
    meaning: 'A Signature stands where none may stand, or twice: the mark of signature wrapping.',
    remedy: IDP,
  },
  SIGNATURE_FORM: {
    status: 403,
    public: 'refused',
    meaning:
      'The signature does not have the one allowed form (one Reference to its parent, enveloped-signature and exclusive canonicalization).',
    remedy: IDP,
  },
  SIGNATURE_ALGORITHM: {
    status: 403,
    public: 'refused',
    meaning: 'The signature or digest algorithm is not allowed.',
    remedy: 'Set the identity provider to RSA-SHA256. Where it can only do SHA-1, the IdP file may allow it.',
  },
  SIGNATURE_KEY_TOO_SHORT: {
    status: 403,
    public: 'refused',
    meaning: 'The RSA key is shorter than 2048 bits.',
    remedy: 'Give the identity provider a new key of 2048 bits or more.',
  },
  SIGNATURE_DIGEST_MISMATCH: {
    status: 403,
    public: 'refused',
    meaning: 'The signed content was changed after it was signed.',
    remedy: IDP,
  },
  SIGNATURE_INVALID: {
    status: 403,
    public: 'refused',
    meaning: 'No signing key of this identity provider made the signature.',
    remedy:
      "Compare the certificate that the detail names with the identity provider's current one; refresh its metadata.",
  },
  SIGNATURE_CERTIFICATE_EXPIRED: {
    status: 403,
    public: 'refused',
    meaning: 'The signing certificate is outside its validity and this IdP file refuses that.',
    remedy: 'Renew the certificate at the identity provider and refresh its metadata.',
  },
  DECRYPTION_FAILED: {
    status: 403,
    public: 'refused',
    meaning: 'The encrypted assertion could not be decrypted. The reason is deliberately not told apart.',
    remedy: 'Check that the identity provider encrypts to a current decryption certificate of this gateway.',
  },
  ENCRYPTION_ALGORITHM: {
    status: 403,
    public: 'refused',
    meaning: 'The encryption algorithm is not allowed, or not without a verified response signature around it.',
    remedy: 'Set the identity provider to AES-GCM with RSA-OAEP, or allow AES-CBC in the IdP file.',
  },
});
