import { X509Certificate } from 'node:crypto';
import { GatewayError } from '../shared/index.js';
import {
  attributeValue,
  childrenNamed,
  defaultXmlLimits,
  parseXmlWithRemarks,
  verificationKeyOf,
  verifySignature,
  type VerificationKey,
  type XmlElement,
  type XmlLimits,
} from '../xml/index.js';
import { parseDuration } from './duration.js';
import { BINDING_POST, BINDING_REDIRECT, METADATA, PROTOCOL, XMLDSIG } from './names.js';
import { shown, simpleText, timeAttribute } from './read.js';
import type { SignatureRules } from './types.js';

/** What we take out of an identity provider's metadata. */
export interface IdpMetadata {
  readonly entityId: string;
  /** Never empty; KeyDescriptors without `use` count as signing too (saml-metadata §2.4.1.1). */
  readonly signingKeys: readonly VerificationKey[];
  readonly wantsSignedRequests: boolean;
  readonly sso: { readonly redirect?: string; readonly post?: string };
  /** The earliest validUntil on the way to the role, in milliseconds since the epoch. */
  readonly validUntil: number | null;
  /** The shortest cacheDuration on the way to the role, in milliseconds. */
  readonly cacheDurationMs: number | null;
}

export interface MetadataOptions {
  /** Which entity; `null` takes the only identity provider that the document describes. */
  readonly entityId: string | null;
  /** In milliseconds since the epoch. */
  readonly now: number;
  /** Demands a signature of the document's root under one of these keys; `null` looks at no signature. */
  readonly signature: { readonly keys: readonly VerificationKey[]; readonly rules: SignatureRules } | null;
  readonly limits?: XmlLimits;
}

/** A federation's aggregate holds many entities. */
const METADATA_LIMITS: XmlLimits = { ...defaultXmlLimits, maxElements: 400_000 };

/**
 * Reads an EntityDescriptor, or the wanted one out of an EntitiesDescriptor. Comments are passed over: federations write
 * their terms of use in one.
 *
 * @throws GatewayError METADATA_INVALID, METADATA_ENTITY_MISSING, METADATA_EXPIRED, SIGNATURE_* or XML_*
 */
export async function parseMetadata(bytes: Uint8Array, options: MetadataOptions): Promise<IdpMetadata> {
  const { signature, now } = options;
  const parsed = parseXmlWithRemarks(bytes, options.limits ?? METADATA_LIMITS);
  const root =
    signature === null ? parsed : (await verifySignature(parsed, signature.keys, { ...signature.rules, now })).element;
  const path = findEntity(root, options.entityId);
  const metadata = describe(path);
  if (metadata.validUntil !== null && metadata.validUntil <= now) throw new GatewayError('METADATA_EXPIRED');
  return metadata;
}

/** An IDPSSODescriptor and everything around it, outermost first: all of it may limit its validity. */
interface RolePath {
  readonly around: readonly XmlElement[];
  readonly entity: XmlElement;
  readonly role: XmlElement;
}

function invalid(detail: string): GatewayError {
  return new GatewayError('METADATA_INVALID', detail);
}

/** @param container an EntityDescriptor or EntitiesDescriptor */
function rolesIn(container: XmlElement, around: readonly XmlElement[]): RolePath[] {
  if (container.localName === 'EntitiesDescriptor') {
    const inside = [...around, container];
    return ['EntityDescriptor', 'EntitiesDescriptor'].flatMap((name) =>
      childrenNamed(container, METADATA, name).flatMap((child) => rolesIn(child, inside)),
    );
  }
  const role = childrenNamed(container, METADATA, 'IDPSSODescriptor').find((each) =>
    (attributeValue(each, 'protocolSupportEnumeration') ?? '').split(/\s/).includes(PROTOCOL),
  );
  return role === undefined ? [] : [{ around, entity: container, role }];
}

