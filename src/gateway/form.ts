import { GatewayError } from '../shared/index.js';

/** The parameters of the SAML bindings; nothing else of a form is read. */
export type SamlParameter = 'SAMLResponse' | 'SAMLRequest' | 'RelayState';

/** saml-bindings §3.4.3 allows 80 bytes; real senders put whole addresses there. */
const RELAY_STATE_BYTES = 8192;

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
   * @throws HTTP_PARAMETER where it is there twice or is not UTF-8
   */
  single(parameter: SamlParameter): string | null {
    const values = this.#rawValues(parameter);
    const [raw] = values;
    if (raw === undefined) return null;
    if (values.length > 1) throw new GatewayError('HTTP_PARAMETER', `${parameter} is there ${values.length} times.`);
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
    const value = this.single('RelayState');
    if (value !== null && Buffer.byteLength(value) > RELAY_STATE_BYTES) {
      throw new GatewayError('HTTP_PARAMETER', `RelayState is longer than ${RELAY_STATE_BYTES} bytes.`);
    }
    return value;
  }

  #rawValues(parameter: string): string[] {
    const values: string[] = [];
    for (const pair of this.#encoded.split('&')) {
      const equals = pair.indexOf('=');
      const name = equals === -1 ? pair : pair.slice(0, equals);
      if (name === parameter || (/[%+]/.test(name) && decoded(name) === parameter)) {
        values.push(equals === -1 ? '' : pair.slice(equals + 1));
      }
    }
    return values;
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
