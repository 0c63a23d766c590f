import { GatewayError } from '../shared/index.js';

const WHITE_SPACE = /[\t\n\r ]+/g;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** saml-bindings §3.5.4 (HTTP-POST): base64, in which line breaks and spaces do not count; 256 KiB by default. */
export const defaultMessageLimit = 256 * 1024;

/**
 * The bytes of a SAMLResponse or SAMLRequest form field of the HTTP-POST binding.
 *
 * @param maxBytes the largest message that is taken, in bytes after decoding
 * @throws GatewayError SAML_ENCODING where it is not base64; SAML_TOO_LARGE
 */
export function decodePostMessage(field: string, maxBytes: number): Uint8Array {
  const text = field.replace(WHITE_SPACE, '');
  if (Math.floor((text.length * 3) / 4) > maxBytes + 2) throw tooLarge(maxBytes);
  const bytes = Buffer.from(text, 'base64');
  // One text for one message: no other alphabet, no missing padding, no bits that decoding would throw away.
  if (text === '' || bytes.toString('base64') !== text) {
    const padding = BASE64.test(text);
    throw new GatewayError('SAML_ENCODING', `The message is ${padding ? 'base64 with wrong padding' : 'not base64'}.`);
  }
  if (bytes.length > maxBytes) throw tooLarge(maxBytes);
  return bytes;
}

export function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('SAML_TOO_LARGE', undefined, { evidence: { expected: `at most ${maxBytes} bytes` } });
}

/**
 * What a person may hand to `inspect`: the document itself, its base64, or the body of the form that carried it.
 *
 * @throws GatewayError SAML_ENCODING or SAML_TOO_LARGE
 */
export function readResponseInput(input: string, maxBytes: number = defaultMessageLimit): Uint8Array {
  const text = input.replace(/^\uFEFF/, '').trim();
  if (text.startsWith('<')) {
    const bytes = Buffer.from(text, 'utf8');
    if (bytes.length > maxBytes) throw tooLarge(maxBytes);
    return bytes;
  }
  if (!/(?:^|&)SAMLResponse=/.test(text)) return decodePostMessage(text, maxBytes);
  const [field, another] = new URLSearchParams(text).getAll('SAMLResponse');
  if (field === undefined || another !== undefined) {
    throw new GatewayError('SAML_ENCODING', 'The form body has more than one SAMLResponse.');
  }
  return decodePostMessage(field, maxBytes);
}
