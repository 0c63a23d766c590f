import { SaxesParser, type SaxesTagNS } from 'saxes';
import type { PlainElement } from './libxml2.js';

interface Growing extends PlainElement {
  readonly children: (string | Growing)[];
}

function named(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}:${name}`;
}

function plain({ prefix, local, uri, attributes }: SaxesTagNS): Growing {
  return {
    name: named(prefix, local),
    namespace: uri,
    attributes: Object.values(attributes)
      .filter((each) => each.prefix !== 'xmlns' && each.name !== 'xmlns')
      .map((each) => `${named(each.prefix, each.local)} {${each.uri}} ${each.value}`)
      .sort(),
    children: [],
  };
}

function addText(parent: Growing | undefined, text: string): void {
  if (parent === undefined || text === '') return;
  const last = parent.children.at(-1);
  if (typeof last === 'string') parent.children[parent.children.length - 1] = last + text;
  else parent.children.push(text);
}

/** What saxes reads of a document in UTF-8; throws where it refuses. */
export function saxesTree(source: Uint8Array): PlainElement {
  return saxesReading(source).root;
}

/** The same, and every namespace name that is declared. */
export function saxesReading(source: Uint8Array): {
  readonly root: PlainElement;
  readonly declared: readonly string[];
} {
  const parser = new SaxesParser({ xmlns: true, position: false, defaultXMLVersion: '1.0', forceXMLVersion: true });
  const open: Growing[] = [];
  const declared: string[] = [];
  let root: Growing | undefined;
  parser.on('error', (fault) => {
    throw fault;
  });
  parser.on('opentag', (tag) => {
    const element = plain(tag);
    declared.push(...Object.values(tag.ns));
    root ??= element;
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.on('text', (text) => {
    addText(open.at(-1), text);
  });
  parser.on('cdata', (text) => {
    addText(open.at(-1), text);
  });
  parser.write(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(source)).close();
  if (root === undefined) throw new Error('No root element.');
  return { root, declared };
}
