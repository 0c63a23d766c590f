import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { familyOf, type Attack, type Row } from './attack.js';

const base64 = (xml: string) => Buffer.from(xml).toString('base64');

function field(name: string, outcome: Attack['outcome'], write: (encoded: string, xml: string) => string): Row {
  return [name, outcome, ({ xml }) => ({ field: write(base64(xml), xml) })];
}

const compressed = (bytes: Buffer) => bytes.toString('base64');

/** The form field that carries a response. The gateway's own tests cover content types. */
export const transport: readonly Attack[] = familyOf('transport', [
  field('folded in lines', 'same', (text) => text.replace(/(.{76})/g, '$1\r\n')),
  field('with spaces, as some browsers decode plus signs', 'same', (text) => ` ${text} \t`),
  field('url-safe', 'SAML_ENCODING', (text) => `${text.slice(0, 40)}-_${text.slice(42)}`),
  field('without padding', 'SAML_ENCODING', (_, xml) =>
    base64(`${xml}${' '.repeat((3 - ((Buffer.byteLength(xml) + 2) % 3)) % 3)}`)
      .replace(/=*$/, '')
      .replace(/.$/, ''),
  ),
  field(
    'garbage behind the padding',
    'SAML_ENCODING',
    (_, xml) => `${Buffer.from(xml + ' '.repeat(2 - ((Buffer.byteLength(xml) + 2) % 3))).toString('base64')}=AAAA`,
  ),
  field('a foreign character inside', 'SAML_ENCODING', (text) => `${text.slice(0, 40)}!${text.slice(40)}`),
  field('a form feed inside', 'SAML_ENCODING', (text) => `${text.slice(0, 40)}\f${text.slice(40)}`),
  field('a NUL behind', 'SAML_ENCODING', (text) => `${text}\0`),
  field('a data URL', 'SAML_ENCODING', (text) => `data:text/xml;base64,${text}`),
  field('PEM armour', 'SAML_ENCODING', (text) => `-----BEGIN SAML-----\n${text}\n-----END SAML-----`),
  field('percent-encoded once too often', 'SAML_ENCODING', (text) => encodeURIComponent(`${text}+`)),
  field('empty', 'SAML_ENCODING', () => ''),
  field('white space alone', 'SAML_ENCODING', () => ' \r\n'),
  field('padding alone', 'SAML_ENCODING', () => '=='),
  field('the XML itself', 'SAML_ENCODING', (_, xml) => xml),
  field('base64 twice', 'XML_MALFORMED', (text) => base64(text)),
  field('deflated, as in the Redirect binding', 'XML_ENCODING', (_, xml) => compressed(deflateRawSync(xml))),
  field('deflated with a zlib header', 'XML_ENCODING', (_, xml) => compressed(deflateSync(xml))),
  field('a zip bomb', 'XML_ENCODING', () => compressed(gzipSync(Buffer.alloc(10_000_000)))),
]);
