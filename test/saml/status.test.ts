import t from 'tap';
import { GatewayError } from '../../src/shared/index.js';
import { receive, type Edit } from './attempt.js';

/** Of a Response with this Status, unsigned and without an assertion, as IdPs send it when a login fails. */
async function told(status: string): Promise<GatewayError> {
  const edit: Edit = (xml) =>
    xml
      .replace(/<saml2p:Status>.*<\/saml2p:Status>/, `<saml2p:Status>${status}</saml2p:Status>`)
      .replace(/<saml2:Assertion .*<\/saml2:Assertion>/, '');
  const error: unknown = await receive({ edit, signed: 'none' }).catch((thrown: unknown) => thrown);
  if (error instanceof GatewayError) return error;
  throw new Error('It was not refused.');
}

const PREFIX = 'urn:oasis:names:tc:SAML:2.0:status:';
const code = (value: string, inner = '') => `<saml2p:StatusCode Value="${value}">${inner}</saml2p:StatusCode>`;
const GENERAL = 'The identity provider refused the login.';

// saml-core §3.2.2.2
const CODES = [
  'AuthnFailed',
  'InvalidAttrNameOrValue',
  'InvalidNameIDPolicy',
  'NoAuthnContext',
  'NoAvailableIDP',
  'NoPassive',
  'NoSupportedIDP',
  'PartialLogout',
  'ProxyCountExceeded',
  'RequestDenied',
  'RequestUnsupported',
  'UnknownPrincipal',
  'UnsupportedBinding',
];

t.test('each code has a sentence of its own, and the inner one says more than the outer', async (t) => {
  const outer = await Promise.all(
    ['Requester', 'Responder', 'VersionMismatch'].map((each) => told(code(PREFIX + each))),
  );
  const inner = await Promise.all(CODES.map((each) => told(code(`${PREFIX}Responder`, code(PREFIX + each)))));
  const sentences = [...outer, ...inner].map(({ message }) => message);
  for (const sentence of sentences) t.match(sentence, /^The (identity provider|user) .+\.$/);
  t.equal(new Set([...sentences, GENERAL]).size, CODES.length + 4);
});

t.test('of a code that nobody knows, the known one around it is told, or else only that it failed', async (t) => {
  const responder = (await told(code(`${PREFIX}Responder`))).message;
  const unknown = await told(code(`${PREFIX}Responder`, code('urn:vendor:Locked', code(`${PREFIX}Unheard`))));
  t.equal(unknown.message, responder);
  t.equal(unknown.evidence.seen, 'Responder, urn:vendor:Locked, Unheard');
  t.equal((await told(code('urn:vendor:Locked'))).message, GENERAL);
  t.equal((await told(code('toString'))).message, GENERAL, 'and no word of the language is one');
  t.equal((await told(code(`urn:x ${PREFIX}Responder`))).message, GENERAL, 'the prefix begins the code');
  t.equal((await told(code(`urn:x ${PREFIX}Responder`))).evidence.seen, `urn:x ${PREFIX}Responder`);
  const valueless = await told('<saml2p:StatusCode/>');
  t.equal(valueless.message, GENERAL);
  t.equal(valueless.evidence.seen, '(empty)');
});

t.test('a success that stands inside a failure is none', async (t) => {
  t.equal((await told(code(`${PREFIX}Responder`, code(`${PREFIX}Success`)))).code, 'SAML_STATUS');
});

t.test(
  'the IdP’s own words come on one line, without what is not seen, and no longer than a log line may be',
  async (t) => {
    const words = async (text: string) =>
      (await told(`${code('urn:x')}<saml2p:StatusMessage>${text}</saml2p:StatusMessage>`)).quote;
    t.equal(await words('  locked\r\n\t out \u202e\u200b now\u2028'), 'locked out now');
    t.equal(await words('\n \u200b'), null, 'nothing to be seen is nothing');
    t.equal(await words('locked <b xmlns="urn:x"/>out'), null, 'and neither are words in pieces');
    t.equal(await words('x'.repeat(500)), 'x'.repeat(500));
    t.equal(await words('x'.repeat(501)), `${'x'.repeat(500)}…`);
    t.equal((await told(code('urn:x'))).withQuote, GENERAL);
  },
);
