import t from 'tap';
import { canonicalize, childElements, parseXml, type XmlElement } from '../../src/xml/index.js';
import { libxml2Canonical } from './libxml2.js';

/**
 * Of the element that the path of child indexes leads to, with those InclusiveNamespaces, the exclusive canonical form
 * as libxml2 made it. It is written down, so that it can be checked against the specifications by eye.
 */
type Form = readonly [path: readonly number[], inclusivePrefixes: string, canonical: string];

export type CanonicalDocument = readonly [name: string, source: string, ...forms: readonly Form[]];

/** The same tree, without anything that is known of how it is written. */
export function forgetful(element: XmlElement): XmlElement {
  return {
    ...element,
    children: element.children.map((child) => (typeof child === 'string' ? child : forgetful(child))),
  };
}

/** A test for each document, and one in which their elements stand inside each other. */
export function checkForms(documents: readonly CanonicalDocument[]): void {
  for (const [name, source, ...forms] of documents) {
    t.test(`canonical forms: ${name}`, (t) => {
      for (const [path, list, expected] of forms) {
        const prefixes = list.split(' ').filter((each) => each !== '');
        const root = parseXml(Buffer.from(source));
        const element = path.reduce((inside, index) => childElements(inside)[index] ?? inside, root);
        t.equal(canonicalize(element, prefixes), expected);
        t.equal(canonicalize(forgetful(element), prefixes), expected, 'however the tree came about');
        t.equal(canonicalize(parseXml(Buffer.from(expected)), prefixes), expected, 'it is its own canonical form');
        t.equal(libxml2Canonical(Buffer.from(source), path, prefixes), expected, 'libxml2 says so still');
      }
      t.end();
    });
  }

  t.test('what was read is written inside any other element as if nothing were known of how it was written', (t) => {
    const roots = documents.map(([, source]) => parseXml(Buffer.from(source)));
    const moved = roots.flatMap((root) => [root, ...childElements(root)]);
    const fresh = moved.map(forgetful);
    for (const around of roots.filter((_, index) => index % 5 === 0)) {
      t.equal(canonicalize({ ...around, children: moved }), canonicalize({ ...around, children: fresh }));
    }
    t.end();
  });
}
