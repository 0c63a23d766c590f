import { SaxesParser } from 'saxes';

/** An element as the sandbox reads it: independent of the gateway's own tree on purpose. */
export interface ReadElement {
  readonly namespace: string;
  readonly name: string;
  /** By local name, or by `{namespace}local` for an attribute in a namespace. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly ReadElement[];
  /** The character data that stands directly in this element. */
  readonly text: string;
  /** Offsets in the text that was read: of `<`, and of what follows the end tag. */
  readonly start: number;
  readonly end: number;
}

interface OpenElement {
  readonly namespace: string;
  readonly name: string;
  readonly attributes: Map<string, string>;
  readonly children: ReadElement[];
  text: string;
  readonly start: number;
}

/** Reads a whole document. Throws an Error for anything not well-formed, and for a document type declaration. */
export function readXml(xml: string): ReadElement {
  const open: OpenElement[] = [];
  let root: ReadElement | undefined;
  let start = 0;
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('a document type declaration is not allowed');
  });
  parser.on('opentagstart', () => {
    start = xml.lastIndexOf('<', parser.position - 1);
  });
  parser.on('opentag', (tag) => {
    const attributes = new Map<string, string>();
    for (const attribute of Object.values(tag.attributes)) {
      if (attribute.prefix === 'xmlns' || attribute.name === 'xmlns') continue;
      attributes.set(attribute.uri === '' ? attribute.local : `{${attribute.uri}}${attribute.local}`, attribute.value);
    }
    open.push({ namespace: tag.uri, name: tag.local, attributes, children: [], text: '', start });
  });
  const append = (text: string): void => {
    const parent = open.at(-1);
    if (parent !== undefined) parent.text += text;
  };
  parser.on('text', append);
  parser.on('cdata', append);
  parser.on('closetag', () => {
    const closed = open.pop();
    if (closed === undefined) return;
    const element: ReadElement = { ...closed, end: parser.position };
    const parent = open.at(-1);
    if (parent === undefined) root = element;
    else parent.children.push(element);
  });
  parser.write(xml).close();
  if (root === undefined) throw new Error('the document holds no element');
  return root;
}

export function childrenOf(element: ReadElement, namespace: string, name: string): readonly ReadElement[] {
  return element.children.filter((child) => child.namespace === namespace && child.name === name);
}

export function childOf(element: ReadElement | undefined, namespace: string, name: string): ReadElement | undefined {
  return element?.children.find((child) => child.namespace === namespace && child.name === name);
}
