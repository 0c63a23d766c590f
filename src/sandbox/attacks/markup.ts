/**
 * Surgery on canonical XML text. It knows nothing of what the gateway makes of a document, and can make what no
 * serialiser would.
 */

/** Where an element stands: offsets in the text. */
export interface Span {
  readonly name: string;
  /** With its colon; empty where there is none. */
  readonly prefix: string;
  readonly start: number;
  /** After the start tag. */
  readonly openEnd: number;
  /** Before the end tag. */
  readonly closeStart: number;
  readonly end: number;
  readonly children: readonly Span[];
}

/** Until its end tag is found. */
interface OpenSpan extends Span {
  closeStart: number;
  end: number;
  readonly children: Span[];
}

const TAG = /<(\/?)([\w.-]+:)?([\w.-]+)((?:"[^"]*"|'[^']*'|[^>"'])*)>/g;

/** The tree of an XML text that holds only elements and text. @throws Error where tags do not pair */
export function outline(xml: string): Span {
  const open: OpenSpan[] = [];
  for (const match of xml.matchAll(TAG)) {
    const [tag, slash, prefix = '', name = '', rest = ''] = match;
    const [start, end] = [match.index, match.index + tag.length];
    if (slash === '/') {
      const root = close(open, start, end);
      if (root !== null) return root;
      continue;
    }
    open.push({ name, prefix, start, openEnd: end, closeStart: end, end, children: [] });
    if (rest.endsWith('/')) close(open, end, end);
  }
  throw new Error('The text holds no element.');
}

function close(open: OpenSpan[], closeStart: number, end: number): Span | null {
  const closed = open.pop();
  if (closed === undefined) throw new Error('An end tag too many.');
  closed.closeStart = closeStart;
  closed.end = end;
  const parent = open.at(-1);
  parent?.children.push(closed);
  return parent === undefined ? closed : null;
}

function anywhere(span: Span, name: string): Span | undefined {
  if (span.name === name) return span;
  for (const child of span.children) {
    const found = anywhere(child, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The element at a path of local names: the first of them anywhere, each further one a child of the one before.
 *
 * @throws Error where there is none
 */
export function find(xml: string, path: string): Span {
  const found = search(xml, path);
  if (found === undefined) throw new Error(`There is no ${path}.`);
  return found;
}

export function has(xml: string, path: string): boolean {
  return search(xml, path) !== undefined;
}

function search(xml: string, path: string): Span | undefined {
  const [first = '', ...rest] = path.split('/');
  return rest.reduce<Span | undefined>(
    (parent, name) => parent?.children.find((child) => child.name === name),
    anywhere(outline(xml), first),
  );
}

export function textOf(xml: string, path: string): string {
  const { start, end } = find(xml, path);
  return xml.slice(start, end);
}

export function contentOf(xml: string, path: string): string {
  const { openEnd, closeStart } = find(xml, path);
  return xml.slice(openEnd, closeStart);
}

/** Replaces the whole element. An edit that changes nothing would test nothing, so it is an error. */
export function replace(xml: string, path: string, change: (element: string) => string): string {
  const { start, end } = find(xml, path);
  const old = xml.slice(start, end);
  const changed = change(old);
  if (changed === old) throw new Error(`The edit of ${path} changes nothing.`);
  return xml.slice(0, start) + changed + xml.slice(end);
}

export const remove = (xml: string, path: string): string => replace(xml, path, () => '');
export const before = (xml: string, path: string, text: string): string => replace(xml, path, (old) => text + old);
export const after = (xml: string, path: string, text: string): string => replace(xml, path, (old) => old + text);

/** Puts text in as the first content of the element. */
export function prepend(xml: string, path: string, text: string): string {
  const { openEnd } = find(xml, path);
  return xml.slice(0, openEnd) + text + xml.slice(openEnd);
}

/** Puts text in as the last content of the element. */
export function append(xml: string, path: string, text: string): string {
  const { closeStart } = find(xml, path);
  return xml.slice(0, closeStart) + text + xml.slice(closeStart);
}

export function setContent(xml: string, path: string, content: string): string {
  return replace(xml, path, (element) => {
    const { openEnd, closeStart } = find(element, path.split('/').at(-1) ?? '');
    return element.slice(0, openEnd) + content + element.slice(closeStart);
  });
}

/** The raw value of an attribute without prefix. */
export function attributeOf(xml: string, path: string, name: string): string | null {
  const { start, openEnd } = find(xml, path);
  return new RegExp(` ${name}="([^"]*)"`).exec(xml.slice(start, openEnd))?.[1] ?? null;
}

const ATTRIBUTE = / ([\w:.-]+)="([^"]*)"/g;

/** Sets an attribute without prefix, or removes it with `null`; the tag stays in canonical order. */
export function setAttribute(xml: string, path: string, name: string, value: string | null): string {
  return changeTag(xml, path, (tag) => {
    const attributes = [...tag.matchAll(ATTRIBUTE)].map(([text, key = '']) => ({ text, key }));
    const others = attributes.filter(({ key }) => key !== name);
    const isPlain = ({ key }: { key: string }) => !key.includes(':') && key !== 'xmlns';
    const plain = others.filter(isPlain);
    if (value !== null) plain.push({ key: name, text: ` ${name}="${value}"` });
    plain.sort((left, right) => (left.key < right.key ? -1 : 1));
    const declared = others.filter(({ key }) => key === 'xmlns' || key.startsWith('xmlns:'));
    const prefixed = others.filter((each) => !isPlain(each) && !declared.includes(each));
    const head = tag.slice(0, tag.search(/[ />]/));
    return `${head}${[...declared, ...plain, ...prefixed].map(({ text }) => text).join('')}>`;
  });
}

/** Changes the start tag alone. */
export function changeTag(xml: string, path: string, change: (tag: string) => string): string {
  const { start, openEnd } = find(xml, path);
  const tag = xml.slice(start, openEnd);
  const changed = change(tag);
  if (changed === tag) throw new Error(`The edit of ${path} changes nothing.`);
  return xml.slice(0, start) + changed + xml.slice(openEnd);
}

/** Puts attributes or declarations in as they stand, after the element's name. */
export function addToTag(xml: string, path: string, text: string): string {
  return changeTag(xml, path, (tag) => tag.replace(/^<[\w:.-]+/, (name) => `${name} ${text}`));
}

/** An element under the same prefix as the one at `path`, with its end tag written out. */
export function sibling(xml: string, path: string, name: string, content = '', attributes = ''): string {
  const { prefix } = find(xml, path);
  const space = attributes === '' ? '' : ' ';
  return `<${prefix}${name}${space}${attributes}>${content}</${prefix}${name}>`;
}

/** Replaces text, which must be there. */
export function swap(text: string, from: string | RegExp, to: string): string {
  const changed = typeof from === 'string' ? text.replace(from, () => to) : text.replace(from, to);
  if (changed === text) throw new Error(`There is nothing to replace by ${to.slice(0, 60)}.`);
  return changed;
}
