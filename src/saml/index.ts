/**
 * The SAML protocol; knows no HTTP, no store, no YAML. The way of a login: `decodePostMessage` → `receiveResponse` →
 * (the caller claims `replayKey` once) → `transform`. `inspectResponse` runs the very same steps and reports on all.
 */
export { receiveAuthnRequest, type AuthnRequestMessage, type RequestContext } from './authn-request-in.js';
export { buildAuthnRequest, type OutgoingRequest } from './authn-request-out.js';
export type { AskedFor, AuthnRequest, NameIdPolicy, RequestedAuthnContext } from './authn-request.js';
export { decodePostMessage, defaultMessageLimit, readResponseInput } from './bindings.js';
export type { CheckResult } from './checks.js';
export { secretFingerprint } from './domain-key.js';
export { checkNames, inspectResponse, type Inspection } from './inspect.js';
export type {
  DomainKeyOutcome,
  LoginWarning,
  OutgoingResponse,
  Parties,
  ReceiveContext,
  Stage,
  TransformServices,
  VerifiedLogin,
} from './login.js';
export { parseMetadata, type IdpMetadata, type MetadataOptions } from './metadata-in.js';
export { writeIdpMetadata, writeSpMetadata, type OwnIdpMetadata, type SpMetadata } from './metadata-out.js';
export { claimedIssuer, receiveResponse } from './receive.js';
export { decodeRedirectMessage, encodeRedirect, type OutgoingRedirect, type RedirectMessage } from './redirect.js';
export { parseRequestRecord, serializeRequestRecord, type AuthnRequestRecord } from './request-record.js';
export { transform } from './transform.js';
export type { SigningKey, VerificationKey, XmlLimits } from '../xml/index.js';
export {
  NAME_ID,
  type AttributeFacts,
  type ClaimRule,
  type DomainKeyPolicy,
  type EncryptionRules,
  type ExpectedAddresses,
  type HiddenText,
  type IdentityProvider,
  type Issuing,
  type RequestPolicy,
  type RequiredClaims,
  type ServiceProvider,
  type SignatureRules,
} from './types.js';
