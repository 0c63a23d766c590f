import { family } from './entry.js';

const AT_IDP = 'Compare the application at the identity provider with `claims-gateway metadata --idp NAME`.';
const CLOCK = 'Compare the clocks; a small difference is what `clockSkew` in the IdP file is for.';
const AT_SP = 'Compare what the service provider sends with `claims-gateway metadata --sp`.';
const MAPPING = 'Map the attribute at the identity provider, or add a claim rule to the IdP file.';
const FOREIGN = 'Ask the maker of the identity provider why it sends this; `claims-gateway inspect` shows where.';

/** Shorthand for the commonest row: the login is refused without telling the browser why. */
const refused = (meaning: string, remedy: string) => ({ status: 403, public: 'refused', meaning, remedy }) as const;
const unreadable = (meaning: string, remedy: string) =>
  ({ status: 400, public: 'unreadable', meaning, remedy }) as const;

/** The SAML protocol, the DomainKey policy and the claim rules. */
export const samlErrors = family({
  SAML_ENCODING: unreadable(
    'The SAMLResponse or SAMLRequest parameter is missing, doubled, or not base64.',
    'Look at what the browser posts; the identity provider must use the HTTP-POST binding.',
  ),
  SAML_TOO_LARGE: {
    status: 413,
    public: 'too-large',
    meaning: 'The message is larger than the limit allows.',
    remedy: 'If it is genuine, raise the limit under `limits` in gateway.yaml.',
  },
  SAML_ROOT: unreadable('The document is not a samlp:Response.', AT_IDP),
  SAML_VERSION: unreadable('The message or the assertion is not of SAML version 2.0.', FOREIGN),
  SAML_ID: unreadable('The message or the assertion has no ID.', FOREIGN),
  SAML_STRUCTURE: unreadable('An element is missing, doubled or out of place by the SAML schema.', FOREIGN),
  SAML_ASSERTION_COUNT: refused('The response does not hold exactly one assertion as a child of its own.', FOREIGN),
  SAML_STATUS: {
    status: 403,
    public: 'identity-provider-refused',
    meaning: 'The identity provider did not log the user in.',
    remedy: 'The page that the person sees and `inspect` show what the identity provider says; its own log tells more.',
  },
  SAML_ISSUER_MISMATCH: refused(
    'The issuer is not this identity provider.',
    'Set `entityId` in the IdP file (or its metadata) to the issuer that the identity provider writes.',
  ),
  SAML_DESTINATION_MISMATCH: refused(
    'The response is addressed to another URL, or signed without an address.',
    'Set the destination (ACS URL) at the identity provider, or `expected.destination` in the IdP file.',
  ),
  SAML_RESPONSE_IN_FUTURE: refused('The response was issued in the future.', CLOCK),
  SAML_IN_RESPONSE_TO_UNKNOWN: {
    status: 403,
    public: 'start-again',
    meaning: 'The response answers a request that we did not send to this identity provider, or that has expired.',
    remedy: 'Start the login again. When it recurs, see whether all processes share one store.',
  },
  SAML_IN_RESPONSE_TO_MISMATCH: refused('The response and its assertion do not answer the same request.', FOREIGN),
  SAML_UNSOLICITED_REFUSED: {
    status: 403,
    public: 'start-again',
    meaning: 'The response answers no request, and this IdP file allows no such logins.',
    remedy: 'Start at the service provider, or set `unsolicited: allow` in the IdP file.',
  },
  SAML_SUBJECT: refused(
    'The assertion has no Subject with one non-empty NameID.',
    'Have the identity provider send the e-mail address as NameID.',
  ),
  SAML_ENCRYPTED_ID: refused('The NameID is encrypted.', 'Switch off NameID encryption at the identity provider.'),
  SAML_ENCRYPTED_ATTRIBUTE: refused(
    'An attribute is encrypted on its own.',
    'Switch off attribute encryption at the identity provider; the whole assertion may be encrypted instead.',
  ),
  SAML_SUBJECT_CONFIRMATION: refused('No bearer confirmation of the subject has the form that it must have.', FOREIGN),
  SAML_RECIPIENT_MISMATCH: refused(
    'The assertion is confirmed for another recipient.',
    'Set the recipient at the identity provider, or `expected.recipient` in the IdP file.',
  ),
  SAML_CONDITIONS_MISSING: refused('The assertion has no Conditions.', FOREIGN),
  SAML_CONDITION_UNKNOWN: refused(
    'The assertion carries a condition that we do not know, so it is not valid.',
    FOREIGN,
  ),
  SAML_TIME_INVALID: refused('A time is missing or is not an xs:dateTime in UTC.', FOREIGN),
  SAML_NOT_YET_VALID: refused('The assertion is not valid yet, or tells of something in the future.', CLOCK),
  SAML_EXPIRED: refused('The assertion is not valid any more.', CLOCK),
  SAML_AUDIENCE_MISMATCH: refused(
    'The assertion is meant for another service provider.',
    'Set the audience (entity id) at the identity provider to the expected one, or `expected.audience` in the IdP file.',
  ),
  SAML_PROXY_RESTRICTION: refused(
    'The identity provider forbids that its assertion is passed on to this service provider.',
    'Remove the ProxyRestriction at the identity provider, or add the service provider to it.',
  ),
  SAML_AUTHN_STATEMENT_MISSING: refused('The assertion does not say how the user was authenticated.', FOREIGN),
  SAML_SESSION_EXPIRED: {
    status: 403,
    public: 'start-again',
    meaning: 'The session at the identity provider has ended.',
    remedy: CLOCK,
  },
  SAML_DECRYPTION_NOT_CONFIGURED: refused(
    'The assertion is encrypted, and no decryption key is configured.',
    'Configure a decryption key, or switch off assertion encryption at the identity provider.',
  ),
  SAML_REPLAYED: {
    status: 403,
    public: 'start-again',
    meaning: 'The assertion was already used.',
    remedy: 'Start the login again. When nobody went back in the browser, somebody else may have sent it.',
  },
  DOMAIN_KEY_MISSING: refused(
    'The DomainKey is missing, and this IdP file wants it from the identity provider.',
    MAPPING,
  ),
  DOMAIN_KEY_MISMATCH: refused(
    'The DomainKey that the identity provider sent is not the one that is configured.',
    'Compare both fingerprints; mend the one that is out of date.',
  ),
  CLAIM_REQUIRED: {
    status: 403,
    public: 'account-data-missing',
    meaning: 'A required attribute is missing, empty, or has several values.',
    remedy: MAPPING,
  },
  CLAIM_AMBIGUOUS: {
    status: 403,
    public: 'account-data-missing',
    meaning: 'A claim rule needs one value and found several, or an empty one for the NameID.',
    remedy: 'Have the identity provider send one value, or name another attribute in the rule.',
  },
  NAME_ID_NOT_EMAIL: {
    status: 403,
    public: 'account-data-missing',
    meaning: 'The NameID is not an e-mail address, so Zivver would not find the account.',
    remedy: 'Have the identity provider send the primary e-mail address as NameID, or set it by a claim rule.',
  },
  NAME_ID_FOREIGN_DOMAIN: refused(
    'The NameID is an address of a domain that another IdP file is for.',
    'The identity provider names a person of another organisation. Where both IdP files are for one, give them one `domain`.',
  ),
  REQUEST_ROOT: unreadable('The document is not a samlp:AuthnRequest.', AT_SP),
  REQUEST_ISSUER_MISMATCH: refused('The request is not from the configured service provider.', AT_SP),
  REQUEST_DESTINATION_MISMATCH: refused('The request is addressed to another URL.', AT_SP),
  REQUEST_EXPIRED: {
    status: 403,
    public: 'start-again',
    meaning: 'The request is too old, or from the future.',
    remedy: CLOCK,
  },
  REQUEST_ACS_UNKNOWN: refused(
    'The request wants the answer at a URL that is not an ACS of the service provider.',
    'Add the URL to `serviceProvider.acs` when it is genuine.',
  ),
  REQUEST_UNSIGNED: refused(
    'The request is not signed, and the configuration demands a signature.',
    'Switch on signed requests at the service provider, or set `serviceProvider.requests.signed: optional`.',
  ),
  REQUEST_UNSUPPORTED: refused('The request asks for something that the gateway cannot pass on.', AT_SP),
  METADATA_INVALID: {
    status: 500,
    public: 'internal',
    meaning: 'The metadata document is not usable SAML 2.0 metadata.',
    remedy: 'Fetch the metadata again and compare it with the identity provider; the detail says what is missing.',
  },
  METADATA_ENTITY_MISSING: {
    status: 500,
    public: 'internal',
    meaning: 'The metadata does not describe the wanted entity.',
    remedy: 'Compare `entityId` in the IdP file with the entityID in the metadata.',
  },
  METADATA_EXPIRED: {
    status: 500,
    public: 'internal',
    meaning: 'The metadata is past its validUntil.',
    remedy: 'Fetch the metadata again; the old document must not be used any more.',
  },
});
