import { family } from './entry.js';

/** The SAML protocol, the DomainKey policy and the claim rules. */
export const samlErrors = family({
  SAML_ENCODING: {
    status: 400,
    public: 'unreadable',
    meaning: 'The SAMLResponse or SAMLRequest parameter is missing, doubled, or not base64.',
    remedy: 'Look at what the browser posts; the identity provider must use the HTTP-POST binding.',
  },
  SAML_AUDIENCE_MISMATCH: {
    status: 403,
    public: 'refused',
    meaning: 'The assertion is meant for another service provider.',
    remedy:
      'Set the audience (entity id) at the identity provider to the expected one, or `expected.audience` in the IdP file.',
  },
});
