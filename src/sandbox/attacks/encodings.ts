import { familyOf, type Attack } from './attack.js';

const bytes = (text: string) => Buffer.from(text, 'utf8');

function bigEndian(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

/** The document with octets put into its NameID. */
function withOctets(xml: string, octets: readonly number[]): Buffer {
  const at = xml.indexOf('@');
  return Buffer.concat([bytes(xml.slice(0, at)), Buffer.from(octets), bytes(xml.slice(at))]);
}

const invalid = (name: string, octets: readonly number[]) =>
  [name, 'XML_ENCODING', ({ xml }: { xml: string }) => withOctets(xml, octets)] as const;

/** Octets that are not the UTF-8 of a document, or that another reader would take for something else. */
export const encodings: readonly Attack[] = familyOf('encoding', [
  ['UTF-16LE without byte order mark', 'XML_ENCODING', ({ xml }) => Buffer.from(xml, 'utf16le')],
  ['UTF-16LE with byte order mark', 'XML_ENCODING', ({ xml }) => Buffer.from(`\uFEFF${xml}`, 'utf16le')],
  ['UTF-16BE without byte order mark', 'XML_ENCODING', ({ xml }) => bigEndian(xml)],
  ['UTF-16BE with byte order mark', 'XML_ENCODING', ({ xml }) => bigEndian(`\uFEFF${xml}`)],
  [
    'UTF-32LE',
    'XML_ENCODING',
    ({ xml }) => Buffer.concat(Array.from(xml, (each) => Buffer.from([each.charCodeAt(0), 0, 0, 0]))),
  ],
  ['UTF-8 with byte order mark', 'same', ({ xml }) => bytes(`\uFEFF${xml}`)],
  ['two byte order marks', 'XML_MALFORMED', ({ xml }) => bytes(`\uFEFF\uFEFF${xml}`)],
  ['a byte order mark behind white space', 'XML_MALFORMED', ({ xml }) => bytes(` \uFEFF${xml}`)],
  ['a byte order mark behind the root', 'XML_MALFORMED', ({ xml }) => bytes(`${xml}\uFEFF`)],
  ['UTF-7', 'XML_MALFORMED', ({ xml }) => bytes(xml.replaceAll('<', '+ADw-'))],
  ['a declared UTF-8', 'same', ({ xml }) => bytes(`<?xml version="1.0" encoding="UTF-8"?>${xml}`)],
  [
    'a declared utf-8, standalone',
    'same',
    ({ xml }) => bytes(`<?xml version='1.0' encoding='utf-8' standalone='yes'?>${xml}`),
  ],
  ['a declared ISO-8859-1', 'XML_ENCODING', ({ xml }) => bytes(`<?xml version="1.0" encoding="ISO-8859-1"?>${xml}`)],
  [
    'a declared UTF-16 that is UTF-8',
    'XML_ENCODING',
    ({ xml }) => bytes(`<?xml version="1.0" encoding="UTF-16"?>${xml}`),
  ],
  ['a declared UTF-7', 'XML_ENCODING', ({ xml }) => bytes(`<?xml version="1.0" encoding="UTF-7"?>${xml}`)],
  ['a declared EBCDIC', 'XML_ENCODING', ({ xml }) => bytes(`<?xml version="1.0" encoding="IBM037"?>${xml}`)],
  invalid('NUL', [0]),
  invalid('an overlong NUL', [0xc0, 0x80]),
  invalid('an overlong solidus', [0xc0, 0xaf]),
  invalid('an overlong less-than sign in three octets', [0xe0, 0x80, 0xbc]),
  invalid('an overlong sequence of four octets', [0xf0, 0x80, 0x80, 0xbc]),
  invalid('a lone continuation octet', [0x80]),
  invalid('a sequence without its end', [0xe2, 0x82]),
  invalid('a surrogate', [0xed, 0xa0, 0xbd]),
  invalid('a surrogate pair (CESU-8)', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]),
  invalid('a character beyond Unicode', [0xf4, 0x90, 0x80, 0x80]),
  invalid('a sequence of five octets', [0xf8, 0x88, 0x80, 0x80, 0x80]),
  invalid('0xFF', [0xff]),
  invalid('0xFE 0xFF', [0xfe, 0xff]),
  invalid('a letter in ISO-8859-1', [0xe9]),
  ['a NUL behind the root', 'XML_ENCODING', ({ xml }) => bytes(`${xml}\0`)],
  ['compressed by gzip', 'XML_ENCODING', () => Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0])],
]);