function findEntity(root: XmlElement, wanted: string | null): RolePath {
  if (root.namespace !== METADATA || !['EntityDescriptor', 'EntitiesDescriptor'].includes(root.localName)) {
    throw invalid(`The root is ${shown(root.localName)}, not EntityDescriptor or EntitiesDescriptor.`);
  }
  const roles = rolesIn(root, []);
  const matching = roles.filter(({ entity }) => wanted === null || attributeValue(entity, 'entityID') === wanted);
  const [only, another] = matching;
  if (only === undefined) {
    const found = roles.map(({ entity }) => shown(attributeValue(entity, 'entityID')));
    throw new GatewayError('METADATA_ENTITY_MISSING', undefined, {
      evidence: { expected: wanted ?? 'an identity provider', seen: found.slice(0, 10).join(', ') || '(none)' },
    });
  }
  if (another !== undefined) {
    throw invalid(
      wanted === null ? 'Several identity providers: say which by `entityId`.' : 'The entity stands twice.',
    );
  }
  return only;
}

function describe({ around, entity, role }: RolePath): IdpMetadata {
  const entityId = attributeValue(entity, 'entityID') ?? '';
  if (entityId === '') throw invalid('The entityID is missing.');
  const levels = [...around, entity, role];
  const sso = {
    ...endpoint(role, BINDING_REDIRECT, 'redirect'),
    ...endpoint(role, BINDING_POST, 'post'),
  };
  return {
    entityId,
    signingKeys: signingKeysOf(role),
    wantsSignedRequests: ['true', '1'].includes(attributeValue(role, 'WantAuthnRequestsSigned') ?? ''),
    sso,
    validUntil: least(levels.map(validUntilOf)),
    cacheDurationMs: least(levels.map(cacheDurationOf)),
  };
}

function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function validUntilOf(level: XmlElement): number | null {
  const { text, ms } = timeAttribute(level, 'validUntil');
  if (text !== null && ms === null) throw invalid(`validUntil ${shown(text)} is not a UTC xs:dateTime.`);
  return ms;
}

function cacheDurationOf(level: XmlElement): number | null {
  const text = attributeValue(level, 'cacheDuration');
  if (text === undefined) return null;
  const duration = parseDuration(text);
  if (duration === null) throw invalid(`cacheDuration ${shown(text)} is not an xs:duration.`);
  return duration;
}

function endpoint<Key extends string>(role: XmlElement, binding: string, key: Key): Partial<Record<Key, string>> {
  const services = childrenNamed(role, METADATA, 'SingleSignOnService');
  const service = services.find((each) => attributeValue(each, 'Binding') === binding);
  if (service === undefined) return {};
  const location = attributeValue(service, 'Location') ?? '';
  const url = URL.canParse(location) ? new URL(location) : null;
  if (url === null || !['https:', 'http:'].includes(url.protocol)) {
    throw invalid(`The SingleSignOnService location ${shown(location)} is not an HTTP URL.`);
  }
  const found: Partial<Record<Key, string>> = {};
  found[key] = location;
  return found;
}

function signingKeysOf(role: XmlElement): VerificationKey[] {
  const keys = new Map<string, VerificationKey>();
  for (const descriptor of childrenNamed(role, METADATA, 'KeyDescriptor')) {
    if ((attributeValue(descriptor, 'use') ?? 'signing') !== 'signing') continue;
    for (const key of certificatesIn(descriptor).map(readCertificate)) keys.set(key.fingerprint, key);
  }
  if (keys.size === 0) throw invalid('There is no signing certificate.');
  return [...keys.values()];
}

function certificatesIn(descriptor: XmlElement): XmlElement[] {
  return childrenNamed(descriptor, XMLDSIG, 'KeyInfo')
    .flatMap((keyInfo) => childrenNamed(keyInfo, XMLDSIG, 'X509Data'))
    .flatMap((data) => childrenNamed(data, XMLDSIG, 'X509Certificate'));
}

function readCertificate(element: XmlElement): VerificationKey {
  const base64 = (simpleText(element) ?? '').replace(/\s/g, '');
  try {
    return verificationKeyOf(new X509Certificate(Buffer.from(base64, 'base64')));
  } catch {
    throw invalid('An X509Certificate cannot be read.');
  }
}
