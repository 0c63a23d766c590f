/**
 * The SAML room. The way of a login: `decodePostMessage` → `receiveResponse` → (claim once, in the store) → `transform`.
 * `inspectResponse` runs the very same steps and reports every check.
 *
 *   receiveResponse(bytes, idp, sp, context): Promise<VerifiedLogin>
 *   transform(login, { idp, sp, issuing }, services): Promise<OutgoingResponse>
 *   inspectResponse(bytes, { idp, sp, issuing }, context, services): Promise<Inspection>
 *   responseIssuer(bytes, limits): string | null            unverified; only to choose the IdP at interception
 *   decodePostMessage(base64, maxBytes): Uint8Array
 *   decodeRedirectMessage(rawQuery, parameter, maxBytes): RedirectMessage
 *   encodeRedirect(endpoint, { parameter, xml, relayState, key }): Promise<string>    the URL to redirect to
 *   readResponseInput(text, maxBytes): Uint8Array           XML, base64 or a form body
 *   receiveAuthnRequest(message, sp, { destination, now, limits }): Promise<AuthnRequest>
 *   buildAuthnRequest(request, { id, now, issuer, acsUrl, destination, key }): Promise<string>
 *   parseMetadata(bytes, options): Promise<IdpMetadata>
 *   writeSpMetadata(…), writeIdpMetadata(…): Promise<string>
 */
export type { Check, CheckResult } from './checks.js';
export type {
  DomainKeyOutcome,
  LoginWarning,
  OutgoingResponse,
  ReceiveContext,
  Stage,
  VerifiedLogin,
} from './login.js';
export { parseRequestRecord, serializeRequestRecord, type AuthnRequestRecord } from './request-record.js';
export {
  NAME_ID,
  type AttributeFacts,
  type ClaimRule,
  type ContentCipher,
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
