import type { Secret } from '../secret.js';
import type { ProvisioningConfig } from './provisioning.js';
import type { CertificateSource, MetadataSource, ServiceProviderConfig } from './service-provider.js';

export type IdpPreset = 'okta' | 'entra-id' | 'ad-fs' | 'google' | 'onelogin' | 'keycloak' | 'generic';

/** What is done about the DomainKey attribute. */
export interface DomainKeyConfig {
  readonly mode: 'inject' | 'verify' | 'ensure';
  /** The attribute's Name. */
  readonly attribute: string;
  /** The NameFormat URI that an injected attribute carries; null = none. */
  readonly nameFormat: string | null;
  /** The xsi:type of the injected value; null = untyped. */
  readonly type: 'xs:string' | null;
  readonly value: Secret;
  /** A present but different value (`verify`, `ensure`): refuse the login, or replace the value and audit it. */
  readonly onMismatch: 'refuse' | 'replace';
}

/**
 * One claim rule; they are applied in order, each once. Names are attribute Names, or `NameID` for the subject's.
 * In a template `{name}` stands for that claim's value; `{{` and `}}` are braces.
 */
export type ClaimRule =
  | { readonly kind: 'set'; readonly to: string; readonly value: string }
  | { readonly kind: 'copy'; readonly from: string; readonly to: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'drop'; readonly name: string }
  | { readonly kind: 'lowercase'; readonly name: string }
  | { readonly kind: 'template'; readonly to: string; readonly template: string };

/** How we ask this IdP for a login. */
export interface IdpRequestConfig {
  /** `auto`: where its metadata says WantAuthnRequestsSigned. */
  readonly sign: 'auto' | 'always' | 'never';
  /** `auto`: Redirect where the IdP offers it, else POST. */
  readonly binding: 'auto' | 'redirect' | 'post';
  /** `carry`: as the service provider asked. */
  readonly forceAuthn: 'carry' | 'always' | 'never';
  readonly nameIdPolicy: 'carry' | 'omit';
  readonly requestedAuthnContext: 'carry' | 'omit';
}

/** One identity provider, complete: preset, gateway.yaml and its own file merged. */
export interface IdpConfig {
  /** The file's name without `.yaml`; the `{idp}` in our URLs. */
  readonly name: string;
  /** Absolute path of the file. */
  readonly file: string;
  readonly preset: IdpPreset;
  readonly enabled: boolean;
  /** Present unless `metadata` is to give it. */
  readonly entityId?: string | undefined;
  readonly metadata?: MetadataSource | undefined;
  /** Signing certificates besides those of the metadata. */
  readonly certificates: readonly CertificateSource[];
  /** Endpoints that win over those of the metadata. */
  readonly sso: { readonly redirect?: string | undefined; readonly post?: string | undefined };
  /** What we are to this IdP; the URLs are fixed by `publicUrl` and the name. */
  readonly own: {
    /** Our entity id as its service provider: the metadata URL (saml-metadata §4.1.1). */
    readonly entityId: string;
    readonly acsUrl: string;
    readonly ssoUrl: string;
    readonly metadataUrl: string;
  };
  /** The one domain whose users get accounts, lower-cased. */
  readonly domain: string;
  readonly domainKey: DomainKeyConfig;
  readonly claims: readonly ClaimRule[];
  readonly requiredClaims: {
    /** Names of attributes that must be there with a value after the rules. */
    readonly attributes: readonly string[];
    /** Must the NameID look like an e-mail address? */
    readonly emailNameId: boolean;
  };
  readonly unsolicited: 'allow' | 'refuse';
  /** Milliseconds of clock difference that are tolerated either way. */
  readonly clockSkew: number;
  readonly signature: {
    readonly allowSha1: boolean;
    readonly allowRsa1024: boolean;
    readonly expiredCertificates: 'warn' | 'refuse';
  };
  readonly encryption: { readonly allowCbc: boolean; readonly allowUnsignedCbc: boolean };
  /** What a response must carry. Our requests name the same audience as Issuer and the same destination as ACS. */
  readonly expected: {
    readonly audience: string;
    readonly recipients: readonly [string, ...string[]];
    readonly destination: string;
  };
  readonly request: IdpRequestConfig;
  readonly delivery: 'browser' | 'proxy';
  readonly provisioning: ProvisioningConfig;
  readonly serviceProvider: ServiceProviderConfig;
}
