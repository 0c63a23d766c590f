import { familyOf, type Attack, type GoodResponse, type Row } from './attack.js';
import { EVIL_NAME_ID } from './evil-parts.js';
import { setContent } from './markup.js';

const encoded = (xml: string) => encodeURIComponent(Buffer.from(xml).toString('base64'));

/** What an attacker would like one of two readers to see. */
function forged({ xml }: GoodResponse): string {
  return setContent(xml, 'Assertion/Subject/NameID', EVIL_NAME_ID);
}

function form(name: string, outcome: Attack['outcome'], write: (good: string, evil: string) => string): Row {
  return [name, outcome, (good) => ({ form: write(encoded(good.xml), encoded(forged(good))) })];
}

/** The posted form as a whole (saml-bindings §3.5.4): two readers of it must not see two messages. */
export const forms: readonly Attack[] = familyOf('form', [
  form('the response once, with RelayState', 'same', (good) => `RelayState=a&SAMLResponse=${good}`),
  form('fields that nobody knows', 'same', (good) => `SAMLResponses=x&SAMLResponse=${good}&SAMLResponse%5B%5D=x`),
  form('the response twice', 'HTTP_PARAMETER', (good) => `SAMLResponse=${good}&SAMLResponse=${good}`),
  form('an evil response first', 'HTTP_PARAMETER', (good, evil) => `SAMLResponse=${evil}&SAMLResponse=${good}`),
  form('an evil response last', 'HTTP_PARAMETER', (good, evil) => `SAMLResponse=${good}&SAMLResponse=${evil}`),
  form(
    'an evil response under an encoded name',
    'HTTP_PARAMETER',
    (good, evil) => `SAMLResponse=${good}&%53AML%52esponse=${evil}`,
  ),
  form('an empty response first', 'HTTP_PARAMETER', (good) => `SAMLResponse=&SAMLResponse=${good}`),
  form('a response without a value last', 'HTTP_PARAMETER', (good) => `SAMLResponse=${good}&SAMLResponse`),
  form('RelayState twice', 'HTTP_PARAMETER', (good) => `RelayState=a&SAMLResponse=${good}&RelayState=b`),
  form('RelayState twice, alike', 'HTTP_PARAMETER', (good) => `RelayState=a&RelayState=a&SAMLResponse=${good}`),
  form('RelayState twice, one empty', 'HTTP_PARAMETER', (good) => `RelayState=&SAMLResponse=${good}&RelayState=a`),
  form('RelayState too long', 'HTTP_PARAMETER', (good) => `SAMLResponse=${good}&RelayState=${'a'.repeat(8193)}`),
  form('RelayState in another encoding', 'HTTP_PARAMETER', (good) => `SAMLResponse=${good}&RelayState=%ff`),
  form('fields parted by semicolons', 'SAML_ENCODING', (good) => `SAMLResponse=${good};RelayState=a`),
  form('a name in small letters', 'SAML_ENCODING', (good) => `samlresponse=${good}`),
  form('a name as of an array', 'SAML_ENCODING', (good) => `SAMLResponse%5B0%5D=${good}`),
  form('a request in its place', 'SAML_ENCODING', (good) => `SAMLRequest=${good}`),
  form('nothing', 'SAML_ENCODING', () => ''),
]);
