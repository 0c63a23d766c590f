import {
  attributeValue,
  childElements,
  isNamed,
  verifiedChildrenNamed,
  type VerifiedElement,
  type XmlElement,
} from '../xml/index.js';
import { ASSERTION, BEARER } from './names.js';
import { shown, simpleText, timeAttribute, uriText, walk, type TimeAttribute } from './read.js';

/** One bearer SubjectConfirmation (saml-core §2.4.1.1). */
export interface BearerConfirmation {
  /** How many SubjectConfirmationData it has; it takes exactly one to say anything. */
  readonly dataCount: number;
  readonly recipient: string | null;
  readonly notBefore: TimeAttribute;
  readonly notOnOrAfter: TimeAttribute;
  readonly inResponseTo: string | null;
}

export interface ConditionsFacts {
  readonly notBefore: TimeAttribute;
  readonly notOnOrAfter: TimeAttribute;
  /** The audiences of each AudienceRestriction. */
  readonly audiences: readonly (readonly (string | null)[])[];
  readonly oneTimeUse: boolean;
  readonly proxyRestrictions: readonly ProxyRestriction[];
  /** Names of conditions that we do not know. */
  readonly unknown: readonly string[];
}

export interface ProxyRestriction {
  readonly count: string | null;
  readonly audiences: readonly (string | null)[];
}

export interface AuthnStatementFacts {
  readonly element: VerifiedElement;
  readonly authnInstant: TimeAttribute;
  readonly sessionNotOnOrAfter: TimeAttribute;
  readonly sessionIndex: string | null;
  readonly authnContext: string | null;
}

/** What an assertion says, read once out of the tree that was verified. */
export interface AssertionFacts {
  readonly element: VerifiedElement;
  readonly version: string | null;
  readonly id: string;
  readonly issueInstant: TimeAttribute;
  readonly issuer: string | null;
  /** Children that the schema does not have, or has once and which are there more often. */
  readonly misplaced: string | null;
  readonly nameIds: readonly VerifiedElement[];
  readonly baseIds: number;
  readonly encryptedIds: number;
  readonly bearers: readonly BearerConfirmation[];
  readonly conditions: ConditionsFacts | null;
  readonly authnStatements: readonly AuthnStatementFacts[];
  readonly encryptedAttributes: number;
  readonly attributes: readonly VerifiedElement[];
}

const SINGLE = ['Issuer', 'Subject', 'Conditions', 'Advice'];
// Not the abstract Statement: what an extension of it says, nobody here knows (saml-core §2.7.1).
const STATEMENTS = ['AuthnStatement', 'AttributeStatement', 'AuthzDecisionStatement'];
const ATTRIBUTES = ['AttributeStatement', 'Attribute', 'EncryptedAttribute'];

export function readAssertion(assertion: VerifiedElement): AssertionFacts {
  const named = (localName: string) => verifiedChildrenNamed(assertion, ASSERTION, localName);
  const issuer = named('Issuer')[0];
  const subject = named('Subject')[0];
  const conditions = named('Conditions')[0];
  const statements = named('AttributeStatement');
  const ofSubject = (localName: string) =>
    subject === undefined ? [] : verifiedChildrenNamed(subject, ASSERTION, localName);
  return {
    element: assertion,
    version: attributeValue(assertion, 'Version') ?? null,
    id: attributeValue(assertion, 'ID') ?? '',
    issueInstant: timeAttribute(assertion, 'IssueInstant'),
    issuer: issuer === undefined ? null : simpleText(issuer),
    misplaced: misplacedChild(assertion) ?? misplacedAttribute(assertion),
    nameIds: ofSubject('NameID'),
    baseIds: ofSubject('BaseID').length,
    encryptedIds: ofSubject('EncryptedID').length,
    bearers: ofSubject('SubjectConfirmation')
      .filter((confirmation) => attributeValue(confirmation, 'Method') === BEARER)
      .map(readBearer),
    conditions: conditions === undefined ? null : readConditions(conditions),
    authnStatements: named('AuthnStatement').map(readAuthnStatement),
    encryptedAttributes: statements.reduce(
      (sum, statement) => sum + verifiedChildrenNamed(statement, ASSERTION, 'EncryptedAttribute').length,
      0,
    ),
    attributes: statements.flatMap((statement) => verifiedChildrenNamed(statement, ASSERTION, 'Attribute')),
  };
}

