/** Octets that are encoded at once: a multiple of three, and of a usual document all. */
const AT_ONCE = 24 * 1024;
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

/** Standard base64 in one line. A long text is left in parts inside, which the engine puts together where it is written. */
export function encodeBase64(octets: Buffer): string {
  let text = octets.toString('base64', 0, AT_ONCE);
  for (let from = AT_ONCE; from < octets.length; from += AT_ONCE) {
    text += octets.toString('base64', from, from + AT_ONCE);
  }
  return text;
}
