import { attributeValue, childElements, textContent, type XmlElement } from '../xml/index.js';
import { parseDateTime } from './time.js';

/** The text of an element that has no child elements; `null` where it has some, so that no text is read past them. */
export function simpleText(element: XmlElement): string | null {
  return childElements(element).length === 0 ? textContent(element) : null;
}

/** As the schema's anyURI: white space around it does not count. */
export function uriText(element: XmlElement): string | null {
  return simpleText(element)?.trim() ?? null;
}

/** A time in an attribute: absent, readable, or neither. */
export interface TimeAttribute {
  readonly text: string | null;
  /** Milliseconds since the epoch; `null` where the attribute is absent or unreadable. */
  readonly ms: number | null;
}

export function timeAttribute(element: XmlElement | undefined, name: string): TimeAttribute {
  const text = element === undefined ? undefined : attributeValue(element, name);
  return text === undefined ? { text: null, ms: null } : { text, ms: parseDateTime(text) };
}

export function isUnreadable(time: TimeAttribute): boolean {
  return time.text !== null && time.ms === null;
}

/** Calls `visit` for the element and every element inside it. */
export function walk(element: XmlElement, visit: (element: XmlElement) => void): void {
  visit(element);
  for (const child of element.children) {
    if (typeof child !== 'string') walk(child, visit);
  }
}

/** For evidence: what was seen, shortened, or that there was nothing. */
export function shown(text: string | null | undefined): string {
  if (text === null || text === undefined) return '(absent)';
  if (text === '') return '(empty)';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** For evidence: several values on one line. */
export function shownList(values: readonly (string | null)[]): string {
  return values.length === 0 ? '(none)' : values.map(shown).join(', ');
}
