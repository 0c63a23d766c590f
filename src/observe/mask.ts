/** What stands in place of a secret. The same word as a configured secret prints. */
export const MASK = '[secret]';

// Every repetition that could run over a whole text is bounded or stands last, so that the time stays linear.
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, MASK],
  // RFC 6750 §2.1: the characters of a bearer token.
  [/\b(Bearer|Basic) {1,8}[A-Za-z0-9\-._~+/]{4,}=*/gi, `$1 ${MASK}`],
  // RFC 3986 §3.2.1: user information in an address, as in redis://user:password@host.
  [/([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#@"']{1,512}@/gi, `$1${MASK}@`],
  // The form parameters of the bindings, in a URL or a form body.
  [/\b(SAMLResponse|SAMLRequest|RelayState)=[^&\s"\\]+/g, `$1=${MASK}`],
  // A response or an assertion as it stands, with whatever follows it.
  [/<(?:[\w-]{1,64}:)?(?:Response|Assertion|EncryptedAssertion)\b[\s\S]*/g, MASK],
  // The same in base64, or a key.
  [/[A-Za-z0-9+/]{400,}={0,2}/g, MASK],
];

// One pass that says for nearly every text that there is nothing to do.
const SUSPECT =
  /PRIVATE KEY|Bearer |Basic |:\/\/[^\s/?#@"']{1,512}@|SAMLRe|RelayState=|<(?:[\w-]{1,64}:)?(?:Resp|Assert|Encr)|[A-Za-z0-9+/]{400}/i;

/** What each pattern but the last needs, and the last is long. Most texts are ids and digests, and have none of it. */
const NEEDED = /[ <=@]/;

/** Takes what is a secret by its look out of a text: private keys, bearer tokens, passwords in addresses, SAML documents. */
export function maskSecretText(text: string): string {
  if (text.length < 400 && !NEEDED.test(text)) return text;
  if (!SUSPECT.test(text)) return text;
  return PATTERNS.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** Names whose values are secret whatever they look like, at any depth and in any case. */
const SECRET_NAMES = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'SAMLResponse',
  'SAMLRequest',
  'RelayState',
  'assertion',
  'password',
  'passphrase',
  'secret',
  'token',
  'accountKey',
  'domainKey',
  'dataKey',
  'privateKey',
  'body',
];
const SECRET_NAME = new RegExp(`^(?:${SECRET_NAMES.join('|')})$`, 'i');
const SECRET_MEMBER = new RegExp(`"(?:${SECRET_NAMES.join('|')})":`, 'i');

/** The same for a finished line of JSON, and what bears the name of a secret. The line stays JSON. */
export function maskJsonLine(line: string): string {
  const named = SECRET_MEMBER.test(line) ? `${JSON.stringify(JSON.parse(line, maskMember))}\n` : line;
  if (!SUSPECT.test(named)) return named;
  return named.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => `"${maskSecretText(quoted.slice(1, -1))}"`);
}

function maskMember(name: string, value: unknown): unknown {
  return SECRET_NAME.test(name) && value !== null ? MASK : value;
}
