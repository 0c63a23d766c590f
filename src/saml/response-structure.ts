import { attributeValue, childElements, childrenNamed, isNamed, type XmlElement } from '../xml/index.js';
import type { Check } from './checks.js';
import { ASSERTION, PROTOCOL, XMLDSIG } from './names.js';
import { shown, shownList, walk } from './read.js';
import { readStatus, statusSentence } from './status.js';

/** saml-core §3.2.2: each at most once in a Response, beside the assertions. */
const SINGLE_CHILDREN: readonly (readonly [string, string])[] = [
  [ASSERTION, 'Issuer'],
  [XMLDSIG, 'Signature'],
  [PROTOCOL, 'Extensions'],
  [PROTOCOL, 'Status'],
];

export function isAssertion(element: XmlElement): boolean {
  return isNamed(element, ASSERTION, 'Assertion') || isNamed(element, ASSERTION, 'EncryptedAssertion');
}

/** Every Assertion and EncryptedAssertion in the document, wherever it stands. */
export function assertionsAnywhere(root: XmlElement): XmlElement[] {
  const found: XmlElement[] = [];
  walk(root, (element) => {
    if (isAssertion(element)) found.push(element);
  });
  return found;
}

/** What the checks of shape found wrong with the children of a Response; `null` where nothing is. */
function misplacedChild(root: XmlElement): string | null {
  // More than one Signature is left to the check of placement, which has a code of its own for it.
  const unknown = childElements(root).find(
    (child) => !isAssertion(child) && !SINGLE_CHILDREN.some(([namespace, name]) => isNamed(child, namespace, name)),
  );
  if (unknown !== undefined) return `unexpected element ${shown(unknown.localName)} in the Response`;
  const doubled = SINGLE_CHILDREN.find(
    ([namespace, name]) => namespace !== XMLDSIG && childrenNamed(root, namespace, name).length > 1,
  );
  if (doubled !== undefined) return `more than one ${doubled[1]} in the Response`;
  const status = readStatus(root);
  return status === null || status.codes.length === 0 ? 'no Status with a StatusCode in the Response' : null;
}

export const rootChecks: readonly Check<XmlElement>[] = [
  {
    name: 'root',
    code: 'SAML_ROOT',
    holds: (root) => isNamed(root, PROTOCOL, 'Response'),
    evidence: (root) => ({ expected: `{${PROTOCOL}}Response`, seen: shown(`{${root.namespace}}${root.localName}`) }),
  },
];

/** Over the Response before anything is verified: only what decides whether verifying makes sense. */
export const structureChecks: readonly Check<XmlElement>[] = [
  {
    name: 'version',
    code: 'SAML_VERSION',
    holds: (root) => attributeValue(root, 'Version') === '2.0',
    evidence: (root) => ({ expected: '2.0', seen: shown(attributeValue(root, 'Version')) }),
  },
  {
    name: 'response-id',
    code: 'SAML_ID',
    holds: (root) => (attributeValue(root, 'ID') ?? '') !== '',
    evidence: (root) => ({ expected: 'an ID', seen: shown(attributeValue(root, 'ID')) }),
  },
  {
    name: 'structure',
    code: 'SAML_STRUCTURE',
    holds: (root) => misplacedChild(root) === null,
    evidence: (root) => ({ expected: 'the children of the SAML schema', seen: misplacedChild(root) ?? 'those' }),
  },
  {
    name: 'status',
    code: 'SAML_STATUS',
    holds: (root) => readStatus(root)?.success === true,
    evidence: (root) => ({ expected: 'Success', seen: shownList(readStatus(root)?.codes ?? []) }),
    detail: (root) => {
      const status = readStatus(root);
      return status === null ? 'The response has no Status.' : statusSentence(status);
    },
    quote: (root) => readStatus(root)?.message ?? null,
  },
  {
    name: 'assertion-count',
    code: 'SAML_ASSERTION_COUNT',
    holds: (root) => childElements(root).filter(isAssertion).length === 1 && assertionsAnywhere(root).length === 1,
    evidence: (root) => ({
      expected: 'one, a child of the Response',
      seen: `${assertionsAnywhere(root).length} in all, ${childElements(root).filter(isAssertion).length} as children`,
    }),
  },
];
