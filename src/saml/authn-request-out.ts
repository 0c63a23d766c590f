import {
  attribute,
  canonicalize,
  element,
  signEnveloped,
  type SigningKey,
  type XmlAttribute,
  type XmlElement,
  type XmlNode,
} from '../xml/index.js';
import { samlElement } from './attributes.js';
import type { AskedFor, NameIdPolicy, RequestedAuthnContext } from './authn-request.js';
import { BINDING_POST, PROTOCOL } from './names.js';
import { formatDateTime } from './time.js';

export interface OutgoingRequest {
  /** Entra ID refuses one that starts with a digit; ours start with an underscore. */
  readonly id: string;
  /** In milliseconds since the epoch. */
  readonly now: number;
  /** Our entity id as service provider. */
  readonly issuer: string;
  /** Our ACS URL for this identity provider. */
  readonly acsUrl: string;
  /** The identity provider's endpoint. */
  readonly destination: string;
  readonly asked: AskedFor;
}

function samlp(localName: string, attributes: readonly XmlAttribute[], children: readonly XmlNode[]): XmlElement {
  return element({ prefix: 'samlp', localName, namespace: PROTOCOL, attributes, children });
}

function optional(name: string, value: string | null): XmlAttribute[] {
  return value === null ? [] : [attribute(name, value)];
}

function nameIdPolicy({ format, allowCreate }: NameIdPolicy): XmlElement {
  return samlp(
    'NameIDPolicy',
    [...optional('Format', format), ...(allowCreate ? [attribute('AllowCreate', 'true')] : [])],
    [],
  );
}

function requestedContext({ comparison, classRefs, declRefs }: RequestedAuthnContext): XmlElement {
  return samlp('RequestedAuthnContext', optional('Comparison', comparison), [
    ...classRefs.map((ref) => samlElement('AuthnContextClassRef', { children: [ref] })),
    ...declRefs.map((ref) => samlElement('AuthnContextDeclRef', { children: [ref] })),
  ]);
}

/**
 * Our AuthnRequest to the identity provider, as XML.
 *
 * @param key signs inside the document, as the POST binding wants it; `null` for an unsigned request, and always for
 *   the Redirect binding, whose signature is in the URL (`encodeRedirect`)
 */
export async function buildAuthnRequest(request: OutgoingRequest, key: SigningKey | null): Promise<string> {
  const { asked } = request;
  const unsigned = samlp(
    'AuthnRequest',
    [
      attribute('ID', request.id),
      attribute('Version', '2.0'),
      attribute('IssueInstant', formatDateTime(request.now)),
      attribute('Destination', request.destination),
      ...(asked.forceAuthn ? [attribute('ForceAuthn', 'true')] : []),
      ...(asked.isPassive ? [attribute('IsPassive', 'true')] : []),
      attribute('ProtocolBinding', BINDING_POST),
      attribute('AssertionConsumerServiceURL', request.acsUrl),
    ],
    [
      samlElement('Issuer', { children: [request.issuer] }),
      ...(asked.nameIdPolicy === null ? [] : [nameIdPolicy(asked.nameIdPolicy)]),
      ...(asked.requestedAuthnContext === null ? [] : [requestedContext(asked.requestedAuthnContext)]),
    ],
  );
  return canonicalize(key === null ? unsigned : await signEnveloped(unsigned, key, { position: 1 }));
}
