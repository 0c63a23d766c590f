import { GatewayError } from '../shared/index.js';
import { childElements, textContent, type XmlElement } from '../xml/index.js';
import {
  attributeName,
  attributeValues,
  describeAttribute,
  lowerCase,
  lowercased,
  newAttribute,
  renamed,
} from './attributes.js';
import { NAME_FORMAT_URI } from './names.js';
import { NAME_ID, type ClaimRule } from './types.js';

/** What the claim rules and the DomainKey policy work on. Untouched elements are those that were verified. */
export interface Claims {
  readonly nameId: XmlElement;
  readonly attributes: readonly XmlElement[];
}

/** Applies the rules in order, each once. @throws GatewayError CLAIM_AMBIGUOUS */
export function applyClaimRules(claims: Claims, rules: readonly ClaimRule[]): Claims {
  return rules.reduce(applyRule, claims);
}

function applyRule(claims: Claims, rule: ClaimRule): Claims {
  switch (rule.kind) {
    case 'set':
      return write(claims, rule.to, rule.value);
    case 'copy':
      return copy(claims, rule.from, rule.to);
    case 'rename':
      return rename(claims, rule.from, rule.to);
    case 'drop':
      return { ...claims, attributes: claims.attributes.filter((each) => attributeName(each) !== rule.name) };
    case 'lowercase':
      return lowercase(claims, rule.name);
    case 'template': {
      const value = fillTemplate(claims, rule.template);
      return value === null ? claims : write(claims, rule.to, value);
    }
  }
}

/** The text of every value under a name; NameID has always one. */
function read(claims: Claims, name: string): string[] {
  if (name === NAME_ID) return [textContent(claims.nameId)];
  return claims.attributes
    .filter((each) => attributeName(each) === name)
    .flatMap((each) => describeAttribute(each).values);
}

/** The one value under a name, `null` where there is none. */
function readSingle(claims: Claims, name: string): string | null {
  const values = read(claims, name);
  if (values.length > 1) {
    throw new GatewayError(
      'CLAIM_AMBIGUOUS',
      `A claim rule needs one value of ${name}, and there are ${values.length}.`,
    );
  }
  return values[0] ?? null;
}

function writeNameId(claims: Claims, value: string): Claims {
  if (value.trim() === '') throw new GatewayError('CLAIM_AMBIGUOUS', 'A claim rule would leave the NameID empty.');
  return { ...claims, nameId: { ...claims.nameId, children: [value] } };
}

/** Puts `replacement` where the first attribute of that Name stands, or last, and drops the others of that Name. */
function replace(
  attributes: readonly XmlElement[],
  name: string,
  replacement: readonly XmlElement[],
): readonly XmlElement[] {
  const index = attributes.findIndex((each) => attributeName(each) === name);
  if (index < 0) return [...attributes, ...replacement];
  const others = (each: XmlElement) => attributeName(each) !== name;
  return [...attributes.slice(0, index), ...replacement, ...attributes.slice(index).filter(others)];
}

function write(claims: Claims, to: string, value: string): Claims {
  if (to === NAME_ID) return writeNameId(claims, value);
  const created = newAttribute({ name: to, nameFormat: NAME_FORMAT_URI, values: [value], type: null });
  return { ...claims, attributes: replace(claims.attributes, to, [created]) };
}

function copy(claims: Claims, from: string, to: string): Claims {
  if (from === to) return claims;
  if (from === NAME_ID) return write(claims, to, textContent(claims.nameId));
  if (to === NAME_ID) {
    const value = readSingle(claims, from);
    return value === null ? claims : writeNameId(claims, value);
  }
  const copies = claims.attributes.filter((each) => attributeName(each) === from).map((each) => renamed(each, to));
  return copies.length === 0 ? claims : { ...claims, attributes: replace(claims.attributes, to, copies) };
}

/** The subject cannot be without a NameID, so a rename from it copies. */
function rename(claims: Claims, from: string, to: string): Claims {
  if (from === to) return claims;
  if (from === NAME_ID || to === NAME_ID) {
    const copied = copy(claims, from, to);
    return { ...copied, attributes: copied.attributes.filter((each) => attributeName(each) !== from) };
  }
  if (!claims.attributes.some((each) => attributeName(each) === from)) return claims;
  const attributes = claims.attributes
    .filter((each) => attributeName(each) !== to)
    .map((each) => (attributeName(each) === from ? renamed(each, to) : each));
  return { ...claims, attributes };
}

function lowercase(claims: Claims, name: string): Claims {
  if (name === NAME_ID) return writeNameId(claims, lowerCase(textContent(claims.nameId)));
  const attributes = claims.attributes.map((each) => (attributeName(each) === name ? lowercased(each) : each));
  return { ...claims, attributes };
}

const TEMPLATE_PART = /\{\{|\}\}|\{([^{}]+)\}/g;

/** `null` where a source is absent: half a value would be worse than none, and a required claim is noticed later. */
function fillTemplate(claims: Claims, template: string): string | null {
  const names = [...template.matchAll(TEMPLATE_PART)].flatMap((match) => match[1] ?? []);
  const values = new Map(names.map((name) => [name, readSingle(claims, name)]));
  if ([...values.values()].includes(null)) return null;
  return template.replace(TEMPLATE_PART, (part: string, name?: string) =>
    name === undefined ? part.charAt(0) : (values.get(name) ?? ''),
  );
}

/** Whether an attribute holds nothing but text, so that its value is what is read from it. */
export function hasPlainValues(saml: XmlElement): boolean {
  return attributeValues(saml).every((value) => childElements(value).length === 0);
}
