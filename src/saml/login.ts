import type { IdSource, RandomBytes } from '../shared/index.js';
import type { VerifiedElement, XmlLimits } from '../xml/index.js';
import type { AssertionFacts } from './assertion-facts.js';
import type { AuthnRequestRecord } from './request-record.js';
import type { AttributeFacts, IdentityProvider, Issuing, ServiceProvider } from './types.js';

/** The stages of a login inside this room, in order, for timings and traces. */
export type Stage = 'parse' | 'structure' | 'verify' | 'decrypt' | 'validate' | 'claims' | 'reissue' | 'sign';

/** What the steps of receiving need beside the policy. */
export interface ReceiveContext {
  /** In milliseconds since the epoch. */
  readonly now: number;
  readonly limits: XmlLimits;
  /** The request of ours that has this ID, without using it up; `null` where there is none (any more). */
  findRequest(id: string): Promise<AuthnRequestRecord | null>;
  /** Told when a stage begins. */
  onStage?(stage: Stage): void;
}

/** What is allowed for this IdP, but should be mended there. */
export type LoginWarning = 'sha1-signature' | 'rsa-key-under-2048-bits' | 'certificate-outside-validity';

/** A response that passed every check of the rules page but the replay check, which needs the store. */
export interface VerifiedLogin {
  /** The assertion whose content was hashed for the signature, or was decrypted from what was hashed. */
  readonly assertion: VerifiedElement;
  /** What that assertion says, already read. */
  readonly facts: AssertionFacts;
  readonly issuer: string;
  readonly assertionId: string;
  readonly responseId: string;
  readonly nameId: string;
  readonly nameIdFormat: string | null;
  /** ID of the request of ours that is answered; `null` where the login is unsolicited. */
  readonly inResponseTo: string | null;
  readonly request: AuthnRequestRecord | null;
  /** What to claim once before anything else is done with the login (digest of issuer and assertion ID). */
  readonly replayKey: string;
  /** How long the claim must last: the latest NotOnOrAfter plus the clock skew, in milliseconds since the epoch. */
  readonly replayExpiresAt: number;
  readonly sessionIndex: string | null;
  readonly authnContext: string | null;
  /** In the clear: some are credentials. */
  readonly attributes: readonly AttributeFacts[];
  readonly warnings: readonly LoginWarning[];
  /** The prefixes whose meaning the signatures cover although no name uses them (PrefixList of InclusiveNamespaces). */
  readonly signedPrefixes: readonly string[];
  /** SHA-256 fingerprint of the certificate whose key made the signature that covers the assertion. */
  readonly keyFingerprint: string;
  readonly encrypted: boolean;
  /** The response's IssueInstant in milliseconds since the epoch, to watch the clocks. */
  readonly issueInstant: number;
  /** When the assertion ends by its Conditions, in milliseconds since the epoch. */
  readonly notOnOrAfter: number;
  /** NotOnOrAfter of the bearer confirmation that held, as it was written. */
  readonly confirmationNotOnOrAfter: string;
  /** SHA-256 in hex of the bytes that came in; worked out when asked for. */
  digest(): string;
}

/** Whose login it is, where it goes, and in whose name. */
export interface Parties {
  readonly idp: IdentityProvider;
  readonly sp: ServiceProvider;
  readonly issuing: Issuing;
}

/** What the steps after receiving need beside the parties. */
export interface TransformServices {
  /** In milliseconds since the epoch. */
  readonly now: number;
  readonly ids: IdSource;
  /** For encryption to the service provider. */
  readonly random: RandomBytes;
  /** Whether there is no other login for a signature made on this thread to hold up; by default there may be some. */
  alone?(): boolean;
  /** Told when a stage begins. */
  onStage?(stage: Stage): void;
}

/** What became of the DomainKey. */
export interface DomainKeyOutcome {
  readonly action: 'injected' | 'verified' | 'replaced';
  /** How many inbound attributes of that Name were dropped. */
  readonly dropped: number;
  /** Short digest of our value, fit for the audit log. */
  readonly fingerprint: string;
}

/** What is delivered to the service provider. */
export interface OutgoingResponse {
  /** The document; put together when asked for. */
  xml(): string;
  /** The value of the SAMLResponse form field. */
  readonly base64: string;
  readonly destination: string;
  readonly responseId: string;
  readonly assertionId: string;
  /** NameID after the claim rules. */
  readonly nameId: string;
  /** In the clear: `maskAttributes` before they are shown or kept. */
  readonly attributesIn: readonly AttributeFacts[];
  /** In the clear, the DomainKey included. */
  readonly attributesOut: readonly AttributeFacts[];
  readonly domainKey: DomainKeyOutcome | null;
  readonly signingKeyId: string;
  /** SHA-256 in hex of the document in UTF-8; worked out when asked for. */
  digest(): string;
}
