import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { GatewayError } from '../shared/index.js';
import { identifiersOf, signOctets, type SigningKey } from '../xml/index.js';
import { decodePostMessage, tooLarge } from './bindings.js';
import type { DetachedSignature } from './detached-signature.js';

/** A message of the HTTP-Redirect binding (saml-bindings §3.4). */
export interface RedirectMessage {
  readonly bytes: Uint8Array;
  readonly relayState: string | null;
  /** Over the octets of the query string as they came; `null` where the message is not signed. */
  readonly signature: DetachedSignature | null;
}

export type MessageParameter = 'SAMLRequest' | 'SAMLResponse';

const DEFLATE = 'urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE';

const PARAMETERS: readonly string[] = [
  'SAMLRequest',
  'SAMLResponse',
  'RelayState',
  'SAMLEncoding',
  'SigAlg',
  'Signature',
];

/** The raw values of the binding's parameters, still percent-encoded, each once. */
function rawParameters(query: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    if (PARAMETERS.includes(name)) {
      if (values.has(name)) throw new GatewayError('SAML_ENCODING', `The parameter ${name} stands more than once.`);
      values.set(name, equals === -1 ? '' : pair.slice(equals + 1));
    } else if (PARAMETERS.includes(withEscapesResolved(name))) {
      // The signature covers parameters by these very names, so whoever reads it under another would read it unsigned.
      throw new GatewayError('SAML_ENCODING', 'The name of a parameter is percent-encoded.');
    }
  }
  return values;
}

/** Byte by byte, which is enough for names in ASCII, and never fails. */
function withEscapesResolved(name: string): string {
  return name.replace(/%([0-9A-Fa-f]{2})/g, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function decodeParameter(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    throw new GatewayError('SAML_ENCODING', 'A parameter is not percent-encoded UTF-8.');
  }
}

function inflate(deflated: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return inflateRawSync(deflated, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(maxBytes);
    throw new GatewayError('SAML_ENCODING', 'The message is not deflated as the Redirect binding wants it.');
  }
}

/**
 * Reads a message out of a query string. The signature is not verified here; what it covers is exactly what came
 * (saml-bindings §3.4.4.1), never a fresh encoding of it.
 *
 * @param rawQuery the query string without `?`, as the browser sent it
 * @param maxBytes the largest message that is taken, inflated
 * @throws GatewayError SAML_ENCODING or SAML_TOO_LARGE
 */
export function decodeRedirectMessage(
  rawQuery: string,
  parameter: MessageParameter,
  maxBytes: number,
): RedirectMessage {
  const raw = rawParameters(rawQuery);
  const message = raw.get(parameter);
  if (message === undefined) throw new GatewayError('SAML_ENCODING', `There is no ${parameter}.`);
  const encoding = raw.get('SAMLEncoding');
  if (encoding !== undefined && decodeParameter(encoding) !== DEFLATE) {
    throw new GatewayError('SAML_ENCODING', 'The message has an encoding that we do not know.');
  }
  const relayState = raw.get('RelayState');
  return {
    bytes: inflate(decodePostMessage(decodeParameter(message), maxBytes), maxBytes),
    relayState: relayState === undefined ? null : decodeParameter(relayState),
    signature: signatureOf(raw, parameter, message),
  };
}

function signatureOf(
  raw: ReadonlyMap<string, string>,
  parameter: MessageParameter,
  message: string,
): DetachedSignature | null {
  const [signature, algorithm, relayState] = [raw.get('Signature'), raw.get('SigAlg'), raw.get('RelayState')];
  if (signature === undefined && algorithm === undefined) return null;
  if (signature === undefined || algorithm === undefined) {
    throw new GatewayError('SAML_ENCODING', 'Signature and SigAlg stand only together.');
  }
  const signed = [`${parameter}=${message}`];
  if (relayState !== undefined) signed.push(`RelayState=${relayState}`);
  signed.push(`SigAlg=${algorithm}`);
  return {
    octets: Buffer.from(signed.join('&'), 'utf8'),
    signature: Buffer.from(decodePostMessage(decodeParameter(signature), MOST_SIGNATURE_BYTES)),
    algorithm: decodeParameter(algorithm),
  };
}

/** RSA of 16384 bits. */
const MOST_SIGNATURE_BYTES = 2048;

export interface OutgoingRedirect {
  readonly parameter: MessageParameter;
  readonly xml: string;
  readonly relayState: string | null;
  /** `null` sends it unsigned. */
  readonly key: SigningKey | null;
}

/** The URL to send the browser to. */
export async function encodeRedirect(endpoint: string, message: OutgoingRedirect): Promise<string> {
  const { parameter, xml, relayState, key } = message;
  const encoded = deflateRawSync(Buffer.from(xml, 'utf8')).toString('base64');
  const parts = [`${parameter}=${encodeURIComponent(encoded)}`];
  if (relayState !== null) parts.push(`RelayState=${encodeURIComponent(relayState)}`);
  if (key !== null) {
    parts.push(`SigAlg=${encodeURIComponent(identifiersOf(key.algorithm).signature)}`);
    const signature = await signOctets(Buffer.from(parts.join('&'), 'utf8'), key);
    parts.push(`Signature=${encodeURIComponent(signature.toString('base64'))}`);
  }
  return `${endpoint}${endpoint.includes('?') ? '&' : '?'}${parts.join('&')}`;
}
