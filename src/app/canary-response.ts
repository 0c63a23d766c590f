/** Names that no real party has (RFC 2606 reserves `.invalid`). */
export const canaryAddresses = {
  issuer: 'https://canary.invalid/idp',
  audience: 'https://canary.invalid/sp',
  acs: 'https://canary.invalid/acs',
} as const;

const MINUTE = 60_000;

/** A small response that follows every rule, unsigned. @param now milliseconds since the epoch */
export function canaryResponse(responseId: string, assertionId: string, now: number): string {
  const { issuer, audience, acs } = canaryAddresses;
  const at = (minutes: number) => new Date(now + minutes * MINUTE).toISOString();
  return (
    '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"' +
    ` ID="${responseId}" Version="2.0" IssueInstant="${at(0)}" Destination="${acs}"><saml:Issuer>${issuer}</saml:Issuer>` +
    '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>' +
    `<saml:Assertion ID="${assertionId}" Version="2.0" IssueInstant="${at(0)}"><saml:Issuer>${issuer}</saml:Issuer>` +
    '<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">canary@canary.invalid' +
    '</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">' +
    `<saml:SubjectConfirmationData Recipient="${acs}" NotOnOrAfter="${at(5)}"/></saml:SubjectConfirmation></saml:Subject>` +
    `<saml:Conditions NotBefore="${at(-1)}" NotOnOrAfter="${at(5)}"><saml:AudienceRestriction>` +
    `<saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
    `<saml:AuthnStatement AuthnInstant="${at(0)}"><saml:AuthnContext><saml:AuthnContextClassRef>` +
    'urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext>' +
    '</saml:AuthnStatement></saml:Assertion></samlp:Response>'
  );
}
