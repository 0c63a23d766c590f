/** PEM certificates and the place that they were read from (a file, or the dotted path of the inline text). */
export interface CertificateSource {
  /** One or more PEM certificates. */
  readonly pem: string;
  readonly origin: string;
}

/** Where a metadata document comes from. */
export type MetadataSource =
  | {
      readonly kind: 'url';
      readonly url: string;
      /** Milliseconds between two fetches. */
      readonly refresh: number;
      /** What a signing certificate that was not there before does: sign at once, or wait for an operator. */
      readonly onNewCertificate: 'trust' | 'hold';
      /** May the URL resolve to a private, loopback or link-local address? */
      readonly allowPrivateAddress: boolean;
    }
  /** `xml` is the content at load time; a change of the file reloads the configuration. */
  | { readonly kind: 'file'; readonly file: string; readonly xml: string }
  | { readonly kind: 'inline'; readonly xml: string };

export type ContentEncryption = 'aes256-gcm' | 'aes128-gcm';
export type KeyTransport = 'rsa-oaep-mgf1p' | 'rsa-oaep-sha256';

/** Reverse proxy in front of the service provider (`delivery: proxy`). */
export interface ProxyConfig {
  /** Path prefix at `publicUrl` that is passed through; begins and ends with `/`. */
  readonly prefix: string;
  /** Origin that the requests go to, without a trailing slash. */
  readonly upstream: string;
  /** Milliseconds until a silent upstream becomes a 504. */
  readonly timeout: number;
  /** Bytes of a body that is passed through. */
  readonly body: number;
}

/** The service provider as one IdP's logins meet it: preset, gateway.yaml and the IdP's file merged. */
export interface ServiceProviderConfig {
  readonly preset: 'zivver' | 'generic';
  readonly entityId: string;
  /** Assertion consumer service URLs that a request may name; the first is the default. */
  readonly acs: readonly [string, ...string[]];
  /** Written as the outgoing Audience. */
  readonly audience: string;
  /** Written as the outgoing SubjectConfirmationData Recipient. */
  readonly recipient: string;
  /** Written as the outgoing Destination. */
  readonly destination: string;
  /** Where the browser (or the proxy) posts the form. */
  readonly deliverTo: string;
  /** Where a person starts a login again; the link on the error page. */
  readonly startUrl: string;
  /** Also take responses at the path of the service provider's own ACS (transparent interception). */
  readonly intercept: boolean;
  readonly requests: {
    /** Must the service provider's AuthnRequests be signed? A signature that is present is checked in either case. */
    readonly signed: 'optional' | 'required';
    /** Oldest acceptable IssueInstant of a request, in milliseconds. */
    readonly maxAge: number;
  };
  /** Keys that verify the service provider's requests. */
  readonly certificates: readonly CertificateSource[];
  /** Present: assertions are encrypted to this certificate. */
  readonly encryption?:
    | {
        readonly certificate: CertificateSource;
        readonly content: ContentEncryption;
        readonly keyTransport: KeyTransport;
      }
    | undefined;
  /** Names of the attributes that provisioning reads. */
  readonly attributes: { readonly accountKey: string; readonly displayName: string };
  readonly proxy?: ProxyConfig | undefined;
}
