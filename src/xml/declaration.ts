import { GatewayError } from '../shared/index.js';
import { forbidden, malformed } from './faults.js';

// XML 1.0 §2.8, XMLDecl, after the normalisation of line ends.
const S = '[ \\t\\n]';
const pseudoAttribute = (name: string, value: string): string =>
  `${S}+${name}${S}*=${S}*(?:"(?<${name}1>${value})"|'(?<${name}2>${value})')`;
const DECLARATION = new RegExp(
  `^<\\?xml${pseudoAttribute('version', '1\\.[0-9]+')}` +
    `(?:${pseudoAttribute('encoding', '[A-Za-z][A-Za-z0-9._\\-]*')})?` +
    `(?:${pseudoAttribute('standalone', 'yes|no')})?${S}*\\?>`,
);

/** Whether a processing instruction begins there that is called `xml`, which only a declaration may be. */
export function isDeclarationAt(text: string, at: number): boolean {
  return text.startsWith('<?xml', at) && /^[ \t\n?]?$/.test(text.charAt(at + 5));
}

/**
 * The length of the XML declaration that the text begins with; 0 where there is none.
 *
 * @throws GatewayError XML_MALFORMED, XML_FORBIDDEN (XML 1.1) or XML_ENCODING (another encoding than UTF-8)
 */
export function declarationLength(text: string): number {
  if (!isDeclarationAt(text, 0)) return 0;
  const match = DECLARATION.exec(text);
  if (match === null) return malformed('The XML declaration is malformed.');
  const { version1, version2, encoding1, encoding2 } = match.groups ?? {};
  if ((version1 ?? version2) !== '1.0') forbidden('a declaration of another version than XML 1.0');
  const encoding = encoding1 ?? encoding2;
  if (encoding !== undefined && encoding.toUpperCase() !== 'UTF-8') {
    throw new GatewayError('XML_ENCODING', 'The document declares another encoding than UTF-8.');
  }
  return match[0].length;
}
