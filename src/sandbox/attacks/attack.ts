import type { KeyObject } from 'node:crypto';
import type { ErrorCode } from '../../shared/index.js';

/** Which elements of a response carry a signature. */
export type SigningShape = 'response' | 'assertion' | 'both';

/** A private key and its certificate (base64 of the DER). */
export interface Signer {
  readonly key: KeyObject;
  readonly certificate: string;
}

/** What a good response says, as far as attacks bend it. */
export interface GoodFacts {
  /** When it is received, in milliseconds since the epoch. */
  readonly now: number;
  /** The receiver's clock skew in milliseconds. */
  readonly skewMs: number;
  readonly issuer: string;
  readonly audience: string;
  /** Destination and Recipient. */
  readonly acs: string;
  readonly request: string;
  readonly nameId: string;
  readonly spEntityId: string;
  readonly domainKey: { readonly attribute: string; readonly value: string };
}

/** A response that is accepted, in canonical form, and who could take part in making an evil one of it. */
export interface GoodResponse {
  readonly xml: string;
  readonly signed: SigningShape;
  readonly facts: GoodFacts;
  /**
   * The identity provider's own key. An attacker has it not: it makes documents that break one rule and no other, so
   * that the rule, and not the signature, must refuse them.
   */
  readonly idp: Signer;
  readonly attacker: Signer;
  /** Another identity provider of the same gateway, which a colleague of the attacker runs. */
  readonly otherIdp: Signer;
  /** A key of the identity provider's that has 1024 bits, which its file names beside the good one. */
  readonly shortKey: Signer;
  /** Public: anybody may encrypt to the gateway. */
  readonly gatewayEncryption: KeyObject;
}

export type Family =
  | 'wrapping'
  | 'exclusion'
  | 'stranger'
  | 'reference'
  | 'signature-value'
  | 'algorithm'
  | 'signed-info'
  | 'namespace'
  | 'lexical'
  | 'doctype'
  | 'encoding'
  | 'bomb'
  | 'time'
  | 'addressing'
  | 'status'
  | 'subject'
  | 'condition'
  | 'encryption'
  | 'transport'
  | 'form'
  | 'replay'
  | 'domain-key';

/** How the receiver is configured, where not strictly by default. */
export type Setting =
  'short-key-named' | 'cbc-allowed' | 'unsolicited-allowed' | 'domain-key-verified' | 'domain-key-injected';

/**
 * The document as text or bytes, the value of the form field that would carry it, the whole form, or several that are
 * posted at one time, of which one may be taken and every other must meet the expected code.
 */
export type Evil =
  string | Uint8Array | { readonly field: string } | { readonly form: string } | { readonly volley: readonly string[] };

/**
 * What must come of it: the code of the refusal, or `same`: it is another spelling of the good response, so it may be
 * accepted as long as it says exactly the same.
 */
export type Outcome = ErrorCode | 'same';

export interface Attack {
  readonly name: string;
  readonly family: Family;
  readonly outcome: Outcome | ((good: GoodResponse) => Outcome);
  readonly setting?: Setting;
  /** Absent: every good response can be bent this way. */
  readonly applies?: (good: GoodResponse) => boolean;
  readonly build: (good: GoodResponse) => Evil;
}

/** Rows of one family, `[name, outcome, build, more?]`. */
export type Row = readonly [
  name: string,
  outcome: Attack['outcome'],
  build: Attack['build'],
  more?: Pick<Attack, 'setting' | 'applies'>,
];

export function familyOf(family: Family, rows: readonly Row[]): readonly Attack[] {
  return rows.map(([name, outcome, build, more = {}]) => ({ family, name, outcome, build, ...more }));
}
