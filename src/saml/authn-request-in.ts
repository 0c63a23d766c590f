import {
  assertSignaturePlacement,
  attributeValue,
  childrenNamed,
  isNamed,
  parseXml,
  verifySignature,
  type XmlElement,
  type XmlLimits,
} from '../xml/index.js';
import type { AuthnRequest, NameIdPolicy, RequestedAuthnContext } from './authn-request.js';
import { firstFault, type Check } from './checks.js';
import { verifyDetached, type DetachedSignature } from './detached-signature.js';
import { ASSERTION, BINDING_POST, PROTOCOL, XMLDSIG } from './names.js';
import { shown, shownList, simpleText, timeAttribute, uriText } from './read.js';
import { formatDateTime } from './time.js';
import type { ServiceProvider } from './types.js';

/** Of the ID of a request of the SP, in characters; those of real ones have some dozens. */
const LONGEST_ID = 256;

/** An AuthnRequest as either binding delivers it. */
export interface AuthnRequestMessage {
  readonly bytes: Uint8Array;
  /** Of the Redirect binding; `null` with POST, where a signature stands inside the document. */
  readonly signature: DetachedSignature | null;
}

export interface RequestContext {
  /** The URL of ours that the request came to. */
  readonly destination: string;
  /** In milliseconds since the epoch. */
  readonly now: number;
  readonly limits: XmlLimits;
}

interface RequestSubject {
  readonly request: XmlElement;
  readonly signed: boolean;
  readonly sp: ServiceProvider;
  readonly context: RequestContext;
}

/**
 * Takes an AuthnRequest of the service provider through the rules page's checks ("Requests").
 *
 * A Subject in it is not passed on: whom the identity provider logs in, it decides, and the service provider compares.
 *
 * @throws GatewayError REQUEST_*, SAML_VERSION, SAML_ID, SAML_TIME_INVALID, SIGNATURE_* or XML_*
 */
export async function receiveAuthnRequest(
  message: AuthnRequestMessage,
  sp: ServiceProvider,
  context: RequestContext,
): Promise<AuthnRequest> {
  const root = parseXml(message.bytes, context.limits);
  firstFault.apply(rootChecks, root);
  assertSignaturePlacement(root, [root]);
  const verified = await verify(root, message.signature, sp, context.now);
  const request = verified ?? root;
  firstFault.apply(requestChecks, { request, signed: verified !== null, sp, context });
  return describe(request, sp, verified !== null);
}

/** The request as it was signed; `null` where it is not. Every signature that is there must verify. */
async function verify(
  root: XmlElement,
  detached: DetachedSignature | null,
  { requests }: ServiceProvider,
  now: number,
): Promise<XmlElement | null> {
  const { signingKeys, signatures } = requests;
  let verified: XmlElement | null = null;
  // With no key there is nothing to hold a signature against; whether that will do is the policy's `signature`.
  if (signingKeys.length === 0) return null;
  if (childrenNamed(root, XMLDSIG, 'Signature').length > 0) {
    verified = (await verifySignature(root, signingKeys, { ...signatures, now })).element;
  }
  if (detached !== null) {
    await verifyDetached(detached, signingKeys, signatures, now);
    verified ??= root;
  }
  return verified;
}

const rootChecks: readonly Check<XmlElement>[] = [
  {
    name: 'root',
    code: 'REQUEST_ROOT',
    holds: (root) => isNamed(root, PROTOCOL, 'AuthnRequest'),
    evidence: (root) => ({
      expected: `{${PROTOCOL}}AuthnRequest`,
      seen: shown(`{${root.namespace}}${root.localName}`),
    }),
  },
];

function issuerOf(request: XmlElement): string | null {
  const [issuer, another] = childrenNamed(request, ASSERTION, 'Issuer');
  return issuer === undefined || another !== undefined ? null : simpleText(issuer);
}

/** `null` where the request names none that the service provider has. */
function acsUrlOf(request: XmlElement, sp: ServiceProvider): string | null {
  const url = attributeValue(request, 'AssertionConsumerServiceURL');
  if (url !== undefined) return sp.acsUrls.includes(url) ? url : null;
  const index = attributeValue(request, 'AssertionConsumerServiceIndex');
  if (index === undefined) return sp.acsUrls[0];
  return /^\d{1,5}$/.test(index) ? (sp.acsUrls[Number(index)] ?? null) : null;
}

function unsupported(request: XmlElement): string | null {
  const binding = attributeValue(request, 'ProtocolBinding');
  if (binding !== undefined && binding !== BINDING_POST) return `ProtocolBinding ${shown(binding)}`;
  // saml-core §3.4.1.2: the service provider forbids that anybody but the receiver authenticates the user.
  const scoping = childrenNamed(request, PROTOCOL, 'Scoping')[0];
  if (scoping !== undefined && attributeValue(scoping, 'ProxyCount') === '0') return 'Scoping with ProxyCount 0';
  return null;
}

