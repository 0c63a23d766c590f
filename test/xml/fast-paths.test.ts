import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import {
  canonicalize,
  childElements,
  parseXml,
  signEnveloped,
  type XmlElement,
  type XmlNode,
} from '../../src/xml/index.js';
import { ParsedElement } from '../../src/xml/parsed-element.js';
import { WrittenElement } from '../../src/xml/written-element.js';
import { ecKeyPair } from '../support/pki.js';
import { libxml2Canonical, libxml2Tree, plainTree } from './libxml2.js';
import { hosts, nearlyCanonical, prefixLists } from './nearly-canonical.js';

// What reading and signing found out spares the writing most of its work. Here it is held to the writing that knows of
// nothing: of a copy that carries no such knowledge, and libxml2's.

const parse = (source: string): XmlElement => parseXml(Buffer.from(source));

/** The same tree without what reading or signing found out. */
function forgetful(element: XmlElement): XmlElement {
  const children = element.children.map((child) => (typeof child === 'string' ? child : forgetful(child)));
  const copy = { ...element, children };
  if (ParsedElement.isParsed(copy) || WrittenElement.isWritten(copy)) throw new TypeError('It has not forgotten.');
  return copy;
}

/** Its form, or the code with which it is refused. */
function formOf(element: XmlElement, prefixes: readonly string[]): string {
  try {
    return canonicalize(element, prefixes);
  } catch (error) {
    return String(error);
  }
}

function hold(element: XmlElement, prefixes: readonly string[]): string {
  const quick = formOf(element, prefixes);
  const slow = formOf(forgetful(element), prefixes);
  if (quick !== slow) throw new Error(`quick: ${quick}\nslow:  ${slow}`);
  return quick;
}

const steps = fc.array(fc.nat({ max: 5 }), { maxLength: 5 });

/** A path of child indexes to some element. */
function pathIn(root: XmlElement, walk: readonly number[]): number[] {
  const path: number[] = [];
  let here = root;
  for (const step of walk) {
    const inside = childElements(here);
    const next = inside[step % Math.max(inside.length, 1)];
    if (next === undefined) break;
    path.push(inside.indexOf(next));
    here = next;
  }
  return path;
}

const at = (root: XmlElement, path: readonly number[]): XmlElement =>
  path.reduce((element, index) => childElements(element)[index] ?? element, root);

/** A copy of the tree with another element put in somewhere; all on the way to it is copied, the rest is as it was. */
function grafted(tree: XmlElement, [step, ...walk]: readonly number[], graft: XmlElement): XmlElement {
  const inside = childElements(tree);
  const way = step === undefined ? undefined : inside[step % Math.max(inside.length, 1)];
  const children: XmlNode[] =
    way === undefined
      ? [graft, ...tree.children, graft]
      : tree.children.map((child) => (child === way ? grafted(way, walk, graft) : child));
  return { ...tree, children };
}

t.test('what is taken as it was written is what libxml2 writes, and what a tree that knows nothing gives', (t) => {
  let taken = 0;
  fc.assert(
    fc.property(nearlyCanonical, steps, prefixLists, (source, walk, prefixes) => {
      const bytes = Buffer.from(source);
      const root = parseXml(bytes);
      const path = pathIn(root, walk);
      const element = at(root, path);
      if (childElements(element).some((child) => ParsedElement.isParsed(child) && child.verbatim !== null)) taken++;
      const ours = hold(element, prefixes);
      const theirs = libxml2Canonical(bytes, path, prefixes);
      if (ours !== theirs) throw new Error(`ours:   ${ours}\ntheirs: ${theirs}\nsource: ${source}`);
    }),
    { numRuns: 3000 },
  );
  t.ok(taken > 400, `${taken} documents had something that is taken as it was written`);
  t.end();
});

t.test('such a document is read as libxml2 reads it, and so is what is written of it', (t) => {
  fc.assert(
    fc.property(nearlyCanonical, prefixLists, (source, prefixes) => {
      const tree = plainTree(parse(source));
      const again = plainTree(parse(canonicalize(parse(source), prefixes)));
      return isDeepStrictEqual(tree, libxml2Tree(Buffer.from(source))) && isDeepStrictEqual(again, tree);
    }),
    { numRuns: 300 },
  );
  t.pass('300 documents');
  t.end();
});

t.test('a part of one document is written in another as a tree that knows nothing has it written', (t) => {
  fc.assert(
    fc.property(
      fc.tuple(fc.oneof(hosts, nearlyCanonical), steps),
      fc.tuple(nearlyCanonical, steps),
      prefixLists,
      ([source, walk], [other, otherWalk], prefixes) => {
        const part = at(parse(other), pathIn(parse(other), otherWalk));
        hold(grafted(parse(source), walk, part), prefixes);
      },
    ),
    { numRuns: 1500 },
  );
  t.pass('1500 pairs of documents');
  t.end();
});

t.test('what was signed is written anywhere as a tree that knows nothing has it written', async (t) => {
  const key = ecKeyPair().signingKey();
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(fc.oneof({ weight: 3, arbitrary: hosts }, nearlyCanonical), steps),
      fc.tuple(nearlyCanonical, fc.nat({ max: 3 })),
      fc.tuple(prefixLists, prefixLists),
      async ([source, walk], [signed, position], [ofSignature, ofAll]) => {
        const content = parse(signed);
        const written = await signEnveloped(content, key, {
          position: Math.min(position, content.children.length),
          inclusivePrefixes: ofSignature,
        });
        if (WrittenElement.isWritten(written)) taken++;
        hold(written, ofSignature);
        const whole = grafted(parse(source), walk, written);
        hold(whole, ofSignature);
        hold(whole, ofAll);
        const outer = await signEnveloped({ ...whole, children: [written, ...whole.children] }, key, {
          position: 1,
          inclusivePrefixes: ofSignature,
        });
        hold(outer, ofSignature);
      },
    ),
    { numRuns: 500 },
  );
  t.ok(taken > 150, `${taken} were written when they were signed`);
});
