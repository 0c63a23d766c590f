const WHITE_SPACE = /[ \t\r\n]/g;

/**
 * Decodes standard base64 (RFC 4648 §4), XML white space anywhere. Null for anything else: another alphabet, absent
 * or extra padding, padding bits that are not zero.
 */
export function decodeBase64(text: string): Buffer | null {
  const compact = text.replace(WHITE_SPACE, '');
  const bytes = Buffer.from(compact, 'base64');
  // Node's decoder skips what it does not know, so only what it writes back the same way was base64.
  return bytes.toString('base64') === compact ? bytes : null;
}
