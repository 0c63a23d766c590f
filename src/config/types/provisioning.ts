import type { Secret } from '../secret.js';

/** How Zivver's SCIM interface is reached. */
export interface ScimConfig {
  /** Ends with a slash. */
  readonly baseUrl: string;
  readonly token: Secret;
  /** Send the token as issued, or base64-encoded. */
  readonly tokenEncoding: 'raw' | 'base64';
  readonly mediaType: 'application/json' | 'application/scim+json';
  /** Milliseconds that one call may take. */
  readonly timeout: number;
}

/** Provisioning as one IdP's logins meet it: gateway.yaml and the IdP's file merged. */
export interface ProvisioningConfig {
  /** `scim`: we create; `observe`: Zivver creates and we check; `off`. */
  readonly mode: 'scim' | 'observe' | 'off';
  /** Name of the Zivver organisation: the unit of the budget, of pausing and of the one domain. */
  readonly tenant: string;
  /** Present unless `mode` is `off`. */
  readonly scim?: ScimConfig | undefined;
  /** `requests` per `per` milliseconds, over all workers of the tenant. */
  readonly budget: { readonly requests: number; readonly per: number };
  /** Milliseconds that a first login may wait for its account; 0 = never. */
  readonly waitForAccount: number;
  /** Milliseconds during which a transient failure is tried again before the job becomes a dead letter. */
  readonly retryFor: number;
  /** Milliseconds that an outcome is remembered, and so a login counts as `known`. */
  readonly rememberFor: number;
  /** Value of `active` in a new account. */
  readonly active: boolean;
  /** Organisational unit of a new account; absent = not sent. */
  readonly division?: string | undefined;
}
