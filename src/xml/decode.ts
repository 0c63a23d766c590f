import { isAscii, isUtf8 } from 'node:buffer';
import { GatewayError } from '../shared/index.js';
import { malformed } from './faults.js';

// XML 1.0 §2.2, Char, less what valid UTF-8 cannot hold (surrogates) and NUL, which is refused before.
const NOT_CHAR = /[\u0001-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;
const BOM = '\uFEFF';

/**
 * The characters of a document: UTF-8 without exceptions, one BOM taken away, line ends normalised (XML 1.0 §2.11),
 * nothing but what XML allows. References come later, so a `&#13;` stays what it is.
 *
 * @throws GatewayError XML_ENCODING or XML_MALFORMED
 */
export function decodeDocument(bytes: Uint8Array): string {
  // UTF-16 of Latin letters is valid UTF-8 in which every second character is NUL.
  if (bytes.includes(0)) throw new GatewayError('XML_ENCODING', 'The document holds a NUL byte.');
  if (!isUtf8(bytes)) throw new GatewayError('XML_ENCODING');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // One byte a character where that suffices: half the memory, and quicker to search.
  const decoded = buffer.toString(isAscii(bytes) ? 'latin1' : 'utf8');
  const text = decoded.startsWith(BOM) ? decoded.slice(1) : decoded;
  if (NOT_CHAR.test(text)) malformed('The document holds a character that XML does not allow.');
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}
