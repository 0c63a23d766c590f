import {
  canonicalize,
  childrenNamed,
  encryptElement,
  parseXml,
  defaultXmlLimits,
  signEnveloped,
  type EncryptionAlgorithms,
  type SigningKey,
  type XmlElement,
} from '../../src/xml/index.js';
import type { TestKeyPair } from './pki.js';

/** The wire shapes of real identity providers, as their public captures show them. */
export type Shape = 'okta' | 'entra-id' | 'ad-fs' | 'google' | 'onelogin' | 'ping' | 'auth0' | 'keycloak';

type Signed = 'response' | 'assertion' | 'both';

interface ShapeFacts {
  readonly protocol: string;
  /** Prefix of the assertion namespace; empty where the assertion stands in the default namespace. */
  readonly assertion: string;
  readonly signed: Signed;
  /** Of attribute values. */
  readonly xsiType: string | null;
  readonly nameFormat: string | null;
  readonly nameIdFormat: string | null;
  /** Minutes before and after the IssueInstant. */
  readonly conditions: readonly [number, number];
  readonly sessionIndex: 'own' | 'assertion' | 'none';
  readonly authnContext: string;
  readonly issuerFormat: boolean;
  /** Whether the Response's Signature is its last child, against the schema. */
  readonly signatureLast: boolean;
}

const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const BASIC = 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic';
const CLASSES = 'urn:oasis:names:tc:SAML:2.0:ac:classes:';

const COMMON: ShapeFacts = {
  protocol: 'samlp',
  assertion: 'saml',
  signed: 'assertion',
  xsiType: 'xs:string',
  nameFormat: BASIC,
  nameIdFormat: EMAIL,
  conditions: [-5, 5],
  sessionIndex: 'assertion',
  authnContext: `${CLASSES}PasswordProtectedTransport`,
  issuerFormat: false,
  signatureLast: false,
};

const SHAPES: Readonly<Record<Shape, ShapeFacts>> = {
  okta: { ...COMMON, protocol: 'saml2p', assertion: 'saml2', signed: 'both', sessionIndex: 'own', issuerFormat: true },
  'entra-id': { ...COMMON, assertion: '', xsiType: null, nameFormat: null, conditions: [0, 70] },
  'ad-fs': { ...COMMON, assertion: '', xsiType: null, nameFormat: null, conditions: [0, 60] },
  google: {
    ...COMMON,
    protocol: 'saml2p',
    assertion: 'saml2',
    signed: 'response',
    xsiType: 'xs:anyType',
    nameIdFormat: null,
    authnContext: `${CLASSES}unspecified`,
  },
  onelogin: { ...COMMON, conditions: [-3, 3], sessionIndex: 'own' },
  ping: { ...COMMON, signed: 'response', authnContext: `${CLASSES}Password` },
  auth0: { ...COMMON, signed: 'response', signatureLast: true, xsiType: 'xs:anyType', conditions: [0, 60] },
  keycloak: { ...COMMON, signed: 'both', sessionIndex: 'own' },
};

export const shapes = Object.keys(SHAPES) as readonly Shape[];

export interface TestAttribute {
  readonly name: string;
  readonly values: readonly string[];
}

