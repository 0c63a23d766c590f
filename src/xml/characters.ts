// Namespaces in XML 1.0 §3, NCName: XML 1.0's Name without the colon.
const NAME_START =
  'A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}-\\u{200D}' +
  '\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}';
const NAME_REST = `${NAME_START}.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}-\\u{2040}\\-`;
const NC_NAME_HERE = new RegExp(`[${NAME_START}][${NAME_REST}]*`, 'uy');
// XML 1.0 §2.2, Char; a lone surrogate is none.
const NOT_CHAR = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
/** By code unit, which is far quicker: without one of these the text is fit. */
const DOUBTFUL = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/;

/** Whether the text is a name that may stand before or after the colon of a qualified name. */
export function isNcName(text: string): boolean {
  return text !== '' && endOfNcName(text, 0) === text.length;
}

/** For each ASCII character: 0 is in no name, 1 may come in a name, 3 may also begin one. */
const ASCII_NAME = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Z_a-z]/.test(character)) return 3;
  return /[.0-9-]/.test(character) ? 1 : 0;
});

/** Whether a code unit is one of the ASCII characters that may stand in a name, or a colon. */
export function isQualifiedNameUnit(unit: number): boolean {
  return (ASCII_NAME[unit] ?? 0) !== 0 || unit === 0x3a;
}

/** Where the NCName that begins there ends; the same place where none does. */
export function endOfNcName(text: string, from: number): number {
  let at = from;
  let unit = text.charCodeAt(at);
  if (ASCII_NAME[unit] === 3) {
    do unit = text.charCodeAt(++at);
    while ((ASCII_NAME[unit] ?? 0) !== 0);
  }
  // The end of the text is NaN.
  if (!(unit >= 0x80)) return at;
  NC_NAME_HERE.lastIndex = from;
  return NC_NAME_HERE.test(text) ? NC_NAME_HERE.lastIndex : from;
}

/** Whether the text can stand in a document at all. */
export function isXmlText(text: string): boolean {
  return !(DOUBTFUL.test(text) && NOT_CHAR.test(text));
}

/** Whether the text is nothing but XML white space (XML 1.0 §2.3, S). */
export function isWhiteSpace(text: string): boolean {
  return /^[ \t\r\n]*$/.test(text);
}

// RFC 3986 §3: a scheme makes the reference absolute; the rest is characters and escapes, with one fragment at most.
const URI_CHARACTERS = "[A-Za-z0-9._~:/?@!$&'()*+,;=-]*";
const URI_REST = `${URI_CHARACTERS}(?:%[0-9A-Fa-f]{2}${URI_CHARACTERS})*`;
const ABSOLUTE_URI = new RegExp(`^[A-Za-z][A-Za-z0-9+.-]*:${URI_REST}(?:#${URI_REST})?$`);

/** Whether a namespace name is a URI that canonicalization is defined for: C14N 1.0 §1.3 refuses relative ones. */
export function isAbsoluteUri(text: string): boolean {
  return ABSOLUTE_URI.test(text);
}

/** By code point, as UTF-8 sorts: JavaScript's own order puts astral characters before U+E000. */
export function compareCodePoints(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return sortWeight(a) - sortWeight(b);
  }
  return left.length - right.length;
}

function sortWeight(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/**
 * Whether an attribute is of type ID: SAML's `ID`, the `Id` of XML-DSig and XML-Enc, and xml:id (W3C Recommendation
 * 2005). They share one space of values.
 */
export function isIdAttribute(prefix: string, localName: string): boolean {
  return prefix === '' ? localName === 'ID' || localName === 'Id' : prefix === 'xml' && localName === 'id';
}
