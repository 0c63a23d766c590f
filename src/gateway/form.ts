import { GatewayError } from '../shared/index.js';

/** The parameters of the SAML bindings; nothing else of a form is read. */
export type SamlParameter = 'SAMLResponse' | 'SAMLRequest' | 'RelayState';

/** saml-bindings §3.4.3 allows 80 bytes; real senders put whole addresses there. */
const RELAY_STATE_BYTES = 8192;

/** The bindings have five at most. Each costs work, and a body of the allowed size could hold half a million. */
const MOST_PARAMETERS = 32;

/**
 * An application/x-www-form-urlencoded text, read as the bindings need it: each parameter once. A parser that keeps
 * the first or the last of two would let one side of the login see another message than the other.
 */
export class Form {
  readonly #encoded: string;

  constructor(encoded: string) {
    this.#encoded = encoded;
  }

  /**
   * The parameter's value; null where it is absent.
   * @throws HTTP_PARAMETER where it is there twice or is not UTF-8, or where the form has more than 32 parameters
   */
  single(parameter: SamlParameter): string | null {
    const raw = this.#rawValue(parameter);
    if (raw === null) return null;
    const value = decoded(raw);
    if (value === null) throw new GatewayError('HTTP_PARAMETER', `${parameter} is not percent-encoded UTF-8.`);
    return value;
  }

  /**
   * A message parameter, which must be there.
   * @throws SAML_ENCODING where it is not, HTTP_PARAMETER where it is there twice
   */
  message(parameter: 'SAMLResponse' | 'SAMLRequest'): string {
    const value = this.single(parameter);
    if (value === null || value === '') throw new GatewayError('SAML_ENCODING', `There is no ${parameter}.`);
    return value;
  }

  /** @throws HTTP_PARAMETER where it is there twice, is not UTF-8, or is longer than 8 KiB */
  relayState(): string | null {
    return boundedRelayState(this.single('RelayState'));
  }

  #rawValue(parameter: string): string | null {
    const text = this.#encoded;
    let value: string | null = null;
    let count = 0;
    for (let from = 0, end = 0; from <= text.length; from = end + 1) {
      if (++count > MOST_PARAMETERS) {
        throw new GatewayError('HTTP_PARAMETER', `More than ${MOST_PARAMETERS} parameters.`);
      }
      const next = text.indexOf('&', from);
      end = next === -1 ? text.length : next;
      const equals = text.indexOf('=', from);
      const nameEnd = equals === -1 || equals > end ? end : equals;
      if (!isNamed(text, from, nameEnd, parameter)) continue;
      if (value !== null) throw new GatewayError('HTTP_PARAMETER', `${parameter} is there more than once.`);
      value = text.slice(nameEnd + 1, Math.max(nameEnd + 1, end));
    }
    return value;
  }
}

/** The RelayState itself. @throws HTTP_PARAMETER where it is longer than 8 KiB */
export function boundedRelayState(value: string | null): string | null {
  if (value !== null && Buffer.byteLength(value) > RELAY_STATE_BYTES) {
    throw new GatewayError('HTTP_PARAMETER', `RelayState is longer than ${RELAY_STATE_BYTES} bytes.`);
  }
  return value;
}

/**
 * Nobody encodes the letters of these names but to have one reader see a parameter that another, such as the one that
 * verifies the signature over the query string, does not see.
 */
function isNamed(text: string, from: number, end: number, parameter: string): boolean {
  const length = end - from;
  if (length === parameter.length && text.startsWith(parameter, from)) return true;
  // An encoded character takes three.
  if (length <= parameter.length || length > 3 * parameter.length) return false;
  if (decoded(text.slice(from, end)) !== parameter) return false;
  throw new GatewayError('HTTP_PARAMETER', `The name of ${parameter} is percent-encoded.`);
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
