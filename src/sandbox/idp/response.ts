import { escapeHtml } from '../../shared/index.js';
import {
  BEARER,
  DISPLAY_NAME,
  EMAIL_ADDRESS,
  SAML_ASSERTION,
  SAML_PROTOCOL,
  ZIVVER_ACCOUNT_KEY,
} from '../namespaces.js';
import type { AttributeStatement, SandboxUser, UserField } from './options.js';

/** What Zivver's manual for Okta maps, user.id as the account key. */
export const ZIVVER_ATTRIBUTES: readonly AttributeStatement[] = [
  { name: ZIVVER_ACCOUNT_KEY, field: 'user.id' },
  { name: DISPLAY_NAME, field: 'user.displayName' },
  { name: 'urn:oid:2.5.4.3', field: 'user.firstName' },
  { name: 'urn:oid:2.5.4.20', field: 'user.mobilePhone' },
];

const URI_NAME = 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri';
export const PASSWORD_PROTECTED_TRANSPORT = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
const ENTITY = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity';
const NAMESPACE = `xmlns:saml2="${SAML_ASSERTION}"`;
const SCHEMA = 'http://www.w3.org/2001/XMLSchema';

export interface ResponseContent {
  readonly responseId: string;
  readonly assertionId: string;
  readonly issuer: string;
  readonly user: SandboxUser;
  readonly attributes: readonly AttributeStatement[];
  readonly audience: string;
  readonly destination: string;
  readonly recipient: string;
  readonly inResponseTo: string | null;
  readonly authnContextClassRef: string;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly notBefore: number;
  readonly notOnOrAfter: number;
}

/** The unsigned document, in the shape that Okta sends (prefixes, namespace declarations, typed values). */
export function responseXml(content: ResponseContent): string {
  const issuer = `<saml2:Issuer ${NAMESPACE} Format="${ENTITY}">${escapeHtml(content.issuer)}</saml2:Issuer>`;
  const instant = iso(content.issuedAt);
  const inResponseTo = content.inResponseTo === null ? '' : ` InResponseTo="${escapeHtml(content.inResponseTo)}"`;
  return (
    `<?xml version="1.0" encoding="UTF-8"?><saml2p:Response xmlns:saml2p="${SAML_PROTOCOL}" Destination="${escapeHtml(content.destination)}" ID="${content.responseId}"${inResponseTo} IssueInstant="${instant}" Version="2.0" xmlns:xs="${SCHEMA}">` +
    issuer +
    `<saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status>` +
    `<saml2:Assertion ${NAMESPACE} ID="${content.assertionId}" IssueInstant="${instant}" Version="2.0" xmlns:xs="${SCHEMA}">` +
    issuer +
    `<saml2:Subject><saml2:NameID Format="${EMAIL_ADDRESS}">${escapeHtml(content.user.email)}</saml2:NameID>` +
    `<saml2:SubjectConfirmation Method="${BEARER}"><saml2:SubjectConfirmationData${inResponseTo} NotOnOrAfter="${iso(content.notOnOrAfter)}" Recipient="${escapeHtml(content.recipient)}"/></saml2:SubjectConfirmation></saml2:Subject>` +
    `<saml2:Conditions NotBefore="${iso(content.notBefore)}" NotOnOrAfter="${iso(content.notOnOrAfter)}"><saml2:AudienceRestriction><saml2:Audience>${escapeHtml(content.audience)}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>` +
    // Okta's SessionIndex is the request's ID where there is one.
    `<saml2:AuthnStatement AuthnInstant="${instant}" SessionIndex="${escapeHtml(content.inResponseTo ?? content.assertionId)}"><saml2:AuthnContext><saml2:AuthnContextClassRef>${escapeHtml(content.authnContextClassRef)}</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>` +
    attributeStatement(content) +
    `</saml2:Assertion></saml2p:Response>`
  );
}

function attributeStatement({ user, attributes }: ResponseContent): string {
  const written = attributes.map((attribute) => attributeXml(user, attribute)).join('');
  return written === '' ? '' : `<saml2:AttributeStatement>${written}</saml2:AttributeStatement>`;
}

function attributeXml(user: SandboxUser, statement: AttributeStatement): string {
  const value = 'value' in statement ? statement.value : fieldOf(user, statement.field);
  // Like Okta, a field without a value sends no attribute.
  if (value === undefined) return '';
  return (
    `<saml2:Attribute Name="${escapeHtml(statement.name)}" NameFormat="${escapeHtml(statement.nameFormat ?? URI_NAME)}">` +
    `<saml2:AttributeValue xmlns:xs="${SCHEMA}" xmlns:xsi="${SCHEMA}-instance" xsi:type="xs:string">${escapeHtml(value)}</saml2:AttributeValue></saml2:Attribute>`
  );
}

export function displayNameOf(user: SandboxUser): string {
  return `${user.firstName} ${user.lastName}`;
}

function fieldOf(user: SandboxUser, field: UserField): string | undefined {
  switch (field) {
    case 'user.id':
      return user.id;
    case 'user.email':
      return user.email;
    case 'user.firstName':
      return user.firstName;
    case 'user.lastName':
      return user.lastName;
    case 'user.displayName':
      return displayNameOf(user);
    case 'user.mobilePhone':
      return user.mobilePhone;
  }
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
