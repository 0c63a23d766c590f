import { createHash, sign, type KeyObject } from 'node:crypto';
import { attributeValue, canonicalize, parseXml, type XmlElement } from '../../src/xml/index.js';

const SHA1 = { digest: 'http://www.w3.org/2000/09/xmldsig#sha1', method: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' };
const SHA256 = {
  digest: 'http://www.w3.org/2001/04/xmlenc#sha256',
  method: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
};

/** A document with a signature that the program itself never writes: SHA-1 in the digest, the signature, or both. */
export function sha1Signature(content: XmlElement, key: KeyObject, where: 'both' | 'digest' | 'signature'): string {
  const digest = where === 'signature' ? SHA256 : SHA1;
  const method = where === 'digest' ? SHA256 : SHA1;
  const value = createHash(digest === SHA1 ? 'sha1' : 'sha256')
    .update(canonicalize(content))
    .digest('base64');
  const signedInfo =
    '<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">' +
    '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>' +
    `<ds:SignatureMethod Algorithm="${method.method}"></ds:SignatureMethod>` +
    `<ds:Reference URI="#${attributeValue(content, 'ID') ?? ''}"><ds:Transforms>` +
    '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>' +
    '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms>' +
    `<ds:DigestMethod Algorithm="${digest.digest}"></ds:DigestMethod><ds:DigestValue>${value}</ds:DigestValue>` +
    '</ds:Reference></ds:SignedInfo>';
  const signature = sign(method === SHA1 ? 'sha1' : 'sha256', Buffer.from(signedInfo), key).toString('base64');
  const element = parseXml(
    Buffer.from(
      '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">' +
        `${signedInfo}<ds:SignatureValue>${signature}</ds:SignatureValue></ds:Signature>`,
    ),
  );
  return canonicalize({ ...content, children: [element, ...content.children] });
}
