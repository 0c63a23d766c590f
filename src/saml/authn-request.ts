export interface NameIdPolicy {
  readonly format: string | null;
  readonly allowCreate: boolean;
}

export interface RequestedAuthnContext {
  /** exact, minimum, maximum or better; `null` leaves the default, exact. */
  readonly comparison: string | null;
  readonly classRefs: readonly string[];
  readonly declRefs: readonly string[];
}

/** What the service provider wants of the identity provider, and so what we ask for in its place. */
export interface AskedFor {
  readonly forceAuthn: boolean;
  readonly isPassive: boolean;
  readonly nameIdPolicy: NameIdPolicy | null;
  readonly requestedAuthnContext: RequestedAuthnContext | null;
}

/** An AuthnRequest of the service provider that passed its checks. */
export interface AuthnRequest extends AskedFor {
  readonly id: string;
  /** One of the service provider's configured URLs. */
  readonly acsUrl: string;
  /** Whether a signature was there and verified. */
  readonly signed: boolean;
}
