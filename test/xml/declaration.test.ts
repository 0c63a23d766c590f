import t from 'tap';
import { GatewayError } from '../../src/shared/index.js';
import { parseXml, textContent } from '../../src/xml/index.js';

function codeOf(source: string): string {
  try {
    return textContent(parseXml(Buffer.from(source)));
  } catch (fault) {
    if (!(fault instanceof GatewayError)) throw fault;
    return fault.code;
  }
}

const accepted: readonly string[] = [
  '<?xml version="1.0"?>',
  "<?xml version='1.0'?>",
  '<?xml version = "1.0" ?>',
  '<?xml\tversion\r\n=\n"1.0"\t?>',
  '<?xml version="1.0" encoding="UTF-8"?>',
  "<?xml version='1.0' encoding='utf-8'?>",
  '<?xml version="1.0" encoding="Utf-8" standalone="yes"?>',
  '<?xml version="1.0" standalone="yes"?>',
  "<?xml version='1.0' standalone='no' ?>",
  '<?xml version="1.0"?>\n \t\r\n',
  '\uFEFF<?xml version="1.0"?>',
  '',
  ' ',
  '\n',
  '\uFEFF',
];
for (const declaration of accepted) {
  t.test(`before the root element may stand ${JSON.stringify(declaration)}`, (t) => {
    t.equal(codeOf(`${declaration}<r>read</r>`), 'read');
    t.equal(codeOf(`${declaration}<r>r\u00E9ad</r>`), 'r\u00E9ad');
    t.end();
  });
}

const refused: readonly (readonly [declaration: string, code: string])[] = [
  ['<?xml version="1.0" standalone="maybe"?>', 'XML_MALFORMED'],
  ['<?xml version="1.0" standalone=""?>', 'XML_MALFORMED'],
  ['<?xml version="1.0" standalone="yes" encoding="UTF-8"?>', 'XML_MALFORMED'],
  ['<?xml encoding="UTF-8" version="1.0"?>', 'XML_MALFORMED'],
  ['<?xml version="1.0"encoding="UTF-8"?>', 'XML_MALFORMED'],
  ['<?xml version="1.0" encoding="UTF-8"standalone="yes"?>', 'XML_MALFORMED'],
  ['<?xmlversion="1.0"?>', 'XML_FORBIDDEN'],
  ['<?xml version=1.0?>', 'XML_MALFORMED'],
  [`<?xml version="1.0'?>`, 'XML_MALFORMED'],
  ['<?xml version="1"?>', 'XML_MALFORMED'],
  ['<?xml version="1."?>', 'XML_MALFORMED'],
  ['<?xml version="2.0"?>', 'XML_MALFORMED'],
  ['<?xml version="1x0"?>', 'XML_MALFORMED'],
  ['<?xml version="1.00"?>', 'XML_FORBIDDEN'],
  ["<?xml version='1.2'?>", 'XML_FORBIDDEN'],
  ['<?xml version=""?>', 'XML_MALFORMED'],
  ['<?xml version="1.0" encoding=""?>', 'XML_MALFORMED'],
  ['<?xml version="1.0" encoding="8-UTF"?>', 'XML_MALFORMED'],
  ['<?xml version="1.0" encoding="UTF 8"?>', 'XML_MALFORMED'],
  ['<?xml version="1.0" encoding="UTF8"?>', 'XML_ENCODING'],
  ["<?xml version='1.0' encoding='ISO-8859-1'?>", 'XML_ENCODING'],
  ['<?xml version="1.0" encoding="UTF-8.x"?>', 'XML_ENCODING'],
  ['<?xml version="1.0" encoding="u_1-.9"?>', 'XML_ENCODING'],
  ['<?xml version="1.0" other="x"?>', 'XML_MALFORMED'],
  ['<?xml version="1.0" version="1.0"?>', 'XML_MALFORMED'],
  ['<?xml version="1.0">', 'XML_MALFORMED'],
  ['<?xml version="1.0"? >', 'XML_MALFORMED'],
  ['<?xml ?>', 'XML_MALFORMED'],
  ['<?XML version="1.0"?>', 'XML_FORBIDDEN'],
  ['<?xml version="1.0"?><?xml version="1.0"?>', 'XML_MALFORMED'],
  ['<?xml version="1.0"?><?pi?>', 'XML_FORBIDDEN'],
  [' <?xml version="1.0"?>', 'XML_MALFORMED'],
  ['\uFEFF\uFEFF', 'XML_MALFORMED'],
  ['\u0085', 'XML_MALFORMED'],
  ['\u00A0', 'XML_MALFORMED'],
];
for (const [declaration, code] of refused) {
  t.test(`before the root element may not stand ${JSON.stringify(declaration)}`, (t) => {
    t.equal(codeOf(`${declaration}<r>read</r>`), code);
    t.end();
  });
}

t.test('line ends become line feeds, whatever characters there are besides', (t) => {
  t.equal(codeOf('<r>a\r\nb\rc\n\rd\r\r\n</r>'), 'a\nb\nc\n\nd\n\n');
  t.equal(codeOf('<r>\u00E9\r\nb\rc\n\rd\r\r\n\u{1F600}</r>'), '\u00E9\nb\nc\n\nd\n\n\u{1F600}');
  t.equal(codeOf('<r\r\na="1"\r>\u00E9</r\r\n>\r'), '\u00E9');
  t.end();
});

t.test('characters that XML does not allow are refused one by one', (t) => {
  const controls = Array.from({ length: 0x20 }, (_, code) => code).filter((code) => ![0, 9, 10, 13].includes(code));
  for (const code of [...controls, 0xfffe, 0xffff]) {
    t.equal(codeOf(`<r>${String.fromCharCode(code)}</r>`), 'XML_MALFORMED', code.toString(16));
    t.equal(codeOf(`<r>\u00E9${String.fromCharCode(code)}</r>`), 'XML_MALFORMED', code.toString(16));
  }
  for (const code of [9, 10, 0x20, 0x7f, 0x80, 0x9f, 0xd7ff, 0xe000, 0xfffd]) {
    t.equal(codeOf(`<r>x${String.fromCharCode(code)}</r>`), `x${String.fromCharCode(code)}`, code.toString(16));
  }
  t.end();
});