const requestChecks: readonly Check<RequestSubject>[] = [
  {
    name: 'signed',
    code: 'REQUEST_UNSIGNED',
    holds: ({ signed, sp }) => signed || sp.requests.signature === 'optional',
    evidence: ({ signed, sp }) => ({
      expected: `signature ${sp.requests.signature}`,
      seen: signed ? 'signed' : 'none',
    }),
  },
  {
    name: 'version',
    code: 'SAML_VERSION',
    holds: ({ request }) => attributeValue(request, 'Version') === '2.0',
    evidence: ({ request }) => ({ expected: '2.0', seen: shown(attributeValue(request, 'Version')) }),
  },
  {
    name: 'id',
    code: 'SAML_ID',
    // It is stored until the answer comes, and anybody may send a request.
    holds: ({ request }) => {
      const { length } = attributeValue(request, 'ID') ?? '';
      return length > 0 && length <= LONGEST_ID;
    },
    evidence: ({ request }) => ({
      expected: `an ID of at most ${LONGEST_ID} characters`,
      seen: shown(attributeValue(request, 'ID')),
    }),
  },
  {
    name: 'issuer',
    code: 'REQUEST_ISSUER_MISMATCH',
    holds: ({ request, sp }) => issuerOf(request) === sp.entityId,
    evidence: ({ request, sp }) => ({ expected: sp.entityId, seen: shown(issuerOf(request)) }),
  },
  {
    name: 'destination',
    code: 'REQUEST_DESTINATION_MISMATCH',
    // saml-bindings §3.4.5.2 and §3.5.5.2: it may be absent only where nothing is signed.
    holds: ({ request, signed, context }) => {
      const destination = attributeValue(request, 'Destination');
      return destination === undefined ? !signed : destination === context.destination;
    },
    evidence: ({ request, context }) => ({
      expected: context.destination,
      seen: shown(attributeValue(request, 'Destination')),
    }),
  },
  {
    name: 'issue-instant-readable',
    code: 'SAML_TIME_INVALID',
    holds: ({ request }) => timeAttribute(request, 'IssueInstant').ms !== null,
    evidence: ({ request }) => ({
      expected: 'a UTC xs:dateTime',
      seen: shown(timeAttribute(request, 'IssueInstant').text),
    }),
  },
  {
    name: 'age',
    code: 'REQUEST_EXPIRED',
    holds: ({ request, sp, context }) => {
      const { ms } = timeAttribute(request, 'IssueInstant');
      const { maxAgeMs, clockSkewMs } = sp.requests;
      return ms !== null && ms <= context.now + clockSkewMs && ms > context.now - maxAgeMs - clockSkewMs;
    },
    evidence: ({ request, context }) => ({
      expected: `issued about ${formatDateTime(context.now)}`,
      seen: shown(timeAttribute(request, 'IssueInstant').text),
    }),
  },
  {
    name: 'acs',
    code: 'REQUEST_ACS_UNKNOWN',
    holds: ({ request, sp }) => acsUrlOf(request, sp) !== null,
    evidence: ({ request, sp }) => ({
      expected: shownList(sp.acsUrls),
      seen: shown(
        attributeValue(request, 'AssertionConsumerServiceURL') ??
          attributeValue(request, 'AssertionConsumerServiceIndex'),
      ),
    }),
  },
  {
    name: 'supported',
    code: 'REQUEST_UNSUPPORTED',
    holds: ({ request }) => unsupported(request) === null,
    evidence: ({ request }) => ({
      expected: 'the HTTP-POST binding, and no ban on proxying',
      seen: unsupported(request) ?? 'that',
    }),
  },
];

function flag(request: XmlElement, name: string): boolean {
  // xs:boolean
  return ['true', '1'].includes(attributeValue(request, name)?.trim() ?? '');
}

function nameIdPolicyOf(request: XmlElement): NameIdPolicy | null {
  const policy = childrenNamed(request, PROTOCOL, 'NameIDPolicy')[0];
  if (policy === undefined) return null;
  return { format: attributeValue(policy, 'Format') ?? null, allowCreate: flag(policy, 'AllowCreate') };
}

function requestedContextOf(request: XmlElement): RequestedAuthnContext | null {
  const context = childrenNamed(request, PROTOCOL, 'RequestedAuthnContext')[0];
  if (context === undefined) return null;
  const refs = (name: string) => childrenNamed(context, ASSERTION, name).flatMap((ref) => uriText(ref) ?? []);
  return {
    comparison: attributeValue(context, 'Comparison') ?? null,
    classRefs: refs('AuthnContextClassRef'),
    declRefs: refs('AuthnContextDeclRef'),
  };
}

function describe(request: XmlElement, sp: ServiceProvider, signed: boolean): AuthnRequest {
  return {
    id: attributeValue(request, 'ID') ?? '',
    acsUrl: acsUrlOf(request, sp) ?? sp.acsUrls[0],
    forceAuthn: flag(request, 'ForceAuthn'),
    isPassive: flag(request, 'IsPassive'),
    nameIdPolicy: nameIdPolicyOf(request),
    requestedAuthnContext: requestedContextOf(request),
    signed,
  };
}
