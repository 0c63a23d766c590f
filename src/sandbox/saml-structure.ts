import { SAML_ASSERTION, SAML_METADATA, SAML_PROTOCOL, XML_SIGNATURE } from './namespaces.js';
import { readXml, type ReadElement } from './xml-reader.js';

interface ContentModel {
  /** Over the children's names, each followed by a space. */
  readonly children: RegExp;
  readonly required: readonly string[];
}

const PREFIXES: ReadonlyMap<string, string> = new Map([
  [SAML_PROTOCOL, 'samlp:'],
  [SAML_ASSERTION, 'saml:'],
  [SAML_METADATA, 'md:'],
  [XML_SIGNATURE, 'ds:'],
]);

const MESSAGE = ['ID', 'Version', 'IssueInstant'];
const model = (children: RegExp, required: readonly string[] = []): ContentModel => ({ children, required });

/** The sequences of saml-schema-protocol, -assertion and -metadata 2.0 for what these flows carry. */
const MODELS: ReadonlyMap<string, ContentModel> = new Map([
  [
    'samlp:Response',
    model(/^(saml:Issuer )?(ds:Signature )?(samlp:Extensions )?samlp:Status (saml:(Encrypted)?Assertion )*$/, MESSAGE),
  ],
  [
    'samlp:AuthnRequest',
    model(
      /^(saml:Issuer )?(ds:Signature )?(samlp:Extensions )?(saml:Subject )?(samlp:NameIDPolicy )?(saml:Conditions )?(samlp:RequestedAuthnContext )?(samlp:Scoping )?$/,
      MESSAGE,
    ),
  ],
  ['samlp:Status', model(/^samlp:StatusCode (samlp:StatusMessage )?(samlp:StatusDetail )?$/)],
  ['samlp:StatusCode', model(/^(samlp:StatusCode )?$/, ['Value'])],
  [
    'saml:Assertion',
    model(
      /^saml:Issuer (ds:Signature )?(saml:Subject )?(saml:Conditions )?(saml:Advice )?(saml:(Authn|AuthzDecision|Attribute)?Statement )*$/,
      MESSAGE,
    ),
  ],
  [
    'saml:Subject',
    model(/^((saml:(BaseID|NameID|EncryptedID) )(saml:SubjectConfirmation )*|(saml:SubjectConfirmation )+)$/),
  ],
  [
    'saml:SubjectConfirmation',
    model(/^(saml:(BaseID|NameID|EncryptedID) )?(saml:SubjectConfirmationData )?$/, ['Method']),
  ],
  ['saml:Conditions', model(/^(saml:(Condition|AudienceRestriction|OneTimeUse|ProxyRestriction) )*$/)],
  ['saml:AudienceRestriction', model(/^(saml:Audience )+$/)],
  ['saml:AuthnStatement', model(/^(saml:SubjectLocality )?saml:AuthnContext $/, ['AuthnInstant'])],
  [
    'saml:AuthnContext',
    model(
      /^(saml:AuthnContextClassRef (saml:AuthnContextDecl(Ref)? )?|saml:AuthnContextDecl(Ref)? )(saml:AuthenticatingAuthority )*$/,
    ),
  ],
  ['saml:AttributeStatement', model(/^(saml:(Encrypted)?Attribute )+$/)],
  ['saml:Attribute', model(/^(saml:AttributeValue )*$/, ['Name'])],
  ['saml:Issuer', model(/^$/)],
  ['saml:NameID', model(/^$/)],
  ['saml:Audience', model(/^$/)],
  ['ds:Signature', model(/^ds:SignedInfo ds:SignatureValue (ds:KeyInfo )?(ds:Object )*$/)],
  ['ds:SignedInfo', model(/^ds:CanonicalizationMethod ds:SignatureMethod (ds:Reference )+$/)],
  [
    'md:EntityDescriptor',
    model(
      /^(ds:Signature )?(md:Extensions )?(md:\w+Descriptor )+(md:Organization )?(md:ContactPerson )*(md:AdditionalMetadataLocation )*$/,
      ['entityID'],
    ),
  ],
  [
    'md:IDPSSODescriptor',
    model(
      /^(ds:Signature )?(md:Extensions )?(md:KeyDescriptor )*(md:Organization )?(md:ContactPerson )*(md:ArtifactResolutionService )*(md:SingleLogoutService )*(md:ManageNameIDService )*(md:NameIDFormat )*(md:SingleSignOnService )+(md:NameIDMappingService )*(md:AssertionIDRequestService )*(md:AttributeProfile )*(saml:Attribute )*$/,
      ['protocolSupportEnumeration'],
    ),
  ],
  [
    'md:SPSSODescriptor',
    model(
      /^(ds:Signature )?(md:Extensions )?(md:KeyDescriptor )*(md:Organization )?(md:ContactPerson )*(md:ArtifactResolutionService )*(md:SingleLogoutService )*(md:ManageNameIDService )*(md:NameIDFormat )*(md:AssertionConsumerService )+(md:AttributeConsumingService )*$/,
      ['protocolSupportEnumeration'],
    ),
  ],
]);

const ROOTS = new Set(['samlp:Response', 'samlp:AuthnRequest', 'md:EntityDescriptor']);
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const INSTANTS = ['IssueInstant', 'NotBefore', 'NotOnOrAfter', 'AuthnInstant', 'SessionNotOnOrAfter'];
const NC_NAME = /^[\p{L}_][\p{L}\p{N}_.\-·]*$/u;

/**
 * Checks well-formedness, the order and presence of children and required attributes, the form of dates, and that
 * every xs:ID is one and unique. Throws an Error that names the element.
 *
 * It is not an XSD validation: that would need a native library or Java at run time. It covers the sequences
 * that signature wrapping and careless builders break; the signatures themselves are samlify's work.
 */
export function assertSamlStructure(xml: string): void {
  const root = readXml(xml);
  if (!ROOTS.has(qualified(root))) throw new Error(`${qualified(root)} is no SAML document`);
  const ids = new Set<string>();
  visit(root, (element) => {
    assertContent(element);
    assertValues(element, ids);
  });
}

function assertContent(element: ReadElement): void {
  const name = qualified(element);
  const content = MODELS.get(name);
  if (content === undefined) return;
  const children = element.children.map((child) => `${qualified(child)} `).join('');
  if (!content.children.test(children))
    throw new Error(`the children of ${name} are not as the schema says: ${children}`);
  const missing = content.required.filter((attribute) => !element.attributes.has(attribute));
  if (missing.length > 0) throw new Error(`${name} lacks ${missing.join(', ')}`);
}

function assertValues(element: ReadElement, ids: Set<string>): void {
  for (const name of INSTANTS) {
    const value = element.attributes.get(name);
    if (value !== undefined && !DATE_TIME.test(value)) throw new Error(`${qualified(element)} has a bad ${name}`);
  }
  const version = element.attributes.get('Version');
  if (version !== undefined && version !== '2.0') throw new Error(`${qualified(element)} is not of version 2.0`);
  const id = element.attributes.get('ID');
  if (id === undefined) return;
  if (!NC_NAME.test(id)) throw new Error(`the ID of ${qualified(element)} is no xs:ID`);
  if (ids.has(id)) throw new Error(`the ID ${id} occurs twice`);
  ids.add(id);
}

function qualified(element: ReadElement): string {
  const prefix = PREFIXES.get(element.namespace);
  return prefix === undefined ? `{${element.namespace}}${element.name}` : prefix + element.name;
}

function visit(element: ReadElement, action: (element: ReadElement) => void): void {
  action(element);
  for (const child of element.children) visit(child, action);
}
