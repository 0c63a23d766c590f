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

/** The one raw value of a parameter, still percent-encoded. */
function rawParameter(query: string, name: string): string | null {
  const values = query
    .split('&')
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  if (values.length > 1) throw new GatewayError('SAML_ENCODING', `The parameter ${name} stands more than once.`);
  return values[0] ?? null;
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
  const message = rawParameter(rawQuery, parameter);
  if (message === null) throw new GatewayError('SAML_ENCODING', `There is no ${parameter}.`);
  const encoding = rawParameter(rawQuery, 'SAMLEncoding');
  if (encoding !== null && decodeParameter(encoding) !== DEFLATE) {
    throw new GatewayError('SAML_ENCODING', 'The message has an encoding that we do not know.');
  }
  const relayState = rawParameter(rawQuery, 'RelayState');
  return {
    bytes: inflate(decodePostMessage(decodeParameter(message), maxBytes), maxBytes),
    relayState: relayState === null ? null : decodeParameter(relayState),
    signature: signatureOf(rawQuery, parameter, message, relayState),
  };
}

function signatureOf(
  query: string,
  parameter: MessageParameter,
  message: string,
  relayState: string | null,
): DetachedSignature | null {
  const signature = rawParameter(query, 'Signature');
  const algorithm = rawParameter(query, 'SigAlg');
  if (signature === null && algorithm === null) return null;
  if (signature === null || algorithm === null) {
    throw new GatewayError('SAML_ENCODING', 'Signature and SigAlg stand only together.');
  }
  const signed = [`${parameter}=${message}`];
  if (relayState !== null) signed.push(`RelayState=${relayState}`);
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
