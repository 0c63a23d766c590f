import { endOfNcName } from './characters.js';
import { isDeclarationAt } from './declaration.js';
import { malformed } from './faults.js';

/** What opens a comment (XML 1.0 §2.5). */
export const COMMENT = '<!--';
const INSTRUCTION = '<?';
const INSTRUCTION_END = '?>';

/**
 * Where the comment that begins there ends.
 *
 * @throws GatewayError XML_MALFORMED
 */
export function endOfComment(text: string, at: number): number {
  const end = text.indexOf('--', at + COMMENT.length);
  if (end === -1) return malformed('A comment does not end.');
  return text.startsWith('>', end + 2) ? end + 3 : malformed('A comment holds --.');
}

/** XML 1.0 §2.6; with namespaces (§7 there) its target has no colon. */
function endOfInstruction(text: string, at: number): number {
  const from = at + INSTRUCTION.length;
  const behind = endOfNcName(text, from);
  if (behind === from) malformed('A name is malformed.');
  if (text.slice(from, behind).toLowerCase() === 'xml') malformed('A processing instruction is called xml.');
  const end = text.indexOf(INSTRUCTION_END, behind);
  if (end === -1) malformed('A processing instruction does not end.');
  if (end > behind && !/[ \t\n]/.test(text.charAt(behind))) malformed('A processing instruction is malformed.');
  return end + INSTRUCTION_END.length;
}

/** Where the comment or processing instruction that stands there ends; the same place where there is none. */
export function endOfRemark(text: string, at: number): number {
  if (text.startsWith(COMMENT, at)) return endOfComment(text, at);
  // A declaration that does not stand first is told as that.
  return text.startsWith(INSTRUCTION, at) && !isDeclarationAt(text, at) ? endOfInstruction(text, at) : at;
}
