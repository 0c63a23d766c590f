import type { ResultCode } from '../metrics.js';

export type AuditEventName =
  'login' | 'request' | 'provisioning' | 'dead-letter' | 'configuration' | 'metadata' | 'key' | 'start' | 'stop';

/**
 * One decision. No personal data beyond `account`, no secret, no document: digests only. Text longer than 1000
 * characters is cut.
 */
export interface AuditEvent {
  readonly event: AuditEventName;
  /** The login's reference id. */
  readonly reference?: string;
  readonly idp?: string;
  /** `OK`, or the code with which it was refused. */
  readonly code?: ResultCode;
  /** What was decided: `deliver`, `refuse`, `create`, `promote`, `reject` … */
  readonly decision?: string;
  /** Why, for operators. */
  readonly detail?: string;
  /** The account in the form that `accountNames` of the configuration asks for. */
  readonly account?: string | null;
  /** SHA-256, hexadecimal, of the document that came in. */
  readonly received?: string;
  /** SHA-256, hexadecimal, of the document that went out. */
  readonly sent?: string;
  /** SHA-256 fingerprint of the certificate that the signature was verified with, or that was decided on. */
  readonly certificate?: string;
  /** Id of the key that we signed with. */
  readonly signingKey?: string;
  /** What was done about the DomainKey attribute. */
  readonly domainKey?: 'injected' | 'verified' | 'replaced';
  /** Fingerprint of the configuration in force. */
  readonly configuration?: string;
  /** Things that hold only because the configuration allows them: `sha1`, `expired-certificate`, … */
  readonly warnings?: readonly string[];
}
