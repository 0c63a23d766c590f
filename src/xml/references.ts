import { isNcName } from './characters.js';
import { forbidden, malformed } from './faults.js';

/** XML 1.0 §4.6. */
const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);
const CHARACTER = /^#([0-9]+|x[0-9A-Fa-f]+)$/;
// What is longer names neither a character nor one of the five.
const LONGEST = 64;

/** XML 1.0 §2.2, Char. */
function isChar(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

function referenced(name: string): string {
  const predefined = PREDEFINED.get(name);
  if (predefined !== undefined) return predefined;
  const digits = CHARACTER.exec(name)?.[1];
  if (digits === undefined) {
    return isNcName(name.replace(':', ''))
      ? forbidden('an entity other than the five that XML predefines')
      : malformed('A reference is malformed.');
  }
  const code = Number(digits.replace('x', '0x'));
  return isChar(code) ? String.fromCodePoint(code) : malformed('A reference to a character that XML does not allow.');
}

/**
 * The text with its references resolved (XML 1.0 §4.1), each once.
 *
 * @throws GatewayError XML_MALFORMED, or XML_FORBIDDEN for an entity other than the five
 */
export function expandReferences(text: string): string {
  let expanded = '';
  let from = 0;
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', from)) {
    const end = text.indexOf(';', at);
    if (end === -1) return malformed('A reference does not end.');
    if (end - at > LONGEST) return malformed('A reference is malformed.');
    expanded += text.slice(from, at) + referenced(text.slice(at + 1, end));
    from = end + 1;
  }
  return expanded + text.slice(from);
}
