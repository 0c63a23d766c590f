import type { Clock, RandomBytes } from '../../shared/index.js';
import type { SandboxKeyPair } from '../key-pair.js';
import type { ListenAddress } from '../site.js';

/** A person that the test IdP knows. */
export interface SandboxUser {
  /** The IdP's own identifier, stable and unknown elsewhere: Okta's `user.id`. */
  readonly id: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly mobilePhone?: string;
}

export type UserField =
  'user.id' | 'user.email' | 'user.firstName' | 'user.lastName' | 'user.displayName' | 'user.mobilePhone';

/** An attribute statement: a field of the user, or a constant as Okta allows it too. */
export type AttributeStatement = {
  readonly name: string;
  /** Default: attrname-format:uri. */
  readonly nameFormat?: string;
} & ({ readonly field: UserField } | { readonly value: string });

/** An application at the IdP: one service provider. */
export type SandboxApp = {
  /** What its tile says. */
  readonly label: string;
  /** Default: the statements of Zivver's manual for Okta. */
  readonly attributes?: readonly AttributeStatement[];
} & ({ readonly metadata: string } | { readonly entityId: string; readonly acsUrl: string });

/** Which elements carry a signature. */
export type SignedParts = 'response' | 'assertion' | 'both';

export interface SandboxIdpOptions extends ListenAddress {
  readonly apps: readonly SandboxApp[];
  readonly users: readonly SandboxUser[];
  /** Default: `{url}/idp`. */
  readonly entityId?: string;
  /** Default: where it listens. Without a trailing slash. */
  readonly publicUrl?: string;
  /** Default: made on the spot. */
  readonly keyPair?: SandboxKeyPair;
  /** Default: both, as Zivver's manual for Okta has it. */
  readonly signing?: SignedParts;
  /** `signed` refuses an AuthnRequest without a valid signature; `any` (default) checks one where it can. */
  readonly requests?: 'any' | 'signed';
  readonly clock?: Clock;
  readonly random?: RandomBytes;
}

/** What one response has otherwise than usual; all times in milliseconds since 1970. */
export interface ResponseVariation {
  /** Entity id of the app; default: the first. */
  readonly app?: string;
  readonly inResponseTo?: string;
  readonly relayState?: string;
  readonly signing?: SignedParts;
  readonly audience?: string;
  readonly destination?: string;
  readonly recipient?: string;
  readonly notBefore?: number;
  readonly notOnOrAfter?: number;
  readonly authnContextClassRef?: string;
  readonly attributes?: readonly AttributeStatement[];
}

export interface IssuedResponse {
  /** Base64 of the signed document: the form parameter SAMLResponse. */
  readonly samlResponse: string;
  readonly relayState?: string;
  readonly acsUrl: string;
}

export interface SandboxIdp {
  readonly url: string;
  readonly entityId: string;
  readonly metadataUrl: string;
  readonly metadataXml: string;
  readonly keyPair: SandboxKeyPair;
  /** Adds an app, or replaces the one with the same entity id. */
  registerApp(app: SandboxApp): void;
  /** Makes a response without a browser. Throws an Error for an address or app that is not there. */
  issueResponse(email: string, variation?: ResponseVariation): Promise<IssuedResponse>;
  close(): Promise<void>;
}
