import { hash, timingSafeEqual } from 'node:crypto';
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
  return hash('sha256', secret, 'hex').slice(0, 8);
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
  const name = comparable(policy.attribute);
  const [inbound, others]: [XmlElement[], XmlElement[]] = [[], []];
  for (const each of claims.attributes) (comparable(attributeName(each)) === name ? inbound : others).push(each);
  const value = policy.value.reveal();
  const fingerprint = secretFingerprint(value);
  const replaced = (action: DomainKeyOutcome['action']) => ({
    claims: { ...claims, attributes: [...others, ours(policy, value)] },
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
function comparable(name: string): string {
  return name.trim().toLowerCase();
}

function isOurs(inbound: readonly XmlElement[], policy: DomainKeyPolicy, value: string): boolean {
  const [only, another] = inbound;
  if (only === undefined || another !== undefined || attributeName(only) !== policy.attribute) return false;
  const { values } = describeAttribute(only);
  return values.length === 1 && hasPlainValues(only) && equalInConstantTime(values[0] ?? '', value);
}

function equalInConstantTime(left: string, right: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(left), digest(right));
}

function fingerprints(inbound: readonly XmlElement[]): string {
  const values = inbound.flatMap((each) => describeAttribute(each).values);
  return `${inbound.length} attribute(s), fingerprints ${values.map(secretFingerprint).join(', ') || '(none)'}`;
}

/** A policy is immutable, and so is a tree: the element that carries the value is made once. */
const made = new WeakMap<DomainKeyPolicy, XmlElement>();

function ours(policy: DomainKeyPolicy, value: string): XmlElement {
  const known = made.get(policy);
  if (known !== undefined) return known;
  const { attribute: name, nameFormat, type } = policy;
  const element = newAttribute({ name, nameFormat, values: [value], type });
  made.set(policy, element);
  return element;
}
