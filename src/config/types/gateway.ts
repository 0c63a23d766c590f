import type { Secret } from '../secret.js';
import type { IdpConfig } from './idp.js';
import type { ServiceProviderConfig } from './service-provider.js';
import type { StoreAddress } from './store.js';

export type SigningAlgorithm =
  'rsa-sha256' | 'rsa-sha384' | 'rsa-sha512' | 'ecdsa-sha256' | 'ecdsa-sha384' | 'ecdsa-sha512';

/** A signing key as configured; the files are read by the keys room. */
export interface SigningKeyEntry {
  readonly id: string;
  /** Absolute path of the PEM private key. */
  readonly key: string;
  /** Absolute path of the PEM certificate. */
  readonly cert: string;
  readonly state: 'next' | 'active' | 'retired';
  /** When the key first stood in our metadata, in milliseconds since the epoch. */
  readonly publishedAt?: number | undefined;
  /** Why its promotion did not wait for 48 hours. */
  readonly forcedBecause?: string | undefined;
}

/** A decryption key as configured. All decrypt; only the active ones stand in our metadata. */
export interface DecryptionKeyEntry {
  readonly id: string;
  readonly key: string;
  readonly cert: string;
  readonly state: 'active' | 'retired';
}

/** A key that encrypts what waits at rest. */
export interface DataKey {
  /** Stable name of the key, made from its bytes; stands beside each ciphertext. */
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Secret<Uint8Array>;
}

export interface SigningConfig {
  /** Our entity id as the IdP of the service provider. */
  readonly entityId: string;
  /** The Issuer that we write: ours, or the one that came in. */
  readonly issuer: 'own' | 'preserve';
  readonly algorithm: SigningAlgorithm;
  readonly sign: readonly ('assertion' | 'response')[];
  /** Exactly one is active. */
  readonly keys: readonly SigningKeyEntry[];
}

export interface LimitsConfig {
  /** Bytes of an HTTP body. */
  readonly body: number;
  /** Bytes of a decoded SAML message. */
  readonly message: number;
  readonly xml: {
    readonly depth: number;
    readonly elements: number;
    readonly attributes: number;
    /** Characters of a namespace name. */
    readonly namespaceName: number;
  };
  /** Milliseconds that a request of the service provider waits for its answer. */
  readonly requestLifetime: number;
  /** Per remote address: `requests` in `per` milliseconds. */
  readonly rate: { readonly requests: number; readonly per: number };
}

/** An OpenTelemetry collector that is sent our spans (OTLP over HTTP with JSON). */
export interface TelemetryConfig {
  /** Whole address for traces. */
  readonly endpoint: string;
  /** Further header fields of its requests. */
  readonly headers: Readonly<Record<string, Secret>>;
  readonly serviceName: string;
  /** Share of the traces that are sent, 0 to 1, where the request itself brings no decision. */
  readonly sample: number;
}

/** gateway.yaml with every default filled in, and the IdPs. Plain data; secrets are `Secret`s. */
export interface GatewayConfig {
  /** Absolute path of the configuration directory. */
  readonly directory: string;
  /** Absolute paths of every file that the configuration consists of or names; a change of one is a reason to reload. */
  readonly files: readonly string[];
  /** Base of every URL that we hand out; no trailing slash. */
  readonly publicUrl: string;
  readonly listen: {
    readonly host: string;
    readonly port: number;
    /** Absolute paths of the PEM files. */
    readonly tls?: { readonly cert: string; readonly key: string } | undefined;
    /** Addresses or networks of reverse proxies whose X-Forwarded-For names the client (for log and rate limit only). */
    readonly trustProxy: readonly string[];
  };
  readonly operations: { readonly host: string; readonly port: number; readonly token?: Secret | undefined };
  readonly store: StoreAddress;
  /** When the store is silent: refuse logins, or rule out replays on this machine alone. */
  readonly onStoreFailure: 'refuse' | 'local';
  /** Absolute path for what this machine keeps for itself: spool, local claims, last good metadata. */
  readonly dataDirectory: string;
  readonly dataKeys: { readonly current: DataKey; readonly previous: readonly DataKey[] };
  /** The service provider without any IdP's overrides; for our metadata as IdP. */
  readonly serviceProvider: ServiceProviderConfig;
  readonly signing: SigningConfig;
  readonly decryption: { readonly keys: readonly DecryptionKeyEntry[] };
  readonly limits: LimitsConfig;
  readonly logging: {
    readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
    /** Form of account names in log, audit and traces. */
    readonly accountNames: 'hashed' | 'plain' | 'omitted';
  };
  readonly audit: {
    /** Absolute path of the directory that holds the audit files. */
    readonly directory: string;
    /** Bytes after which a file is closed and the next begun. */
    readonly rotateAt: number;
  };
  readonly traces: {
    readonly count: number;
    /** Milliseconds that a trace is kept. */
    readonly age: number;
  };
  readonly metadata: {
    readonly sign: boolean;
    /** Milliseconds from the moment of serving until validUntil. */
    readonly validFor: number;
  };
  /** A response to our request without the browser's cookie. */
  readonly missingCookie: 'refuse' | 'allow';
  /** Absent: no spans. */
  readonly telemetry?: TelemetryConfig | undefined;
  /** Milliseconds from SIGTERM to the closing of the port. */
  readonly shutdownDelay: number;
  /** Milliseconds that are then left for requests and held jobs. */
  readonly shutdownTimeout: number;
  /** Sorted by name; disabled ones included. */
  readonly idps: readonly IdpConfig[];
}
