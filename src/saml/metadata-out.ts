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
import { BINDING_POST, BINDING_REDIRECT, METADATA, NAME_ID_EMAIL, PROTOCOL, XMLDSIG } from './names.js';
import { formatDateTime } from './time.js';

/** What both of our faces have in common. Certificates are base64 of the DER, without line breaks. */
interface OwnMetadata {
  /** ID of the document, for its signature. */
  readonly id: string;
  readonly entityId: string;
  /** Active and next: the other side loads the next one before it signs. */
  readonly signingCertificates: readonly string[];
  /** In milliseconds since the epoch. */
  readonly validUntil: number;
  /** `null` leaves the document unsigned. */
  readonly key: SigningKey | null;
}

/** We as service provider, for one identity provider. */
export interface SpMetadata extends OwnMetadata {
  readonly acsUrl: string;
  readonly decryptionCertificates: readonly string[];
  readonly requestsSigned: boolean;
}

/** We as identity provider, for the service provider. */
export interface OwnIdpMetadata extends OwnMetadata {
  /** The endpoint for both bindings. */
  readonly ssoUrl: string;
  readonly wantsSignedRequests: boolean;
}

function md(localName: string, attributes: readonly XmlAttribute[], children: readonly XmlNode[]): XmlElement {
  return element({ prefix: 'md', localName, namespace: METADATA, attributes, children });
}

function ds(localName: string, children: readonly XmlNode[]): XmlElement {
  return element({ prefix: 'ds', localName, namespace: XMLDSIG, children });
}

function keyDescriptor(use: 'signing' | 'encryption', certificate: string): XmlElement {
  const keyInfo = ds('KeyInfo', [ds('X509Data', [ds('X509Certificate', [certificate])])]);
  return md('KeyDescriptor', [attribute('use', use)], [keyInfo]);
}

function nameIdFormat(): XmlElement {
  return md('NameIDFormat', [], [NAME_ID_EMAIL]);
}

async function write(metadata: OwnMetadata, role: XmlElement): Promise<string> {
  const document = md(
    'EntityDescriptor',
    [
      attribute('ID', metadata.id),
      attribute('entityID', metadata.entityId),
      attribute('validUntil', formatDateTime(metadata.validUntil)),
    ],
    [role],
  );
  // saml-metadata §2.3.2: the Signature is the first child.
  return canonicalize(metadata.key === null ? document : await signEnveloped(document, metadata.key, { position: 0 }));
}

/** @returns the document as XML */
export function writeSpMetadata(metadata: SpMetadata): Promise<string> {
  const role = md(
    'SPSSODescriptor',
    [
      attribute('AuthnRequestsSigned', String(metadata.requestsSigned)),
      attribute('WantAssertionsSigned', 'true'),
      attribute('protocolSupportEnumeration', PROTOCOL),
    ],
    [
      ...metadata.signingCertificates.map((certificate) => keyDescriptor('signing', certificate)),
      ...metadata.decryptionCertificates.map((certificate) => keyDescriptor('encryption', certificate)),
      nameIdFormat(),
      md(
        'AssertionConsumerService',
        [
          attribute('Binding', BINDING_POST),
          attribute('Location', metadata.acsUrl),
          attribute('index', '0'),
          attribute('isDefault', 'true'),
        ],
        [],
      ),
    ],
  );
  return write(metadata, role);
}

/** @returns the document as XML */
export function writeIdpMetadata(metadata: OwnIdpMetadata): Promise<string> {
  const service = (binding: string) =>
    md('SingleSignOnService', [attribute('Binding', binding), attribute('Location', metadata.ssoUrl)], []);
  const role = md(
    'IDPSSODescriptor',
    [
      attribute('WantAuthnRequestsSigned', String(metadata.wantsSignedRequests)),
      attribute('protocolSupportEnumeration', PROTOCOL),
    ],
    [
      ...metadata.signingCertificates.map((certificate) => keyDescriptor('signing', certificate)),
      nameIdFormat(),
      service(BINDING_REDIRECT),
      service(BINDING_POST),
    ],
  );
  return write(metadata, role);
}
