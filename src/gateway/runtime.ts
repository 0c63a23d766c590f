import type { AccountNames, AuditLog, Metrics, Tracer, TraceStore } from '../observe/index.js';
import type { Provisioner, ProvisioningMode, Sealer } from '../provisioning/index.js';
import type { IdentityProvider, Issuing, ReceiveContext, ServiceProvider } from '../saml/index.js';
import type { Clock, IdSource, RandomBytes } from '../shared/index.js';
import type { StateStore } from '../state/index.js';

export interface GatewayLimits {
  /** Bytes of a form that is posted to us. */
  readonly bodyBytes: number;
  /** Bytes of a decoded SAML message. */
  readonly messageBytes: number;
  readonly xml: ReceiveContext['limits'];
  /** How long an SP-initiated login may take, from the SP's request to the IdP's response; ms. */
  readonly requestLifetime: number;
  /** Per remote address; `per` in ms. */
  readonly rate: { readonly requests: number; readonly per: number };
}

/** The SP behind us (`delivery: proxy`). */
export interface ProxyTarget {
  /** Path prefix at our public URL that passes through; begins and ends with `/`. */
  readonly prefix: string;
  /** Origin that requests go to, without a trailing slash. */
  readonly upstream: string;
  /** Time limit of a silent upstream, ms. */
  readonly timeout: number;
  /** Bytes of a body that is passed through. */
  readonly body: number;
}

export type Delivery = { readonly kind: 'browser' } | { readonly kind: 'proxy'; readonly target: ProxyTarget };

/** Everything that a login through one identity provider needs. */
export interface LoginRoute {
  readonly idp: IdentityProvider;
  readonly sp: ServiceProvider;
  readonly issuing: Issuing;
  /** What we are to this IdP. */
  readonly own: { readonly entityId: string; readonly acsUrl: string; readonly ssoUrl: string };
  /** How we ask this IdP; a binding that it does not offer falls back to the other one. */
  readonly request: {
    readonly binding: 'redirect' | 'post';
    readonly forceAuthn: 'carry' | 'always' | 'never';
    readonly nameIdPolicy: 'carry' | 'omit';
    readonly requestedAuthnContext: 'carry' | 'omit';
    /** Signs our requests; null sends them unsigned. */
    readonly key: Issuing['key'] | null;
  };
  /** Where the form is posted that ends a login. */
  readonly deliverTo: string;
  readonly delivery: Delivery;
  /** Where a person starts again. */
  readonly startUrl: string;
  /** Whether responses are also taken at the path of the SP's own ACS. */
  readonly intercept: boolean;
  readonly account: {
    /** Who makes accounts, or `off`. */
    readonly mode: ProvisioningMode;
    readonly tenant: string;
    readonly domain: string;
    /** Names of the attributes that provisioning reads, after the claim rules. */
    readonly accountKeyAttribute: string;
    readonly displayNameAttribute: string;
    /** How long a first login may wait for its account, ms; 0 does not wait. */
    readonly waitForAccount: number;
    readonly provisioner: Provisioner;
  };
}

/**
 * All that a configuration becomes for this room. Immutable: a reload makes another one, and a request that is under
 * way keeps the one that it began with.
 */
export interface GatewayRuntime {
  /** Base of every URL that we hand out, without a trailing slash. */
  readonly publicUrl: string;
  /** By IdP name; enabled ones only. */
  readonly routes: ReadonlyMap<string, LoginRoute>;
  readonly store: StateStore;
  readonly sealer: Sealer;
  readonly limits: GatewayLimits;
  /** What to do with a response to our request from a browser without our cookie. */
  readonly missingCookie: 'refuse' | 'allow';
  readonly metadata: OwnMetadata;
  readonly accountNames: AccountNames;
  /** Keys the fingerprints of values in traces. */
  readonly redactionKey: Uint8Array;
}

/** What stands in our own metadata beside what the routes say. Certificates are base64 of the DER. */
export interface OwnMetadata {
  /** Of the active key and the next ones. */
  readonly signingCertificates: readonly string[];
  readonly decryptionCertificates: readonly string[];
  /** From the moment of serving until validUntil, ms. */
  readonly validFor: number;
  /** Signs the documents; null leaves them unsigned. */
  readonly key: Issuing['key'] | null;
}

export interface GatewayDeps {
  /** The runtime in force. */
  runtime(): GatewayRuntime;
  readonly clock: Clock;
  /** A clock for durations, ms; never set back. */
  elapsed(): number;
  readonly ids: IdSource;
  readonly random: RandomBytes;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly metrics: Metrics;
  readonly traces: Pick<TraceStore, 'add'>;
  readonly tracer: Pick<Tracer, 'start' | 'add'>;
}
