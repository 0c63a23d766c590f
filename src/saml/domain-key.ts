import { createHash, timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../shared/index.js';
import type { XmlElement } from '../xml/index.js';
import { attributeName, describeAttribute, newAttribute } from './attributes.js';
import { hasPlainValues, type Claims } from './claims.js';
import type { DomainKeyOutcome } from './login.js';
import type { DomainKeyPolicy } from './types.js';

/**
 * Enough to tell two keys apart in an audit log. It is short because the key may be guessable: a match proves little.
 */
export function secretFingerprint(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex').slice(0, 8);
}

/**
 * Applies the policy. The caller applies the claim rules first, so that no rule can write the DomainKey afterwards.
 *
 * @throws GatewayError DOMAIN_KEY_MISSING or DOMAIN_KEY_MISMATCH
 */
export function applyDomainKey(
  claims: Claims,
  policy: DomainKeyPolicy,
): { readonly claims: Claims; readonly outcome: DomainKeyOutcome } {
  const inbound = claims.attributes.filter((each) => isDomainKey(each, policy));
  const value = policy.value.reveal();
  const fingerprint = secretFingerprint(value);
  const replaced = (action: DomainKeyOutcome['action']) => ({
    claims: {
      ...claims,
      attributes: [...claims.attributes.filter((each) => !inbound.includes(each)), ours(policy, value)],
    },
    outcome: { action, dropped: inbound.length, fingerprint },
  });

  if (policy.mode === 'inject') return replaced('injected');
  if (inbound.length === 0) {
    if (policy.mode === 'ensure') return replaced('injected');
    throw new GatewayError('DOMAIN_KEY_MISSING', undefined, {
      evidence: { expected: `one attribute ${policy.attribute}`, seen: '(none)' },
    });
  }
  if (isOurs(inbound, policy, value)) {
    return { claims, outcome: { action: 'verified', dropped: 0, fingerprint } };
  }
  if (policy.onMismatch === 'replace') return replaced('replaced');
  throw new GatewayError('DOMAIN_KEY_MISMATCH', undefined, {
    evidence: { expected: `one value with fingerprint ${fingerprint}`, seen: fingerprints(inbound) },
  });
}

// Whatever its NameFormat, case or surrounding white space: a lax receiver must not find a second one.
function isDomainKey(saml: XmlElement, policy: DomainKeyPolicy): boolean {
  return attributeName(saml).trim().toLowerCase() === policy.attribute.trim().toLowerCase();
}

function isOurs(inbound: readonly XmlElement[], policy: DomainKeyPolicy, value: string): boolean {
  const [only, another] = inbound;
  if (only === undefined || another !== undefined || attributeName(only) !== policy.attribute) return false;
  const { values } = describeAttribute(only);
  return values.length === 1 && hasPlainValues(only) && equalInConstantTime(values[0] ?? '', value);
}

function equalInConstantTime(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(left), digest(right));
}

function fingerprints(inbound: readonly XmlElement[]): string {
  const values = inbound.flatMap((each) => describeAttribute(each).values);
  return `${inbound.length} attribute(s), fingerprints ${values.map(secretFingerprint).join(', ') || '(none)'}`;
}

function ours({ attribute, nameFormat, type }: DomainKeyPolicy, value: string): XmlElement {
  return newAttribute({ name: attribute, nameFormat, values: [value], type });
}
