import { isAscii, isUtf8 } from 'node:buffer';
import { GatewayError } from '../shared/index.js';
import { malformed } from './faults.js';

// XML 1.0 §2.2, Char, less what valid UTF-8 cannot hold (surrogates) and NUL, which is refused before.
const NOT_CHAR = /[\u0001-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;
const BOM = '\uFEFF';

/** The characters of a document, twice: as a string to take slices of, and as numbers, which are quicker to look at. */
export interface DocumentText {
  readonly text: string;
  /** The code units of `text`. */
  readonly units: Uint8Array | Uint16Array;
}

function unitsOf(text: string): Uint16Array {
  const { buffer, byteOffset } = Buffer.from(text, 'utf16le');
  // Buffers of this size may share memory, on even places.
  return new Uint16Array(buffer, byteOffset, text.length);
}

/**
 * The characters of a document: UTF-8 without exceptions, one BOM taken away, line ends normalised (XML 1.0 §2.11),
 * nothing but what XML allows. References come later, so a `&#13;` stays what it is.
 *
 * @throws GatewayError XML_ENCODING or XML_MALFORMED
 */
export function decodeDocument(bytes: Uint8Array): DocumentText {
  // UTF-16 of Latin letters is valid UTF-8 in which every second character is NUL.
  if (bytes.includes(0)) throw new GatewayError('XML_ENCODING', 'The document holds a NUL byte.');
  const ascii = isAscii(bytes);
  if (!ascii && !isUtf8(bytes)) throw new GatewayError('XML_ENCODING');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // One byte a character where that suffices: half the memory, and quicker to search.
  const decoded = buffer.toString(ascii ? 'latin1' : 'utf8');
  const marked = decoded.startsWith(BOM) ? decoded.slice(1) : decoded;
  if (NOT_CHAR.test(marked)) malformed('The document holds a character that XML does not allow.');
  if (!marked.includes('\r')) return { text: marked, units: ascii ? bytes : unitsOf(marked) };
  const text = marked.replace(/\r\n?/g, '\n');
  return { text, units: ascii ? Buffer.from(text) : unitsOf(text) };
}
