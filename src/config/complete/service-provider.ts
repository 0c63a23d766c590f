import type { ServiceProviderInput } from '../schema/service-provider.js';
import type { ProxyConfig, ServiceProviderConfig } from '../types/service-provider.js';
import { Unfit } from '../unfit.js';
import { serviceProviderDefaults } from './presets.js';
import type { Report } from './report.js';

/** gateway.yaml's section with an IdP's on top; groups of keys are merged key by key, lists are replaced. */
export function mergeServiceProvider(base: ServiceProviderInput, over: ServiceProviderInput): ServiceProviderInput {
  // An IdP that names another service provider does not inherit the addresses and certificates of the first one.
  const foundation = isAnother(base, over) ? withoutAddresses(base) : base;
  const requests = { ...foundation.requests, ...over.requests };
  const attributes = { ...foundation.attributes, ...over.attributes };
  return { ...foundation, ...over, requests, attributes };
}

/** By the entity id, so that one who only says again what gateway.yaml says loses nothing. */
function isAnother(base: ServiceProviderInput, over: ServiceProviderInput): boolean {
  const preset = base.preset ?? 'zivver';
  const common = base.entityId ?? serviceProviderDefaults[preset].entityId;
  const inherited =
    over.preset === undefined || over.preset === preset ? common : serviceProviderDefaults[over.preset].entityId;
  return (over.entityId ?? inherited) !== common;
}

function withoutAddresses(input: ServiceProviderInput): ServiceProviderInput {
  const { requests, attributes, intercept } = input;
  return { requests, attributes, intercept };
}

/** Fills in the defaults. `recipientIs` is what the IdP's preset says about the outgoing Recipient. */
export function completeServiceProvider(
  input: ServiceProviderInput,
  recipientIs: 'entity-id' | 'acs',
  report: Report,
): ServiceProviderConfig | null {
  const preset = input.preset ?? 'zivver';
  const defaults = serviceProviderDefaults[preset];
  const entityId = input.entityId ?? defaults.entityId;
  const [acs, ...otherAcs] = input.acs ?? defaults.acs ?? [];
  const accountKey = input.attributes?.accountKey ?? defaults.accountKey;
  const displayName = input.attributes?.displayName ?? defaults.displayName;
  const needed = { entityId, acs, 'attributes.accountKey': accountKey, 'attributes.displayName': displayName };
  for (const [path, value] of Object.entries(needed)) {
    if (value !== undefined) continue;
    report(
      ['serviceProvider', ...path.split('.')],
      new Unfit('is missing', 'add it: the preset generic knows no value'),
    );
  }
  if (entityId === undefined || acs === undefined || accountKey === undefined || displayName === undefined) return null;
  const origin = new URL(acs).origin;
  return {
    preset,
    entityId,
    acs: [acs, ...otherAcs],
    audience: input.audience ?? entityId,
    recipient: input.recipient ?? (recipientIs === 'entity-id' ? entityId : acs),
    destination: input.destination ?? acs,
    deliverTo: input.deliverTo ?? acs,
    startUrl: input.startUrl ?? (input.acs === undefined ? defaults.startUrl : undefined) ?? `${origin}/`,
    intercept: input.intercept ?? false,
    requests: { signed: input.requests?.signed ?? 'optional', maxAge: input.requests?.maxAge ?? 600_000 },
    certificates: input.certificates ?? [],
    ...(input.encryption === undefined ? {} : { encryption: input.encryption }),
    attributes: { accountKey, displayName },
    ...(input.proxy === undefined ? {} : { proxy: completeProxy(input.proxy, origin) }),
  };
}

function completeProxy(input: NonNullable<ServiceProviderInput['proxy']>, origin: string): ProxyConfig {
  return { ...input, upstream: input.upstream ?? origin };
}
