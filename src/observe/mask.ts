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

const SUSPECT = /PRIVATE KEY|Bearer|Basic |:\/\/|SAMLRe|RelayState=|<|[A-Za-z0-9+/]{400}/i;

/** Takes what is a secret by its look out of a text: private keys, bearer tokens, passwords in addresses, SAML documents. */
export function maskSecretText(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return PATTERNS.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** The same for a finished line of JSON: string by string, so that the line stays JSON. */
export function maskJsonLine(line: string): string {
  if (!SUSPECT.test(line)) return line;
  return line.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => `"${maskSecretText(quoted.slice(1, -1))}"`);
}