export interface ResponseDescription {
  readonly shape?: Shape;
  /** In milliseconds since the epoch; the IssueInstant. */
  readonly now: number;
  readonly issuer: string;
  readonly audience: string;
  readonly destination: string;
  readonly recipient?: string;
  /** `null` for an unsolicited response. */
  readonly inResponseTo: string | null;
  readonly nameId: string;
  readonly attributes: readonly TestAttribute[];
  readonly responseId?: string;
  readonly assertionId?: string;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function attributeXml(prefix: string, { xsiType, nameFormat }: ShapeFacts, { name, values }: TestAttribute): string {
  const type =
    xsiType === null
      ? ''
      : ` xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${xsiType}"`;
  const format = nameFormat === null ? '' : ` NameFormat="${nameFormat}"`;
  const inner = values.map((value) => `<${prefix}AttributeValue${type}>${escapeXml(value)}</${prefix}AttributeValue>`);
  return `<${prefix}Attribute Name="${escapeXml(name)}"${format}>${inner.join('')}</${prefix}Attribute>`;
}

/** The response of that shape, without signatures. */
export function unsignedResponse(description: ResponseDescription): string {
  const facts = SHAPES[description.shape ?? 'okta'];
  const { now, issuer, audience, destination, inResponseTo, nameId } = description;
  const responseId = description.responseId ?? 'id2128248929510670834559185';
  const assertionId = description.assertionId ?? 'id21282489295831671519234';
  const at = (minutes: number) => new Date(now + minutes * 60_000).toISOString();
  const p = facts.protocol;
  const a = facts.assertion === '' ? '' : `${facts.assertion}:`;
  const declared =
    facts.assertion === ''
      ? 'xmlns="urn:oasis:names:tc:SAML:2.0:assertion"'
      : `xmlns:${facts.assertion}="urn:oasis:names:tc:SAML:2.0:assertion"`;
  const answers = inResponseTo === null ? '' : ` InResponseTo="${inResponseTo}"`;
  const format = facts.issuerFormat ? ' Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity"' : '';
  const session = { own: ' SessionIndex="_session1"', assertion: ` SessionIndex="${assertionId}"`, none: '' };
  const nameIdFormat = facts.nameIdFormat === null ? '' : ` Format="${facts.nameIdFormat}"`;
  const statement = description.attributes.map((each) => attributeXml(a, facts, each)).join('');
  const [from, until] = facts.conditions;
  return (
    `<${p}:Response xmlns:${p}="urn:oasis:names:tc:SAML:2.0:protocol" Destination="${destination}" ID="${responseId}"${answers} IssueInstant="${at(0)}" Version="2.0">` +
    `<${a}Issuer ${declared}${format}>${escapeXml(issuer)}</${a}Issuer>` +
    `<${p}:Status><${p}:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></${p}:Status>` +
    `<${a}Assertion ${declared} ID="${assertionId}" IssueInstant="${at(0)}" Version="2.0">` +
    `<${a}Issuer${format}>${escapeXml(issuer)}</${a}Issuer>` +
    `<${a}Subject><${a}NameID${nameIdFormat}>${escapeXml(nameId)}</${a}NameID>` +
    `<${a}SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">` +
    `<${a}SubjectConfirmationData${answers} NotOnOrAfter="${at(5)}" Recipient="${description.recipient ?? destination}"/>` +
    `</${a}SubjectConfirmation></${a}Subject>` +
    `<${a}Conditions NotBefore="${at(from)}" NotOnOrAfter="${at(until)}"><${a}AudienceRestriction>` +
    `<${a}Audience>${escapeXml(audience)}</${a}Audience></${a}AudienceRestriction></${a}Conditions>` +
    `<${a}AuthnStatement AuthnInstant="${at(-1)}"${session[facts.sessionIndex]}><${a}AuthnContext>` +
    `<${a}AuthnContextClassRef>${facts.authnContext}</${a}AuthnContextClassRef></${a}AuthnContext></${a}AuthnStatement>` +
    (statement === '' ? '' : `<${a}AttributeStatement>${statement}</${a}AttributeStatement>`) +
    `</${a}Assertion></${p}:Response>`
  );
}

const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion';

export interface Sealing {
  readonly key: SigningKey;
  /** Default: what the shape signs; `none` leaves the response unsigned. */
  readonly signed?: Signed | 'none';
  readonly encryptTo?: TestKeyPair;
  readonly algorithms?: EncryptionAlgorithms;
  /** Prefixes that the content names beside `xs`. */
  readonly prefixes?: readonly string[];
  /** Changes the response before it is signed, so that only its content is wrong. */
  readonly edit?: (xml: string) => string;
  /** Changes the assertion after signing and before encrypting. */
  readonly editSignedAssertion?: (xml: string) => string;
}

const parse = (xml: string): XmlElement => parseXml(Buffer.from(xml, 'utf8'), defaultXmlLimits);

function replaceChild(parent: XmlElement, old: XmlElement, replacement: XmlElement): XmlElement {
  return { ...parent, children: parent.children.map((child) => (child === old ? replacement : child)) };
}

/** A response that is signed, and where asked encrypted, as the shape has it. */
export async function signedResponse(description: ResponseDescription, sealing: Sealing): Promise<string> {
  const facts = SHAPES[description.shape ?? 'okta'];
  const signed = sealing.signed ?? facts.signed;
  const unsigned = unsignedResponse(description);
  let response = parse(sealing.edit?.(unsigned) ?? unsigned);
  // As Okta writes it: where values are typed, the prefix that their type names is signed too.
  const inclusivePrefixes = [...(facts.xsiType === null ? [] : ['xs']), ...(sealing.prefixes ?? [])];
  for (const assertion of childrenNamed(response, ASSERTION, 'Assertion')) {
    let sealed = assertion;
    if (signed === 'assertion' || signed === 'both') {
      sealed = await signEnveloped(assertion, sealing.key, { position: 1, inclusivePrefixes });
    }
    if (sealing.editSignedAssertion !== undefined) {
      sealed = parse(sealing.editSignedAssertion(canonicalize(sealed, inclusivePrefixes)));
    }
    if (sealing.encryptTo !== undefined) sealed = encrypted(sealed, inclusivePrefixes, sealing.encryptTo, sealing);
    response = replaceChild(response, assertion, sealed);
  }
  if (signed === 'response' || signed === 'both') {
    const position = facts.signatureLast ? response.children.length : 1;
    response = await signEnveloped(response, sealing.key, { position, inclusivePrefixes });
  }
  return canonicalize(response, inclusivePrefixes);
}

function encrypted(
  assertion: XmlElement,
  inclusivePrefixes: readonly string[],
  { publicKey }: TestKeyPair,
  { algorithms = {} }: Sealing,
): XmlElement {
  const data = encryptElement(assertion, { publicKey }, algorithms, { inclusivePrefixes });
  const prefix = assertion.prefix === '' ? '' : `${assertion.prefix}:`;
  const declared = assertion.prefix === '' ? 'xmlns' : `xmlns:${assertion.prefix}`;
  const empty = parse(`<${prefix}EncryptedAssertion ${declared}="${ASSERTION}"/>`);
  return { ...empty, children: [data] };
}
