import { family } from './entry.js';

/** The public HTTP surface. */
export const httpErrors = family({
  HTTP_MALFORMED: {
    status: 400,
    public: 'unreadable',
    meaning: 'The request is not readable HTTP, or its path is not a readable URL.',
    remedy: 'Look at what the client sends; a browser does not do this by itself.',
  },
  HTTP_CONTENT_TYPE: {
    status: 400,
    public: 'unreadable',
    meaning: 'The body is not a form (application/x-www-form-urlencoded in UTF-8).',
    remedy: 'The identity provider must use the HTTP-POST binding (saml-bindings §3.5).',
  },
  HTTP_PARAMETER: {
    status: 400,
    public: 'unreadable',
    meaning: 'A form or query parameter is there twice, has an encoded name or is too long, or there are more than 32.',
    remedy: 'Look at what the browser sends; SAMLResponse and RelayState may be there once each.',
  },
  HTTP_NOT_FOUND: {
    status: 404,
    public: 'not-found',
    meaning: 'No such path, or no such identity provider.',
    remedy: 'Compare the URL with the ones that `claims-gateway metadata` prints.',
  },
  HTTP_METHOD_NOT_ALLOWED: {
    status: 405,
    public: 'not-found',
    meaning: 'The path exists, the method is not one that it answers.',
    remedy: 'A bookmark of the assertion consumer URL leads here; start the login at the service or the IdP.',
  },
  HTTP_BODY_TOO_LARGE: {
    status: 413,
    public: 'too-large',
    meaning: 'The body of the request is larger than the limit.',
    remedy: 'If it is genuine, raise the limit under `limits` in gateway.yaml.',
  },
  HTTP_RATE_LIMITED: {
    status: 429,
    public: 'too-many-requests',
    meaning: 'One address sent more requests than the rate limit allows.',
    remedy:
      'Behind a reverse proxy, list it as a trusted proxy, else all users count as one address; or raise the rate limit.',
  },
  LOGIN_BROWSER_UNBOUND: {
    status: 403,
    public: 'start-again',
    meaning: 'The response answers a request of ours, but not one that this browser began.',
    remedy:
      'Usual causes: cookies blocked, another browser, more than the request lifetime between start and end. `missingCookie: allow` accepts a missing cookie, never a wrong one.',
  },
  LOGIN_ISSUER_UNKNOWN: {
    status: 403,
    public: 'refused',
    meaning: "A response at the service provider's own path names an issuer that no IdP file knows, or more than one.",
    remedy: 'Compare the issuer in the detail with the entity ids of the IdP files and of their metadata.',
  },
  LOGIN_NO_SSO_ENDPOINT: {
    status: 503,
    public: 'unavailable',
    meaning: 'Neither the IdP file nor the metadata of the identity provider says where to send a request.',
    remedy: 'Give `sso.redirect` or `sso.post` in the IdP file, or metadata with a SingleSignOnService.',
  },
  UPSTREAM_UNREACHABLE: {
    status: 502,
    public: 'upstream-unreachable',
    meaning: 'The service provider did not take the connection, broke it, or its certificate is not trusted.',
    remedy: 'Check the way from this machine to the service provider: DNS, firewall, proxy, certificate authorities.',
  },
  UPSTREAM_TIMEOUT: {
    status: 504,
    public: 'upstream-timeout',
    meaning: 'The service provider did not answer in time.',
    remedy: 'Check the service provider; the time limit is configurable.',
  },
  INTERNAL: {
    status: 500,
    public: 'internal',
    meaning: 'A fault of the program.',
    remedy: 'Report it with the log lines that carry this reference id.',
  },
});