function misplacedChild(assertion: XmlElement): string | null {
  const seen = new Set<string>();
  for (const child of childElements(assertion)) {
    const name = child.localName;
    const known = child.namespace === ASSERTION && (SINGLE.includes(name) || STATEMENTS.includes(name));
    // Nor a Signature: what was verified is the assertion without its own.
    if (!known) return `unexpected element ${shown(name)}`;
    if (SINGLE.includes(name) && seen.has(name)) return `more than one ${name}`;
    seen.add(name);
  }
  return null;
}

/**
 * Neither the claim rules nor the DomainKey policy see an attribute that does not stand in an AttributeStatement of the
 * assertion, but it would be passed on, and a receiver that seeks attributes anywhere would find it.
 */
function misplacedAttribute(assertion: XmlElement): string | null {
  const misplaced: string[] = [];
  const note = (element: XmlElement) => {
    if (ATTRIBUTES.some((name) => isNamed(element, ASSERTION, name))) misplaced.push(element.localName);
  };
  for (const child of childElements(assertion)) {
    const isStatement = isNamed(child, ASSERTION, 'AttributeStatement');
    for (const inner of childElements(child)) {
      const inPlace = isStatement && inner.localName !== 'AttributeStatement';
      for (const each of inPlace ? childElements(inner) : [inner]) walk(each, note);
    }
  }
  const [first] = misplaced;
  return first === undefined ? null : `${first} outside an AttributeStatement of the assertion`;
}

function readBearer(confirmation: VerifiedElement): BearerConfirmation {
  const all = verifiedChildrenNamed(confirmation, ASSERTION, 'SubjectConfirmationData');
  const data = all[0];
  const text = (name: string) => (data === undefined ? null : (attributeValue(data, name) ?? null));
  return {
    dataCount: all.length,
    recipient: text('Recipient'),
    notBefore: timeAttribute(data, 'NotBefore'),
    notOnOrAfter: timeAttribute(data, 'NotOnOrAfter'),
    inResponseTo: text('InResponseTo'),
  };
}

function audiencesOf(restriction: VerifiedElement): (string | null)[] {
  return verifiedChildrenNamed(restriction, ASSERTION, 'Audience').map(uriText);
}

const KNOWN_CONDITIONS = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'];

function readConditions(conditions: VerifiedElement): ConditionsFacts {
  const named = (localName: string) => verifiedChildrenNamed(conditions, ASSERTION, localName);
  return {
    notBefore: timeAttribute(conditions, 'NotBefore'),
    notOnOrAfter: timeAttribute(conditions, 'NotOnOrAfter'),
    audiences: named('AudienceRestriction').map(audiencesOf),
    oneTimeUse: named('OneTimeUse').length > 0,
    proxyRestrictions: named('ProxyRestriction').map((restriction) => ({
      count: attributeValue(restriction, 'Count') ?? null,
      audiences: audiencesOf(restriction),
    })),
    unknown: childElements(conditions)
      .filter((child) => !KNOWN_CONDITIONS.some((name) => isNamed(child, ASSERTION, name)))
      .map((child) => child.localName),
  };
}

function readAuthnStatement(statement: VerifiedElement): AuthnStatementFacts {
  const context = verifiedChildrenNamed(statement, ASSERTION, 'AuthnContext')[0];
  const classRef =
    context === undefined ? undefined : verifiedChildrenNamed(context, ASSERTION, 'AuthnContextClassRef')[0];
  return {
    element: statement,
    authnInstant: timeAttribute(statement, 'AuthnInstant'),
    sessionNotOnOrAfter: timeAttribute(statement, 'SessionNotOnOrAfter'),
    sessionIndex: attributeValue(statement, 'SessionIndex') ?? null,
    authnContext: classRef === undefined ? null : uriText(classRef),
  };
}
