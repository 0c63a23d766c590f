import { hash } from 'node:crypto';
import { canonicalOctets, childElements, encryptElement, signEnveloped, type XmlElement } from '../xml/index.js';
import { describeAttribute } from './attributes.js';
import { contradiction, firstFault, type Checker } from './checks.js';
import { claimChecks } from './claim-checks.js';
import { applyClaimRules, type Claims } from './claims.js';
import { applyDomainKey } from './domain-key.js';
import { prefixesNamedInContent } from './inclusive-prefixes.js';
import type { DomainKeyOutcome, OutgoingResponse, Parties, TransformServices, VerifiedLogin } from './login.js';
import { simpleText } from './read.js';
import { encryptedAssertion, reissueAssertion, reissueResponse, type Reissue } from './reissue.js';
import { formatDateTime } from './time.js';

/** The names of all checks of transforming, in the order in which a login makes them. */
export const transformCheckNames: readonly string[] = [
  'claim-rules',
  'domain-key',
  ...claimChecks.map(({ name }) => name),
];

/**
 * Makes the response for the service provider out of a verified login: claim rules, DomainKey, required claims, new
 * document, signatures, encryption.
 *
 * @throws GatewayError CLAIM_AMBIGUOUS, DOMAIN_KEY_MISSING, DOMAIN_KEY_MISMATCH, CLAIM_REQUIRED, NAME_ID_NOT_EMAIL
 *   or NAME_ID_FOREIGN_DOMAIN
 */
export function transform(
  login: VerifiedLogin,
  parties: Parties,
  services: TransformServices,
): Promise<OutgoingResponse> {
  return transformUnder(login, parties, services, firstFault);
}

/** The steps of `transform` under any checker. */
export async function transformUnder(
  login: VerifiedLogin,
  parties: Parties,
  services: TransformServices,
  checker: Checker,
): Promise<OutgoingResponse> {
  services.onStage?.('claims');
  const { claims, domainKey } = await claimsFor(login, parties, checker);
  services.onStage?.('reissue');
  const to = addressing(login, parties, services);
  const assertion = reissueAssertion(login, claims, to);
  services.onStage?.('sign');
  const prefixes = prefixesNamedInContent(childElements(assertion), login.signedPrefixes);
  const response = await sealed(assertion, to, prefixes, parties, services);
  const octets = canonicalOctets(response, prefixes);
  return {
    xml: () => octets.toString('utf8'),
    base64: octets.toString('base64'),
    destination: to.destination,
    responseId: to.responseId,
    assertionId: to.assertionId,
    nameId: simpleText(claims.nameId) ?? '',
    attributesIn: login.attributes,
    attributesOut: claims.attributes.map(describeAttribute),
    domainKey,
    signingKeyId: parties.issuing.key.id,
    digest: () => hash('sha256', octets, 'hex'),
  };
}

async function claimsFor(
  login: VerifiedLogin,
  { idp }: Parties,
  checker: Checker,
): Promise<{ claims: Claims; domainKey: DomainKeyOutcome | null }> {
  const nameId = login.facts.nameIds[0] ?? contradiction();
  const received: Claims = { nameId, attributes: login.facts.attributes };
  const ruled = await checker.step('claim-rules', () => applyClaimRules(received, idp.claims));
  // After the rules: none of them may write the DomainKey.
  const policy = idp.domainKey;
  const keyed =
    policy === null
      ? { claims: ruled, outcome: null }
      : await checker.step(
          'domain-key',
          () => applyDomainKey(ruled, policy),
          ({ outcome }) => ({ expected: `${policy.mode} ${policy.attribute}`, seen: outcome.action }),
        );
  checker.apply(claimChecks, { required: idp.required, foreignDomains: idp.foreignDomains, claims: keyed.claims });
  checker.barrier();
  return { claims: keyed.claims, domainKey: keyed.outcome };
}

function addressing(login: VerifiedLogin, { sp, issuing }: Parties, { now, ids }: TransformServices): Reissue {
  const acsUrl = login.request?.acsUrl ?? sp.acsUrls[0];
  return {
    issuer: issuing.issuer === 'preserve' ? login.issuer : issuing.entityId,
    audience: sp.audience,
    recipient: sp.recipient ?? acsUrl,
    destination: sp.destination ?? acsUrl,
    inResponseTo: login.request?.spRequestId ?? null,
    responseId: ids.samlId(),
    assertionId: ids.samlId(),
    issueInstant: formatDateTime(now),
  };
}

// saml-core §5.4.1 and the schema: the Signature follows the Issuer.
const AFTER_ISSUER = 1;

async function sealed(
  plain: XmlElement,
  to: Reissue,
  inclusivePrefixes: readonly string[],
  { sp, issuing: { sign, key } }: Parties,
  services: TransformServices,
): Promise<XmlElement> {
  const { random } = services;
  const options = { position: AFTER_ISSUER, inclusivePrefixes, alone: services.alone?.() ?? false };
  const assertion = sign === 'response' ? plain : await signEnveloped(plain, key, options);
  const carried =
    sp.encryption === null
      ? assertion
      : encryptedAssertion(
          encryptElement(assertion, sp.encryption.recipient, sp.encryption.algorithms, { inclusivePrefixes, random }),
        );
  const response = reissueResponse(carried, to);
  return sign === 'assertion' ? response : signEnveloped(response, key, options);
}
