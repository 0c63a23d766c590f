import type { KeyObject } from 'node:crypto';
import type { EncryptionAlgorithms, EncryptionRecipient, SigningKey, VerificationKey } from '../xml/index.js';

/** What a signature may be beyond the rules' default (rules page, "Signature"). */
export interface SignatureRules {
  readonly allowSha1: boolean;
  readonly allowRsa1024: boolean;
  readonly refuseExpiredCertificates: boolean;
}

export interface EncryptionRules {
  /** AES-CBC, which Okta and AD FS send; without a verified outer signature it needs `allowUnsignedCbc` as well. */
  readonly allowCbc: boolean;
  readonly allowUnsignedCbc: boolean;
}

/** Which values a response must carry; they differ from our own where the IdP's settings still are the SP's. */
export interface ExpectedAddresses {
  readonly audience: string;
  /** A Recipient that equals any of these holds: Okta profiles for Zivver carry its entity id there, others the ACS URL. */
  readonly recipients: readonly string[];
  readonly destination: string;
}

/** A value that must not be printed by accident. */
export interface HiddenText {
  reveal(): string;
}

/** The XML Schema types that IdPs put on attribute values. */
export type ValueType = 'xs:string' | 'xs:anyType';

export interface DomainKeyPolicy {
  readonly mode: 'inject' | 'verify' | 'ensure';
  /** The attribute's Name. */
  readonly attribute: string;
  /** NameFormat of the attribute that we add; `null` writes none. */
  readonly nameFormat: string | null;
  /** The xsi:type of the value that we add; `null` leaves it untyped. */
  readonly type: ValueType | null;
  readonly value: HiddenText;
  /** What happens where an inbound DomainKey differs; an absent one is always refused under `verify`. */
  readonly onMismatch: 'refuse' | 'replace';
}

/** As the name in a claim rule: the subject's NameID instead of an attribute. */
export const NAME_ID = 'NameID';

/** One claim rule. Names are attribute Names, compared exactly, or `NAME_ID`. They apply in order, each once. */
export type ClaimRule =
  | { readonly kind: 'set'; readonly to: string; readonly value: string }
  | { readonly kind: 'copy'; readonly from: string; readonly to: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'drop'; readonly name: string }
  | { readonly kind: 'lowercase'; readonly name: string }
  /** `{name}` in the template stands for the only value of that attribute (or NameID); `{{` and `}}` are braces. */
  | { readonly kind: 'template'; readonly to: string; readonly template: string };

export interface RequiredClaims {
  /** Attribute Names that must be there after the rules, with exactly one non-empty value. */
  readonly attributes: readonly string[];
  readonly emailNameId: boolean;
}

/** The compiled policy of one identity provider: what a login through it must be, and what becomes of it. */
export interface IdentityProvider {
  /** The configuration file's name, as in `/saml/{name}/acs`. */
  readonly name: string;
  readonly entityId: string;
  /** All current signing certificates; every one is tried, none is taken from the message. */
  readonly signingKeys: readonly VerificationKey[];
  readonly decryptionKeys: readonly KeyObject[];
  readonly signatures: SignatureRules;
  readonly encryption: EncryptionRules;
  /** Allowed clock difference, both ways, in milliseconds. */
  readonly clockSkewMs: number;
  /** Whether a response may come without a request of ours (IdP-initiated). */
  readonly unsolicited: boolean;
  readonly expected: ExpectedAddresses;
  /** `null` where this IdP's logins carry no DomainKey at all. */
  readonly domainKey: DomainKeyPolicy | null;
  readonly claims: readonly ClaimRule[];
  readonly required: RequiredClaims;
  /** Domains of other organisations behind the same gateway, in lower case: no login through this IdP is one of theirs. */
  readonly foreignDomains: readonly string[];
  readonly wantsSignedRequests: boolean;
  /** Where our AuthnRequests go. */
  readonly sso: { readonly redirect?: string; readonly post?: string };
}

/** How we take the SP's AuthnRequests. */
export interface RequestPolicy {
  readonly signature: 'required' | 'optional';
  readonly signingKeys: readonly VerificationKey[];
  readonly signatures: SignatureRules;
  /** Oldest IssueInstant that is taken, in milliseconds before now; the clock skew comes on top. */
  readonly maxAgeMs: number;
  readonly clockSkewMs: number;
}

/** The service provider that logins go on to (Zivver). */
export interface ServiceProvider {
  readonly entityId: string;
  /** The first one is the default. */
  readonly acsUrls: readonly [string, ...string[]];
  /** Audience of the assertions that we write; the entity id where the configuration names none. */
  readonly audience: string;
  /** Recipient of the assertions that we write; `null` is the ACS URL of the login. */
  readonly recipient: string | null;
  /** Destination of the responses that we write; `null` is the ACS URL of the login. */
  readonly destination: string | null;
  /** To whom assertions are encrypted, and how; `null` sends them in the clear. */
  readonly encryption: { readonly recipient: EncryptionRecipient; readonly algorithms: EncryptionAlgorithms } | null;
  readonly requests: RequestPolicy;
}

/** How the documents that we write are issued. */
export interface Issuing {
  readonly entityId: string;
  /** `preserve` writes the IdP's entity id as Issuer instead of ours. */
  readonly issuer: 'ours' | 'preserve';
  readonly sign: 'assertion' | 'response' | 'both';
  readonly key: SigningKey;
}

/** An attribute as reports and provisioning see it. */
export interface AttributeFacts {
  readonly name: string;
  readonly nameFormat: string | null;
  readonly friendlyName: string | null;
  /** Text content of each AttributeValue. */
  readonly values: readonly string[];
}
