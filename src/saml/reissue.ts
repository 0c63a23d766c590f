import {
  attribute,
  childElements,
  element,
  isNamed,
  type NamespaceScope,
  type XmlAttribute,
  type XmlElement,
  type XmlNode,
} from '../xml/index.js';
import type { ConditionsFacts, ProxyRestriction } from './assertion-facts.js';
import { samlElement } from './attributes.js';
import { contradiction } from './checks.js';
import type { Claims } from './claims.js';
import type { VerifiedLogin } from './login.js';
import { ASSERTION, BEARER, PROTOCOL, STATUS_SUCCESS } from './names.js';

/**
 * Around every element that we write below the Response. A prefix in the PrefixList must be in scope on an Assertion
 * exactly where a reader of the whole document finds it in scope, or the digests would differ.
 */
const SCOPE: NamespaceScope = { prefix: 'samlp', uri: PROTOCOL, outer: null };

export interface Reissue {
  readonly issuer: string;
  readonly audience: string;
  readonly recipient: string;
  readonly destination: string;
  /** ID of the service provider's own request; `null` where there was none. */
  readonly inResponseTo: string | null;
  readonly responseId: string;
  readonly assertionId: string;
  readonly issueInstant: string;
}

function saml(localName: string, children: readonly XmlNode[], attributes: readonly XmlAttribute[] = []): XmlElement {
  return samlElement(localName, { children, attributes, scope: SCOPE });
}

function samlp(localName: string, children: readonly XmlNode[], attributes: readonly XmlAttribute[]): XmlElement {
  return element({ prefix: 'samlp', localName, namespace: PROTOCOL, children, attributes });
}

/** The attributes that are there: a `null` value leaves its attribute out. */
function present(...values: readonly (readonly [name: string, value: string | null])[]): XmlAttribute[] {
  const attributes: XmlAttribute[] = [];
  for (const [name, value] of values) if (value !== null) attributes.push(attribute(name, value));
  return attributes;
}

/**
 * The assertion for the service provider, unsigned. Times are copied as they were written, so no window can become
 * wider; authentication statements and untouched attributes are the verified elements themselves.
 */
export function reissueAssertion(login: VerifiedLogin, claims: Claims, to: Reissue): XmlElement {
  return saml(
    'Assertion',
    [
      saml('Issuer', [to.issuer]),
      subjectOf(login, claims, to),
      conditionsOf(login.facts.conditions ?? contradiction(), to),
      ...statementsOf(login, claims),
    ],
    present(['ID', to.assertionId], ['Version', '2.0'], ['IssueInstant', to.issueInstant]),
  );
}

function subjectOf(login: VerifiedLogin, { nameId }: Claims, to: Reissue): XmlElement {
  // Of the confirmations, the one that held. Its Address would name the browser as the IdP saw it, which is not how
  // the service provider sees it behind a proxy, so it is left out.
  const data = saml(
    'SubjectConfirmationData',
    [],
    present(
      ['NotOnOrAfter', login.confirmationNotOnOrAfter],
      ['Recipient', to.recipient],
      ['InResponseTo', to.inResponseTo],
    ),
  );
  return saml('Subject', [nameId, saml('SubjectConfirmation', [data], present(['Method', BEARER]))]);
}

function conditionsOf(conditions: ConditionsFacts, to: Reissue): XmlElement {
  return saml(
    'Conditions',
    [
      saml('AudienceRestriction', [saml('Audience', [to.audience])]),
      ...(conditions.oneTimeUse ? [saml('OneTimeUse', [])] : []),
      ...conditions.proxyRestrictions.map(proxyRestrictionOf),
    ],
    present(['NotBefore', conditions.notBefore.text], ['NotOnOrAfter', conditions.notOnOrAfter.text]),
  );
}

// saml-core §2.5.1.6: what is based on this assertion carries a Count that is at least one less.
function proxyRestrictionOf({ count, audiences }: ProxyRestriction): XmlElement {
  return saml(
    'ProxyRestriction',
    audiences.map((audience) => saml('Audience', [audience ?? ''])),
    present(['Count', count === null ? null : String(Number(count) - 1)]),
  );
}

/** Every statement in its place, the attributes together where the first of theirs stood. Advice is dropped. */
function statementsOf(login: VerifiedLogin, claims: Claims): XmlElement[] {
  const attributes = claims.attributes.length === 0 ? [] : [saml('AttributeStatement', claims.attributes)];
  const heads = ['Issuer', 'Subject', 'Conditions', 'Advice'];
  const statements = childElements(login.assertion).filter(
    (child) => child.namespace === ASSERTION && !heads.includes(child.localName),
  );
  const isAttributes = (child: XmlElement) => isNamed(child, ASSERTION, 'AttributeStatement');
  const place = statements.findIndex(isAttributes);
  if (place < 0) return [...statements, ...attributes];
  return [
    ...statements.slice(0, place),
    ...attributes,
    ...statements.slice(place).filter((child) => !isAttributes(child)),
  ];
}

/** The Response around an assertion that is already signed or encrypted as it shall be. */
export function reissueResponse(assertion: XmlElement, to: Reissue): XmlElement {
  const status = samlp('Status', [samlp('StatusCode', [], present(['Value', STATUS_SUCCESS]))], []);
  return samlp(
    'Response',
    [saml('Issuer', [to.issuer]), status, assertion],
    present(
      ['ID', to.responseId],
      ['Version', '2.0'],
      ['IssueInstant', to.issueInstant],
      ['Destination', to.destination],
      ['InResponseTo', to.inResponseTo],
    ),
  );
}

/** The EncryptedAssertion around an EncryptedData. */
export function encryptedAssertion(encryptedData: XmlElement): XmlElement {
  return saml('EncryptedAssertion', [encryptedData]);
}
