import { escapeHtml } from '../shared/index.js';
import { EMAIL_ADDRESS, HTTP_POST, HTTP_REDIRECT, SAML_METADATA, SAML_PROTOCOL, XML_SIGNATURE } from './namespaces.js';
import { IdPMetadata, SPMetadata } from './samlify.js';
import { assertSamlStructure } from './saml-structure.js';

/** What the sandbox needs to know of an identity provider. */
export interface IdpDescription {
  readonly entityId: string;
  readonly redirectUrl: string | null;
  readonly postUrl: string | null;
  /** Base64 DER. */
  readonly certificates: readonly string[];
  readonly wantAuthnRequestsSigned: boolean;
}

/** What the sandbox needs to know of a service provider. */
export interface SpDescription {
  readonly entityId: string;
  readonly acsUrl: string;
  /** Base64 DER. */
  readonly certificates: readonly string[];
  readonly authnRequestsSigned: boolean;
  readonly wantAssertionsSigned: boolean;
}

/** Reads an IdP's metadata with samlify. Throws an Error where it is no usable IdP metadata. */
export function readIdpMetadata(xml: string): IdpDescription {
  assertSamlStructure(xml);
  const metadata = IdPMetadata(xml);
  const entry = describedBy(metadata);
  const service = (binding: string): string | null => {
    const services: unknown = entry.meta['singleSignOnService'];
    const location: unknown = isRecord(services) ? services[binding] : undefined;
    return typeof location === 'string' ? location : null;
  };
  const certificates = signingCertificates(entry.meta);
  if (certificates.length === 0) throw new Error('the metadata holds no signing certificate');
  return {
    entityId: metadata.getEntityID(),
    redirectUrl: service(HTTP_REDIRECT),
    postUrl: service(HTTP_POST),
    certificates,
    wantAuthnRequestsSigned: entry.meta['wantAuthnRequestsSigned'] === 'true',
  };
}

/** Reads an SP's metadata with samlify. Throws an Error where it is no usable SP metadata. */
export function readSpMetadata(xml: string): SpDescription {
  assertSamlStructure(xml);
  const metadata = SPMetadata(xml);
  const entry = describedBy(metadata);
  const acsUrl = [entry.meta['assertionConsumerService']]
    .flat()
    .filter(isRecord)
    .find((service) => service['binding'] === HTTP_POST)?.['location'];
  if (typeof acsUrl !== 'string') throw new Error('the metadata holds no AssertionConsumerService for HTTP-POST');
  const descriptor: unknown = entry.meta['spSSODescriptor'];
  const flag = (name: string): boolean => isRecord(descriptor) && descriptor[name] === 'true';
  return {
    entityId: metadata.getEntityID(),
    acsUrl,
    certificates: signingCertificates(entry.meta),
    authnRequestsSigned: flag('authnRequestsSigned'),
    wantAssertionsSigned: flag('wantAssertionsSigned'),
  };
}

export function idpMetadataXml(idp: IdpDescription): string {
  const services = [
    [HTTP_REDIRECT, idp.redirectUrl],
    [HTTP_POST, idp.postUrl],
  ] as const;
  return entityDescriptor(
    idp.entityId,
    `<md:IDPSSODescriptor WantAuthnRequestsSigned="${idp.wantAuthnRequestsSigned}" protocolSupportEnumeration="${SAML_PROTOCOL}">` +
      idp.certificates.map(keyDescriptor).join('') +
      `<md:NameIDFormat>${EMAIL_ADDRESS}</md:NameIDFormat>` +
      services
        .map(([binding, url]) =>
          url === null ? '' : `<md:SingleSignOnService Binding="${binding}" Location="${escapeHtml(url)}"/>`,
        )
        .join('') +
      `</md:IDPSSODescriptor>`,
  );
}

export function spMetadataXml(sp: SpDescription): string {
  return entityDescriptor(
    sp.entityId,
    `<md:SPSSODescriptor AuthnRequestsSigned="${sp.authnRequestsSigned}" WantAssertionsSigned="${sp.wantAssertionsSigned}" protocolSupportEnumeration="${SAML_PROTOCOL}">` +
      sp.certificates.map(keyDescriptor).join('') +
      `<md:NameIDFormat>${EMAIL_ADDRESS}</md:NameIDFormat>` +
      `<md:AssertionConsumerService Binding="${HTTP_POST}" Location="${escapeHtml(sp.acsUrl)}" index="0" isDefault="true"/>` +
      `</md:SPSSODescriptor>`,
  );
}

function entityDescriptor(entityId: string, role: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<md:EntityDescriptor xmlns:md="${SAML_METADATA}" entityID="${escapeHtml(entityId)}">${role}</md:EntityDescriptor>`;
}

function keyDescriptor(certificate: string): string {
  return `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="${XML_SIGNATURE}"><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;
}

/** samlify declares the factories' results by an interface that leaves out the bag of values which they fill. */
function describedBy(metadata: object): { readonly meta: Readonly<Record<string, unknown>> } {
  const meta: unknown = 'meta' in metadata ? metadata.meta : undefined;
  if (!isRecord(meta)) throw new Error('samlify read no metadata');
  return { meta };
}

/** A KeyDescriptor without `use` serves both purposes (saml-metadata §2.4.1.1): samlify keeps those apart. */
function signingCertificates(meta: Readonly<Record<string, unknown>>): readonly string[] {
  const declared = meta['certificate'];
  const signing: unknown = isRecord(declared) ? declared['signing'] : undefined;
  const candidates: unknown[] = signing === undefined ? [meta['sharedCertificate']] : [signing];
  return candidates
    .flat(Number.POSITIVE_INFINITY)
    .filter((certificate) => typeof certificate === 'string')
    .map((certificate) => certificate.replace(/\s/g, ''))
    .filter((certificate) => certificate !== '');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
