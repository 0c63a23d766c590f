import { DOMParser, XMLSerializer, type Element } from '@xmldom/xmldom';
import { SignedXml } from 'xml-crypto';
import { DOMAIN_KEY, gatewayKeys, idpKeys } from '../../test/support/saml-parties.js';

const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion';
const XMLDSIG = 'http://www.w3.org/2000/09/xmldsig#';
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

function signatureIn(parent: Element): Element {
  const found = Array.from(parent.childNodes).find((child) => child.namespaceURI === XMLDSIG);
  if (found === undefined) throw new Error('There is no signature.');
  return found as Element;
}

function first(parent: Element, localName: string): Element {
  const found = parent.getElementsByTagNameNS(ASSERTION, localName)[0];
  if (found === undefined) throw new Error(`There is no ${localName}.`);
  return found;
}

function verify(xml: string, signature: Element, publicCert: string): void {
  const verifier = new SignedXml({ publicCert });
  verifier.loadSignature(new XMLSerializer().serializeToString(signature));
  if (!verifier.checkSignature(xml)) throw new Error('xml-crypto refuses the signature.');
}

function inject(assertion: Element): void {
  const document = assertion.ownerDocument;
  if (document === null) throw new Error('The assertion stands in no document.');
  const { prefix } = assertion;
  const named = (localName: string) => `${prefix ?? ''}:${localName}`;
  const value = document.createElementNS(ASSERTION, named('AttributeValue'));
  value.appendChild(document.createTextNode('domain-key-of-example-org'));
  const attribute = document.createElementNS(ASSERTION, named('Attribute'));
  attribute.setAttribute('Name', DOMAIN_KEY);
  attribute.appendChild(value);
  first(assertion, 'AttributeStatement').appendChild(attribute);
}

/** The least that a gateway could do with xml-crypto: verify both signatures, inject, sign the assertion anew. */
export function xmlCryptoTransform(xml: string): string {
  const root = new DOMParser().parseFromString(xml, 'text/xml').documentElement;
  if (root === null) throw new Error('There is no root.');
  const assertion = first(root, 'Assertion');
  const publicCert = idpKeys().certificatePem;
  verify(xml, signatureIn(root), publicCert);
  verify(xml, signatureIn(assertion), publicCert);
  root.removeChild(signatureIn(root));
  assertion.removeChild(signatureIn(assertion));
  inject(assertion);
  const signer = new SignedXml({
    privateKey: gatewayKeys().privateKey,
    publicCert: gatewayKeys().certificatePem,
    signatureAlgorithm: RSA_SHA256,
    canonicalizationAlgorithm: EXC_C14N,
  });
  const xpath = "//*[local-name()='Assertion']";
  signer.addReference({ xpath, digestAlgorithm: SHA256, transforms: [ENVELOPED, EXC_C14N] });
  const location = { reference: `${xpath}/*[local-name()='Issuer']`, action: 'after' } as const;
  signer.computeSignature(new XMLSerializer().serializeToString(root), { location });
  return signer.getSignedXml();
}
